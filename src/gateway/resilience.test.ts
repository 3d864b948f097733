import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import type { VersionRoute } from '../core/index.ts';
import type { DemandMessage } from '../wire/index.ts';
import { GatewayFixture, serviceRoute, versionRoute } from '../testing/gateway-fixture.ts';
import { until } from '../testing/until.ts';

let gateway: GatewayFixture;
let serial = 0;
before(async () => {
  gateway = await GatewayFixture.start({ grpc: null });
});
afterEach(() => gateway.setServices());
after(() => gateway.close());

const worker = (factor = 2) => gateway.worker(`w${++serial}`, factor);
const timeouts = (changes: Partial<VersionRoute['timeouts']>): VersionRoute['timeouts'] => ({ requestTimeoutMs: 10_000, runTimeoutMs: 10_000, loadTimeoutMs: 10_000, drainTimeoutMs: 10_000, ...changes });
const batching = (changes: Partial<VersionRoute['batching']>): VersionRoute['batching'] => ({ maxBatch: null, maxDelayMs: 0, queueLengthMax: 1000, batchable: true, batchMax: 8, ...changes });
const demand = async (): Promise<DemandMessage> => {
  gateway.demand = null;
  await until('demand', () => gateway.demand !== null);
  return gateway.demand as unknown as DemandMessage;
};

describe('changes under load', () => {
  test('swapping versions again and again fails no version-less request', async () => {
    const workers = await Promise.all([2, 3, 4, 5].map((factor) => worker(factor)));
    for (const each of workers) each.behaviour = { kind: 'answer', delayMs: 2 };
    const put = (index: number) => gateway.setServices(serviceRoute('m', [versionRoute(`v${index}`, [workers[index % 4]!.route])]));
    await put(0);
    let stop = false;
    const statuses = new Map<number, number>();
    const versions = new Set<string>();
    const load = async (): Promise<void> => {
      while (!stop) {
        const { status, headers } = await gateway.infer('m');
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        versions.add(headers.get('lepton-version') ?? '');
      }
    };
    const loads = Array.from({ length: 16 }, load);
    for (let swap = 1; swap <= 12; swap++) {
      await put(swap);
      await until('answers of the new version', () => versions.has(`v${swap}`));
    }
    stop = true;
    await Promise.all(loads);
    assert.deepEqual([...statuses.keys()], [200]);
  });

  test('a replica that leaves finishes its run, then its connection closes and control hears of it', async () => {
    const [old, next] = [await worker(2), await worker(3)];
    old.behaviour = { kind: 'answer', delayMs: 1500 };
    await gateway.setServices(serviceRoute('m', [versionRoute('v1', [old.route])]));
    const open = gateway.infer('m');
    await until('running', () => old.runs.length === 1);
    await gateway.setServices(serviceRoute('m', [versionRoute('v1', [next.route])]));
    assert.equal((await demand()).inFlight[old.route.id], 1);
    assert.equal((await gateway.infer('m')).body.outputs[0].data[0], 3);
    assert.equal((await open).body.outputs[0].data[0], 2);
    await until('closed', () => old.connections === 0);
    await until('reported', () => gateway.demand !== null && !(old.route.id in gateway.demand.inFlight));
  });

  test('a version that leaves answers what waits for it by name; its replica counts as busy until then', async () => {
    const [old, next] = [await worker(2), await worker(3)];
    old.behaviour = { kind: 'answer', delayMs: 1200 };
    await gateway.setServices(serviceRoute('m', [versionRoute('v1', [old.route], { batching: batching({ batchable: false }) })]));
    await until('connected', () => old.connections === 1);
    const running = gateway.infer('m');
    await until('running', () => old.runs.length === 1);
    const [pinned, free] = [gateway.infer('m/versions/v1'), gateway.infer('m')];
    await until('both queued', async () => (await gateway.queueLength()) === 2);
    await gateway.setServices(serviceRoute('m', [versionRoute('v2', [next.route])]));
    assert.ok(((await demand()).inFlight[old.route.id] ?? 0) > 0);
    assert.equal((await free).body.model_version, 'v2');
    assert.equal((await gateway.infer('m/versions/v1')).body.code, 'VERSION_NOT_FOUND', 'new ones are refused');
    for (const answer of [await running, await pinned]) assert.deepEqual([answer.status, answer.body.model_version, answer.body.outputs?.[0].data[0]], [200, 'v1', 2]);
    await until('closed', () => old.connections === 0);
    await until('reported', () => gateway.demand !== null && !(old.route.id in gateway.demand.inFlight));
  });

  test('all replicas of a version that leaves answer what waits, also of a removed service', async () => {
    const workers = await Promise.all([worker(2), worker(2)]);
    for (const each of workers) each.behaviour = { kind: 'answer', delayMs: 100 };
    await gateway.setServices(serviceRoute('m', [versionRoute('v1', workers.map((each) => each.route), { batching: batching({ batchable: false }) })]));
    await until('connected', () => workers.every((each) => each.connections === 1));
    const answers = Array.from({ length: 8 }, () => gateway.infer('m'));
    await until('queued', async () => (await gateway.queueLength()) === 6);
    await gateway.setServices();
    assert.deepEqual(new Set((await Promise.all(answers)).map(({ status }) => status)), new Set([200]));
    assert.ok(workers.every((each) => each.runs.length > 1), workers.map((each) => each.runs.length).join(' '));
    await until('closed', () => workers.every((each) => each.connections === 0));
  });

  test('a request that waits for company stops waiting when its version leaves', async () => {
    const old = await worker(2);
    await gateway.setServices(serviceRoute('m', [versionRoute('v1', [old.route], { batching: batching({ maxDelayMs: 60_000 }) })]));
    await until('connected', () => old.connections === 1);
    const pinned = gateway.infer('m/versions/v1');
    await until('queued', async () => (await gateway.queueLength()) === 1);
    await gateway.setServices();
    assert.equal((await pinned).status, 200);
    await until('closed', () => old.connections === 0);
  });

  test('waiting for a version that left ends with the deadline, and its hung replica goes', async () => {
    const [hung, next] = [await worker(2), await worker(3)];
    hung.behaviour = { kind: 'hang' };
    await gateway.setServices(serviceRoute('m', [versionRoute('v1', [hung.route], { timeouts: timeouts({ runTimeoutMs: 200 }) })]));
    await until('connected', () => hung.connections === 1);
    const running = gateway.infer('m');
    await until('running', () => hung.runs.length === 1);
    const pinned = gateway.infer('m/versions/v1', { parameters: { timeout: 2_500_000 } });
    await until('queued', async () => (await gateway.queueLength()) === 1);
    await gateway.setServices(serviceRoute('m', [versionRoute('v2', [next.route])]));
    assert.equal((await running).body.model_version, 'v2', 'given up on, and named no version');
    assert.equal((await demand()).inFlight[hung.route.id], 1, 'the one that waits');
    assert.match((await pinned).body.error, /2500 ms passed while the request was waiting in the queue/);
    await until('closed', () => hung.connections === 0);
    await until('reported', () => gateway.demand !== null && !(hung.route.id in gateway.demand.inFlight));
  });

  test('when the last replica of a version that left dies, those who named it are told clearly', async () => {
    const [old, next] = [await worker(2), await worker(3)];
    old.behaviour = { kind: 'hang' };
    await gateway.setServices(serviceRoute('m', [versionRoute('v1', [old.route])]));
    await until('connected', () => old.connections === 1);
    const running = gateway.infer('m');
    await until('running', () => old.runs.length === 1);
    const pinned = gateway.infer('m/versions/v1');
    await until('queued', async () => (await gateway.queueLength()) === 1);
    await gateway.setServices(serviceRoute('m', [versionRoute('v2', [next.route])]));
    await old.kill();
    assert.equal((await running).body.model_version, 'v2');
    assert.deepEqual([(await pinned).status, (await pinned).body.code], [404, 'VERSION_NOT_FOUND']);
    await until('reported', () => gateway.demand !== null && !(old.route.id in gateway.demand.inFlight));
  });

  test('while a version recovers its requests wait; when it fails they are told why', async () => {
    const route = (phase: VersionRoute['phase'], replicas: VersionRoute['replicas'] = []) => gateway.setServices(serviceRoute('m', [versionRoute('v1', replicas, { phase, reason: 'Crashed', message: 'exit code 139' })]));
    await route('recovering');
    const waiting = gateway.infer('m');
    const back = await worker(2);
    await until('queued', async () => (await gateway.queueLength()) === 1);
    await route('ready', [back.route]);
    assert.equal((await waiting).status, 200);
    await route('recovering');
    const doomed = gateway.infer('m');
    await until('queued', async () => (await gateway.queueLength()) === 1);
    await route('failed');
    assert.match((await doomed).body.error, /failed \(Crashed: exit code 139\)/);
  });
});

describe('replicas that fail', () => {
  test('what a dying replica had is answered by another', async () => {
    const [dying, healthy] = [await worker(2), await worker(2)];
    dying.behaviour = { kind: 'die' };
    healthy.behaviour = { kind: 'answer', delayMs: 5 };
    await gateway.setServices(serviceRoute('m', [versionRoute('v1', [dying.route, healthy.route])]));
    await until('both connected', () => dying.connections + healthy.connections === 2);
    const answers = await Promise.all(Array.from({ length: 30 }, () => gateway.infer('m')));
    assert.ok(answers.every(({ status }) => status === 200));
    assert.equal(dying.runs.length, 1);
    await until('reported', () => gateway.troubles.some(({ replica, kind }) => replica === dying.route.id && kind === 'disconnected'));
    assert.match(await (await fetch(`${gateway.url}/metrics`)).text(), /lepton_retries_total\{service="m",version="v1"\} [1-9]/);
  });

  test('a request that kills two replicas fails, alone', async () => {
    const workers = [await worker(), await worker()];
    for (const each of workers) each.behaviour = { kind: 'die' };
    await gateway.setServices(serviceRoute('m', [versionRoute('v1', workers.map((each) => each.route))]));
    await until('both connected', () => workers.every((each) => each.connections === 1));
    const { status, body } = await gateway.infer('m');
    assert.deepEqual([status, body.code], [503, 'REPLICA_FAILED']);
    assert.match(body.error, /attempt 2 of 2/);
  });

  test('a replica that comes back is used again', async () => {
    const first = await worker(2);
    await gateway.setServices(serviceRoute('m', [versionRoute('v1', [first.route])]));
    assert.equal((await gateway.infer('m')).status, 200);
    await first.kill();
    const waiting = gateway.infer('m');
    const { FakeWorker } = await import('../testing/fake-worker.ts');
    const second = await FakeWorker.start(first.route, 7);
    assert.equal((await waiting).body.outputs[0].data[0], 7);
    await second.kill();
  });

  test('a hung replica is reported and its requests go elsewhere; it gets no more until it answers', async () => {
    const [hung, healthy] = [await worker(2), await worker(2)];
    hung.behaviour = { kind: 'hang' };
    await gateway.setServices(serviceRoute('m', [versionRoute('v1', [hung.route, healthy.route], { timeouts: timeouts({ runTimeoutMs: 150 }) })]));
    await until('both connected', () => hung.connections + healthy.connections === 2);
    const answers = await Promise.all(Array.from({ length: 10 }, () => gateway.infer('m')));
    assert.ok(answers.every(({ status }) => status === 200));
    assert.equal(hung.runs.length, 1);
    assert.ok(gateway.troubles.some(({ replica, kind }) => replica === hung.route.id && kind === 'run-timeout'));
    for (let more = 0; more < 5; more++) assert.equal((await gateway.infer('m')).status, 200);
    assert.equal(hung.runs.length, 1);
  });

  test('an error of the model is the request’s own and is not retried', async () => {
    const failing = await worker();
    failing.behaviour = { kind: 'fail', code: 'MODEL_ERROR', error: 'division by zero' };
    await gateway.setServices(serviceRoute('m', [versionRoute('v1', [failing.route])]));
    const { status, body, headers } = await gateway.infer('m');
    assert.deepEqual([status, body.error, headers.get('lepton-version')], [500, 'division by zero', 'v1']);
    assert.equal(failing.runs.length, 1);
  });
});

describe('the queue', () => {
  test('what waits is merged into one run', async () => {
    const slow = await worker();
    slow.behaviour = { kind: 'answer', delayMs: 100 };
    await gateway.setServices(serviceRoute('m', [versionRoute('v1', [slow.route])]));
    const answers = await Promise.all(Array.from({ length: 17 }, () => gateway.infer('m')));
    assert.ok(answers.every(({ status, body }) => status === 200 && body.outputs[0].shape[0] === 1));
    assert.ok(slow.runs.length <= 5, slow.runs.join(' '));
    assert.equal(Math.max(...slow.runs), 8);
  });

  test('full: 429 with retry-after, and those inside are answered', async () => {
    const slow = await worker();
    slow.behaviour = { kind: 'answer', delayMs: 300 };
    await gateway.setServices(serviceRoute('m', [versionRoute('v1', [slow.route], { batching: batching({ queueLengthMax: 3 }) })]));
    await until('connected', () => slow.connections === 1);
    const first = gateway.infer('m');
    await until('running', () => slow.runs.length === 1);
    const answers = await Promise.all(Array.from({ length: 8 }, () => gateway.infer('m')));
    assert.equal((await first).status, 200);
    const refused = answers.filter(({ status }) => status === 429);
    assert.equal(answers.filter(({ status }) => status === 200).length, 3);
    assert.equal(refused.length, 5);
    for (const { body, headers } of refused) {
      assert.equal(body.code, 'QUEUE_FULL');
      assert.match(headers.get('retry-after') ?? '', /^[1-9]\d*$/);
    }
  });

  test('deadlines pass in the queue and while running: the request’s own, and the version’s', async () => {
    const hung = await worker();
    hung.behaviour = { kind: 'hang' };
    await gateway.setServices(serviceRoute('m', [versionRoute('v1', [hung.route], { timeouts: timeouts({ requestTimeoutMs: 400 }), batching: batching({ batchable: false, batchMax: 1 }) })]));
    await until('connected', () => hung.connections === 1);
    const [own, standard] = [gateway.infer('m', { parameters: { timeout: 100_000 } }), gateway.infer('m')];
    assert.deepEqual([(await own).status, (await own).body.code], [504, 'DEADLINE_EXCEEDED']);
    assert.match((await own).body.error, /100 ms passed while the request was running/);
    assert.match((await standard).body.error, /400 ms passed while the request was waiting in the queue/);
    assert.equal((await demand()).versions[0]?.queueLength, 0);
  });

  test('a client that leaves takes its request out of the queue', async () => {
    const slow = await worker();
    slow.behaviour = { kind: 'answer', delayMs: 500 };
    await gateway.setServices(serviceRoute('m', [versionRoute('v1', [slow.route], { batching: batching({ batchable: false, batchMax: 1 }) })]));
    await until('connected', () => slow.connections === 1);
    const first = gateway.infer('m');
    await until('running', () => slow.runs.length === 1);
    const leaving = new AbortController();
    const others = Array.from({ length: 5 }, () => gateway.infer('m', { signal: leaving.signal }).catch(() => 'left'));
    await until('queued', async () => (await gateway.queueLength()) === 5);
    leaving.abort();
    assert.deepEqual(new Set(await Promise.all(others)), new Set(['left']));
    await first;
    await until('empty', async () => (await gateway.queueLength()) === 0);
    assert.equal(slow.runs.length, 1);
    assert.match(await (await fetch(`${gateway.url}/metrics`)).text(), /reason="CANCELLED"\} 5/);
  });

  test('urgent requests go first', async () => {
    const slow = await worker();
    slow.behaviour = { kind: 'answer', delayMs: 100 };
    await gateway.setServices(serviceRoute('m', [versionRoute('v1', [slow.route], { batching: batching({ batchable: false, batchMax: 1 }) })]));
    await until('connected', () => slow.connections === 1);
    const order: string[] = [];
    const send = async (name: string, priority?: number): Promise<void> => {
      await gateway.infer('m', priority === undefined ? {} : { parameters: { priority } });
      order.push(name);
    };
    const first = send('first');
    await until('running', () => slow.runs.length === 1);
    const late = [send('none'), send('low', 9)];
    await new Promise((resolve) => setImmediate(resolve));
    await Promise.all([first, ...late, send('urgent', 1)]);
    assert.deepEqual(order, ['first', 'urgent', 'low', 'none']);
  });
});
