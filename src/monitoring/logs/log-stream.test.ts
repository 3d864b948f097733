import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { LogStream } from './index.ts';

describe('log stream', () => {
  it('drops and counts what does not fit on a full disk', () => {
    const descriptor = openSync('/dev/full', 'a');
    try {
      const stream = new LogStream(descriptor);
      for (let line = 0; line < 3; line++) stream.write(`line ${line}\n`);
      assert.equal(stream.dropped, 3);
    } finally {
      closeSync(descriptor);
    }
  });

  it('says how many lines are missing, on a line of its own, when there is room again', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'lepton-log-'));
    try {
      const file = join(directory, 'x.log');
      // The shell's limit on a file's size cuts a line in two and refuses the next; a soft one that is then lifted.
      const script = `
        import { openSync, truncateSync } from 'node:fs';
        import { LogStream } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))};
        process.on('SIGXFSZ', () => {});
        const stream = new LogStream(openSync(${JSON.stringify(file)}, 'a'));
        for (const name of ['first', 'second', 'third']) stream.write(name.repeat(100) + '\\n');
        truncateSync(${JSON.stringify(file)}, 600);
        stream.write('fourth\\n');`;
      const { status, stderr } = spawnSync('bash', ['-c', 'ulimit -f 1; exec "$0" --input-type=module-typescript -e "$1"', process.execPath, script], { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
      const lines = (await readFile(file, 'utf8')).split('\n');
      assert.equal(lines.length, 5);
      assert.equal(lines[0], 'first'.repeat(100));
      assert.match(lines[1] as string, /^(second)+s?/);
      assert.equal(JSON.parse(lines[2] as string).dropped, 2);
      assert.deepEqual(lines.slice(3), ['fourth', '']);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
