/** A run that waits at a busy worker, so that it need not wait for the way to the gateway and back. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import type { VersionRoute } from '../core/index.ts';
import type { FakeWorker } from '../testing/fake-worker.ts';
import { GatewayFixture, serviceRoute, versionRoute } from '../testing/gateway-fixture.ts';
import { until } from '../testing/until.ts';

let gateway: GatewayFixture;
let serial = 0;
before(async () => {
  gateway = await GatewayFixture.start({ grpc: null });
});
afterEach(() => gateway.setServices());
after(() => gateway.close());

const TIMEOUTS = { requestTimeoutMs: 10_000, runTimeoutMs: 10_000, loadTimeoutMs: 10_000, drainTimeoutMs: 10_000 };
const one = { maxBatch: null, maxDelayMs: 0, queueLengthMax: 1000, batchable: false, batchMax: 1 } as const;

async function serve(workers: readonly FakeWorker[], changes: Partial<VersionRoute> = {}): Promise<void> {
  await gateway.setServices(serviceRoute('m', [versionRoute('v1', workers.map((each) => each.route), { timeouts: TIMEOUTS, batching: one, ...changes })]));
  await until('connected', () => workers.every((each) => each.connections === 1));
}
/** A worker whose runs are known to be short. */
async function quickWorker(changes: Partial<VersionRoute> = {}): Promise<FakeWorker> {
  const worker = await gateway.worker(`p${++serial}`, 2);
  await serve([worker], changes);
  assert.equal((await gateway.infer('m')).status, 200);
  worker.runs.length = 0;
  return worker;
}

describe('two runs in flight', () => {
  test('a busy worker is sent one more run, and the rest waits where it can still be reordered', async () => {
    const worker = await quickWorker();
    worker.behaviour = { kind: 'answer', delayMs: 400 };
    const order: string[] = [];
    const send = async (name: string, priority?: number): Promise<void> => {
      const { status } = await gateway.infer('m', priority === undefined ? {} : { parameters: { priority } });
      assert.equal(status, 200);
      order.push(name);
    };
    const sent = [send('first')];
    await until('running', () => worker.runs.length === 1);
    sent.push(send('second'));
    await until('waiting at the worker', () => worker.runs.length === 2);
    sent.push(send('third'));
    await until('queued', async () => (await gateway.queueLength()) === 1);
    sent.push(send('urgent', 1));
    await Promise.all(sent);
    assert.deepEqual(order, ['first', 'second', 'urgent', 'third']);
  });

  test('a batch that may still grow waits in the queue', async () => {
    const worker = await quickWorker({ batching: { ...one, maxBatch: 4, batchable: true, batchMax: 4 } });
    worker.behaviour = { kind: 'answer', delayMs: 400 };
    const sent = [gateway.infer('m')];
    await until('running', () => worker.runs.length === 1);
    for (let index = 0; index < 3; index++) sent.push(gateway.infer('m'));
    await until('queued', async () => (await gateway.queueLength()) === 3);
    assert.deepEqual(worker.runs, [1]);
    sent.push(gateway.infer('m'));
    await until('sent, since it is full', () => worker.runs.length === 2);
    assert.deepEqual(worker.runs, [1, 4]);
    for (const { status } of await Promise.all(sent)) assert.equal(status, 200);
  });

  test('what a dying worker had running and waiting is answered by the next, one at a time', async () => {
    const worker = await quickWorker();
    worker.behaviour = { kind: 'hang' };
    const sent = [gateway.infer('m')];
    await until('running', () => worker.runs.length === 1);
    sent.push(gateway.infer('m'));
    await until('waiting', () => worker.runs.length === 2);
    const next = await gateway.worker(`p${++serial}`, 3);
    next.behaviour = { kind: 'answer', delayMs: 300 };
    await worker.kill();
    await serve([next]);
    await until('the first again', () => next.runs.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 150));
    assert.equal(next.runs.length, 1, 'a request that has outlived a worker shares one with nobody');
    for (const { status, body } of await Promise.all(sent)) assert.deepEqual([status, body.outputs[0].data[0]], [200, 3]);
  });

  test('what waits behind a run that hangs goes elsewhere with it', async () => {
    const hung = await quickWorker({ timeouts: { ...TIMEOUTS, runTimeoutMs: 300 } });
    hung.behaviour = { kind: 'hang' };
    const sent = [gateway.infer('m')];
    await until('running', () => hung.runs.length === 1);
    sent.push(gateway.infer('m'));
    await until('waiting', () => hung.runs.length === 2);
    const next = await gateway.worker(`p${++serial}`, 3);
    await serve([hung, next], { timeouts: { ...TIMEOUTS, runTimeoutMs: 300 } });
    for (const { status, body } of await Promise.all(sent)) assert.deepEqual([status, body.outputs[0].data[0]], [200, 3]);
  });

  test('of two busy workers the one that has been busy longest takes what waits', async () => {
    const workers = [await gateway.worker(`p${++serial}`, 2), await gateway.worker(`p${++serial}`, 2)];
    await serve(workers);
    for (let index = 0; index < 2; index++) await gateway.infer('m');
    for (const worker of workers) Object.assign(worker, { behaviour: { kind: 'answer', delayMs: 500 } }).runs.length = 0;
    const sent = [gateway.infer('m')];
    await until('one is busy', () => workers.some(({ runs }) => runs.length === 1));
    const first = workers.find(({ runs }) => runs.length === 1) as FakeWorker;
    sent.push(gateway.infer('m'));
    await until('both are', () => workers.every(({ runs }) => runs.length === 1));
    sent.push(gateway.infer('m'));
    await until('the third is sent', () => first.runs.length === 2);
    for (const { status } of await Promise.all(sent)) assert.equal(status, 200);
  });
});
