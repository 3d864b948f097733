import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { scaleModel } from '../../src/testing/onnx-models.ts';
import { Load, type LoadReport, scaleRequest, signalIfAlive, TestPlatform, until } from './harness.ts';

describe('kill -9 under load', () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await TestPlatform.start();
    for (const factor of [1, 2]) await platform.publish('scale', `v${factor}`, scaleModel(factor));
    await platform.api('PUT', '/services/scale?wait=60', {
      deployments: [{ version: 'scale:v1', replicas: 2 }, { version: 'scale:v2' }],
      traffic: { weights: { v1: 50, v2: 50 } },
    });
  });
  after(() => platform.dispose());

  async function underLoad(event: (load: Load) => Promise<void>): Promise<LoadReport> {
    const load = new Load({ clients: 6, url: `${platform.url}/v2/models/scale/infer`, body: () => scaleRequest() });
    try {
      await until('the load runs', () => load.requests > 300);
      await event(load);
    } finally {
      await load.stop();
    }
    return load.stop();
  }

  const goesOn = async (load: Load, requests = 300): Promise<void> => {
    const seen = load.requests;
    await until('the load goes on', () => load.requests > seen + requests);
  };
  const allReady = (): Promise<unknown> => until('three replicas are ready again', async () => (await platform.workerPids('scale')).length === 3);

  it('of one of two workers of a version fails no request, and it comes back', async () => {
    const [victim] = await platform.workerPids('scale', 'v1');
    const report = await underLoad(async (load) => {
      signalIfAlive(victim as number, 'SIGKILL');
      await goesOn(load);
      await until('another worker is in its place', async () => {
        const pids = await platform.workerPids('scale', 'v1');
        return pids.length === 2 && !pids.includes(victim as number);
      });
    });
    assert.deepEqual(report.failures.slice(0, 5), [], `${report.failures.length} of ${report.requests}`);
  });

  it('of the only worker of a version fails no request: they wait for the next', async () => {
    const [victim] = await platform.workerPids('scale', 'v2');
    const report = await underLoad(async (load) => {
      const before = load.answeredBy('v2');
      signalIfAlive(victim as number, 'SIGKILL');
      await until('v2 answers again', () => load.answeredBy('v2') > before + 50);
    });
    assert.deepEqual(report.failures.slice(0, 5), [], `${report.failures.length} of ${report.requests}`);
    await allReady();
  });

  it('of control fails no request, and the next control adopts gateway and workers', async () => {
    const [gateway, workers] = [await platform.gatewayPid(), await platform.workerPids('scale')];
    const report = await underLoad(async (load) => {
      await platform.killControl();
      await goesOn(load, 1_000);
      await platform.startControl();
      await allReady();
      await goesOn(load);
    });
    assert.deepEqual(report.failures.slice(0, 5), [], `${report.failures.length} of ${report.requests}`);
    assert.equal(await platform.gatewayPid(), gateway, 'the same gateway');
    assert.deepEqual((await platform.workerPids('scale')).sort(), workers.sort(), 'the same workers');
  });

  it('of a worker while control is dead leaves the other versions answering, and the next control mends it', async () => {
    const [victim] = await platform.workerPids('scale', 'v1');
    const report = await underLoad(async (load) => {
      await platform.killControl();
      signalIfAlive(victim as number, 'SIGKILL');
      await goesOn(load);
      await platform.startControl();
      await allReady();
    });
    assert.deepEqual(report.failures.slice(0, 5), [], `${report.failures.length} of ${report.requests}`);
  });

  it('of the gateway costs less than a second', async () => {
    const victim = await platform.gatewayPid();
    const report = await underLoad(async (load) => {
      signalIfAlive(victim, 'SIGKILL');
      await goesOn(load, 1_000);
    });
    assert.ok(report.failures.length > 0, 'the gateway was the one that answered');
    assert.ok(report.longestGapMs < 1_000, `no answer for ${Math.round(report.longestGapMs)} ms`);
    assert.notEqual(await platform.gatewayPid(), victim);
  });

  it('leaves a platform that stops cleanly', async () => {
    assert.equal(await platform.terminate(), 0, platform.output);
  });
});
