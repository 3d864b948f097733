import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { scaleModel, slowModel } from '../../src/testing/onnx-models.ts';
import { factorOf, LEPTON, scaleRequest, TestPlatform, until } from './harness.ts';

describe('stopping and starting', () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await TestPlatform.start();
    for (const factor of [1, 2, 3]) await platform.publish('scale', `v${factor}`, scaleModel(factor));
    await platform.api('PUT', '/services/scale?wait=60', { deployments: ['v1', 'v2', 'v3'].map((version) => ({ version: `scale:${version}` })), traffic: { version: 'v2' } });
    await platform.api('PUT', '/repositories/scale/labels/stable', { version: 'v2' });
  });
  after(() => platform.dispose());

  async function servesTheSame(): Promise<void> {
    for (const factor of [1, 2, 3]) {
      const answer = await until(`v${factor} answers`, async () => {
        const got = await platform.infer(`scale/versions/v${factor}/infer`, scaleRequest());
        return got.status === 200 && got;
      });
      assert.equal(factorOf(answer), factor);
    }
    assert.equal((await platform.infer('scale/infer', scaleRequest())).version, 'v2');
    assert.equal((await platform.infer('scale/versions/stable/infer', scaleRequest())).version, 'v2');
  }

  it('serves the same versions again after kill -9 of everything', async () => {
    await platform.killEverything();
    await platform.startControl();
    await servesTheSame();
    const { problems } = await platform.api<{ problems: unknown[] }>('POST', '/fsck', {});
    assert.deepEqual(problems, []);
  });

  it('refuses a second server on the same data directory, naming the first', async () => {
    const second = spawn(LEPTON, ['serve', '--data-dir', platform.dataDirectory, '--http', '127.0.0.1:0', '--grpc', 'off'], { env: platform.environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [second.stdout, second.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await once(second, 'close')) as [number | null];
    assert.notEqual(code, 0);
    assert.match(output, new RegExp(`\\b${platform.controlPid}\\b`), output);
    await servesTheSame();
  });

  it('answers what is in flight before it ends on SIGTERM, exits 0 and leaves nothing running', async () => {
    await platform.publish('slow', 'v1', slowModel(1_500));
    await platform.api('POST', '/services/slow/deployments?wait=90', { deployment: { version: 'slow:v1' } });
    const inFlight = platform.infer('slow/infer', { inputs: [{ name: 'x', datatype: 'FP32', shape: [1], data: [7] }] });
    // A tenth of the run: nothing tells from outside that a request is being run.
    await sleep(150);
    const code = await platform.terminate();
    assert.equal((await inFlight).status, 200);
    assert.equal(code, 0, platform.output);
  });

  it('serves the same after a clean stop too', async () => {
    await platform.startControl();
    await servesTheSame();
    assert.equal(await platform.terminate(), 0, platform.output);
  });
});
