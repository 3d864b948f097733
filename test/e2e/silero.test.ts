import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ROOT } from './harness.ts';

describe('the demo', () => {
  it('shows three real versions of a model side by side, and ends well', { timeout: 240_000 }, async () => {
    const demo = spawn(process.execPath, [join(ROOT, 'examples/silero-vad/demo.ts')], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [demo.stdout, demo.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await once(demo, 'close')) as [number | null];
    assert.equal(code, 0, output);
    for (const version of ['v4', 'v5', 'v6']) assert.match(output, new RegExp(`│ ${version}\\s+│ +\\d+ % │ +1/1 │`), output);
    assert.match(output, /requests meanwhile, 0 failed/);
    assert.match(output, /http:\/\/127\.0\.0\.1:\d+\/v2\/models\/silero-vad/);
  });
});
