import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { VersionRoute } from '../core/index.ts';
import { GatewayFixture, serviceRoute, versionRoute } from '../testing/gateway-fixture.ts';
import { until } from '../testing/until.ts';

describe('a version that is asleep', () => {
  let gateway: GatewayFixture;
  before(async () => {
    gateway = await GatewayFixture.start();
  });
  after(() => gateway.close());

  const ASLEEP = { phase: 'asleep', reason: 'ScaledToZero', message: 'no request for 300 s' } as const;
  const table = (...versions: VersionRoute[]) => gateway.setServices(serviceRoute('m', versions));
  const queued = (count: number) => until(`${count} requests wait`, async () => (await gateway.queueLength()) === count);

  it('is ready, takes requests into its queue, asks control once for all of them, and answers when it is loaded', async () => {
    await table(versionRoute('v1', [], ASLEEP));
    assert.equal((await fetch(`${gateway.url}/v2/models/m/ready`)).status, 200);
    assert.deepEqual(gateway.wakes, []);
    const answers = Array.from({ length: 20 }, () => gateway.infer('m'));
    await queued(20);
    assert.deepEqual(gateway.wakes, [{ service: 'm', version: 'v1' }]);
    assert.equal(gateway.demand?.versions[0]?.queueLength, 1, 'control knew the demand before it was asked');
    await table(versionRoute('v1', [], { phase: 'waking', reason: 'Waking' }));
    const worker = await gateway.worker('a', 7);
    await table(versionRoute('v1', [worker.route]));
    assert.deepEqual([...new Set((await Promise.all(answers)).map(({ status, body }) => `${status} ${body.outputs[0].data[0]}`))], ['200 7']);
  });

  it('asks again after the next sleep, and goes on counting', async () => {
    await table(versionRoute('v1', [], ASLEEP));
    const answer = gateway.infer('m');
    await until('control is asked', () => gateway.wakes.length === 2);
    const worker = await gateway.worker('b', 7);
    await table(versionRoute('v1', [worker.route]));
    assert.equal((await answer).status, 200);
    const { model_stats: [statistics] } = (await (await fetch(`${gateway.url}/v2/models/m/versions/v1/stats`)).json()) as { model_stats: { inference_stats: { success: { count: number } } }[] };
    assert.equal(statistics?.inference_stats.success.count, 21);
  });

  it('gives what waits the reason when it can’t be loaded', async () => {
    await table(versionRoute('v1', [], ASLEEP));
    const answers = [gateway.infer('m'), gateway.infer('m/versions/v1')];
    await queued(2);
    await table(versionRoute('v1', [], { phase: 'failed', reason: 'LoadFailed', message: 'bad bytes' }));
    for (const { status, body, headers } of await Promise.all(answers)) {
      assert.equal(status, 503);
      assert.ok(headers.get('retry-after'));
      assert.match(body.error, /version 'v1' is failed \(LoadFailed: bad bytes\)/);
    }
  });

  it('keeps the bounds of its queue and the deadlines of its requests', async () => {
    const tight = versionRoute('v1', [], { ...ASLEEP, batching: { maxBatch: null, maxDelayMs: 0, queueLengthMax: 2, batchable: true, batchMax: 8 } });
    await table(tight);
    const waiting = [gateway.infer('m', { parameters: { timeout: 300_000 } }), gateway.infer('m', { parameters: { timeout: 300_000 } })];
    await queued(2);
    assert.equal((await gateway.infer('m')).status, 429);
    for (const { status, body } of await Promise.all(waiting)) {
      assert.equal(status, 504);
      assert.match(body.error, /deadline of 300 ms passed while the request was waiting for version 'v1' to be loaded \(it is asleep; ScaledToZero/);
    }
  });

  it('says that control is away where that is why nobody loads it, and asks when it is back', async () => {
    await table(versionRoute('v1', [], ASLEEP));
    gateway.disconnect();
    const { status, body } = await gateway.infer('m', { parameters: { timeout: 300_000 } });
    assert.equal(status, 504);
    assert.match(body.error, /to be loaded \(it is asleep; control, which loads it, does not answer\)/);
    const answer = gateway.infer('m');
    await queued(1);
    const asked = gateway.wakes.length;
    await gateway.connect();
    await table(versionRoute('v1', [], ASLEEP));
    await until('control is asked', () => gateway.wakes.length === asked + 1);
    const worker = await gateway.worker('c', 7);
    await table(versionRoute('v1', [worker.route]));
    assert.equal((await answer).status, 200);
  });

  it('sends what waits elsewhere when it is undeployed, and tells those who named it', async () => {
    await table(versionRoute('v1', [], ASLEEP));
    const [unnamed, named] = [gateway.infer('m'), gateway.infer('m/versions/v1')];
    await queued(2);
    const worker = await gateway.worker('d', 9);
    await table(versionRoute('v2', [worker.route]));
    assert.equal((await unnamed).body.outputs[0].data[0], 9);
    assert.equal((await named).status, 404);
  });
});
