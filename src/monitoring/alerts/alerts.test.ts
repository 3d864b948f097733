import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type EventInput, LeptonError } from '../../core/index.ts';
import { type Database, openDatabase } from '../../database/index.ts';
import { type AlertRuleInput, Alerts, type Reading, type SampledVersion, VersionSamples, Webhooks } from './index.ts';

const directory = await mkdtemp(join(tmpdir(), 'lepton-alerts-'));
const database: Database = await openDatabase({ dataDirectory: directory, url: null });
after(async () => {
  await database.close();
  await rm(directory, { recursive: true });
});

const SECRET = 'a-secret-of-the-receiver';
const by = { by: 'test' };
let now = Date.parse('2026-01-31T12:00:00Z');
const clock = { now: () => now, monotonic: () => now };
const invalid = (words: RegExp) => (error: unknown) => error instanceof LeptonError && error.code === 'INVALID_ARGUMENT' && words.test(error.message);

interface Received {
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

describe('alerts', () => {
  const received: Received[] = [];
  const waiting: (() => void)[] = [];
  let status = 200;
  const receiver = createServer(async (request, response) => {
    received.push({ headers: request.headers, text: (await request.setEncoding('utf8').toArray()).join('') });
    response.writeHead(status).end();
    waiting.splice(0).forEach((one) => one());
  });
  let hook = '';
  before(async () => {
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    hook = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  });
  after(() => receiver.close());

  let readings: Reading[] = [];
  let events: EventInput[] = [];
  let logged: string[] = [];
  function open(): Alerts {
    const write = (_facts: object, message: string): void => void logged.push(message);
    const source = { sample: async () => undefined, read: () => readings };
    return new Alerts({ database, source, webhooks: new Webhooks({ now: () => now, pauseMs: 1, attempts: 3 }), events: { record: (event) => events.push(event) }, clock, log: { info: write, warn: write, error: write } });
  }
  const value = (version: string, one: number | null, samples = 1000): Reading => ({ service: 'shop', version, value: one, samples });
  const rule = (changes: Partial<AlertRuleInput> = {}): AlertRuleInput => ({ metric: 'fault_ratio', threshold: 0.05, for: '30s', ...changes });
  const states = (alerts: Alerts): string[] => alerts.overview().alerts.map(({ version, state }) => `${version} ${state}`).sort();
  const taken = (count: number): Promise<void> => (received.length >= count ? Promise.resolve() : new Promise<void>((resolve) => waiting.push(resolve)).then(() => taken(count)));
  beforeEach(async () => {
    [readings, events, logged, status] = [[], [], [], 200];
    received.length = 0;
    await database.db.deleteFrom('alert_rules').execute();
    await database.db.deleteFrom('alert_states').execute();
  });

  it('go from inactive over pending to firing and resolved, each version for itself', async () => {
    const alerts = open();
    await alerts.put('errors', rule({ service: 'shop' }), by);
    const at = async (seconds: number, ...given: Reading[]): Promise<string[]> => {
      now += seconds * 1000;
      readings = given;
      await alerts.evaluate();
      return states(alerts);
    };
    assert.deepEqual(await at(5, value('v1', 0.01), value('v2', 0.5)), ['v1 inactive', 'v2 pending']);
    assert.deepEqual(await at(29, value('v1', 0.05), value('v2', 0.5)), ['v1 inactive', 'v2 pending']);
    assert.deepEqual(await at(1, value('v1', 0.06), value('v2', 0.5)), ['v1 pending', 'v2 firing']);
    assert.deepEqual(await at(5, value('v1', 0), value('v2', 0.4)), ['v1 inactive', 'v2 firing']);
    assert.deepEqual(events.filter(({ reason }) => reason.startsWith('Alert')).map(({ reason, version }) => [reason, version]), [['AlertRuleCreated', null], ['AlertFiring', 'v2']]);
    assert.deepEqual(await at(5, value('v1', 0), value('v2', 0.9, 9)), ['v1 inactive', 'v2 resolved'], 'too few samples: nothing is known');
    assert.deepEqual(await at(5, value('v1', 0), value('v2', 0.9)), ['v1 inactive', 'v2 pending']);
    assert.deepEqual(await at(30, value('v1', 0), value('v2', 0.9)), ['v1 inactive', 'v2 firing']);
    assert.deepEqual(await at(5, value('v1', 0)), ['v1 inactive'], 'gone');
    assert.deepEqual(events.map(({ reason }) => reason), ['AlertRuleCreated', 'AlertFiring', 'AlertResolved', 'AlertFiring', 'AlertResolved']);
    assert.match(events[1]?.message ?? '', /^errors: shop:v2 is firing: fault_ratio is 0\.5 \(fault_ratio > 0\.05 over 60 s, for 30 s\)$/);
    assert.equal(logged.filter((line) => line.includes('is firing')).length, 2);
    await alerts.stop();
  });

  it('call a webhook, signed so that standard libraries can verify it, with hostile names as text', async () => {
    const alerts = open();
    await alerts.put('errors', rule({ for: 0, webhook: { url: hook, secret: SECRET }, description: '"><script>alert(1)</script>\u001b[31m' }), by);
    readings = [{ service: 'a"b', version: '<v1>', value: 1, samples: 50 }];
    await alerts.evaluate();
    await taken(1);
    const [{ headers, text }] = received as [Received];
    const signed = createHmac('sha256', SECRET).update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.${text}`).digest('base64');
    assert.equal(headers['webhook-signature'], `v1,${signed}`);
    const body = JSON.parse(text);
    assert.deepEqual([body.type, body.rule, body.service, body.version, body.value, body.metric, body.threshold], ['firing', 'errors', 'a"b', '<v1>', 1, 'fault_ratio', 0.05]);
    assert.equal(body.description, '"><script>alert(1)</script>\u001b[31m');
    assert.ok(!JSON.stringify([alerts.list(), alerts.overview(), events]).includes(SECRET));
    await alerts.stop();
  });

  it('try a broken receiver again with the same id, give up one that refuses, and say so', async () => {
    const alerts = open();
    await alerts.put('errors', rule({ for: 0, webhook: { url: hook, secret: SECRET } }), by);
    status = 503;
    assert.match(String(await alerts.test('errors')), /it answered 503/);
    assert.deepEqual([received.length, new Set(received.map(({ headers }) => headers['webhook-id'])).size], [3, 1]);
    status = 400;
    assert.match(String(await alerts.test('errors')), /it answered 400/);
    assert.equal(received.length, 4);
    status = 302;
    assert.match(String(await alerts.test('errors')), /it answered 302/);
    status = 200;
    assert.equal(await alerts.test('errors'), null);
    assert.deepEqual(alerts.overview().webhooks, { waiting: 0, sent: 1, failed: 3, dropped: 0 });
    await alerts.put('closed', rule({ webhook: { url: 'http://127.0.0.1:9/x', secret: SECRET } }), by);
    assert.match(String(await alerts.test('closed')), /no answer/);
    await alerts.put('none', rule(), by);
    await assert.rejects(alerts.test('none'), (error: LeptonError) => error.code === 'PRECONDITION_FAILED');
    await alerts.stop();
  });

  it('outlive a restart: what fires is not told twice, what was not taken is told again', async () => {
    const first = open();
    await first.put('errors', rule({ for: 0, webhook: { url: hook, secret: SECRET } }), by);
    readings = [value('v1', 1)];
    await first.evaluate();
    await taken(1);
    while ((await database.db.selectFrom('alert_states').select('untold').executeTakeFirstOrThrow()).untold) await new Promise((resolve) => setTimeout(resolve, 5));
    await first.stop();
    const second = open();
    await second.start();
    await second.evaluate();
    assert.deepEqual(states(second), ['v1 firing']);
    assert.deepEqual(second.overview().webhooks, { waiting: 0, sent: 0, failed: 0, dropped: 0 });
    await second.stop();
    await database.db.updateTable('alert_states').set({ untold: 1 }).execute();
    const third = open();
    await third.start();
    await taken(2);
    assert.equal(JSON.parse(received[1]?.text ?? '').type, 'firing');
    await third.stop();
  });

  it('are changed, kept with their secret, left alone when nothing changes, and deleted', async () => {
    const alerts = open();
    assert.equal((await alerts.put('errors', rule({ webhook: { url: hook, secret: SECRET } }), { by: 'ada', dryRun: true })).outcome, 'created');
    assert.deepEqual(alerts.list(), []);
    assert.equal((await alerts.put('errors', rule({ webhook: { url: hook, secret: SECRET } }), { by: 'ada' })).outcome, 'created');
    assert.equal((await alerts.put('errors', rule({ webhook: { url: hook } }), { by: 'bob' })).outcome, 'unchanged');
    assert.equal((await alerts.put('errors', rule({ webhook: { url: hook }, threshold: 0.5 }), { by: 'bob' })).outcome, 'updated');
    assert.equal(await alerts.test('errors'), null);
    const again = open();
    await again.start();
    assert.deepEqual(again.list().map(({ name, threshold, updatedBy, webhook }) => [name, threshold, updatedBy, webhook]), [['errors', 0.5, 'bob', { url: hook }]]);
    await again.remove('errors', 'eve');
    await assert.rejects(again.remove('errors', 'eve'), (error: LeptonError) => error.code === 'ALERT_RULE_NOT_FOUND');
    assert.equal((await database.db.selectFrom('alert_rules').selectAll().execute()).length, 0);
    await Promise.all([alerts.stop(), again.stop()]);
  });

  it('refuse what makes no sense, with the value', async () => {
    const alerts = open();
    for (const [input, words] of [
      [{ window: '1s' }, /window is "1s", not a time from 5s to 1h/], [{ window: 'soon' }, /window is "soon"/], [{ for: '2d' }, /for is "2d"/], [{ version: 'v1' }, /version is "v1", but no service/],
      [{ webhook: { url: 'ftp://x', secret: SECRET } }, /"ftp:\/\/x" is not a URL/], [{ webhook: { url: hook } }, /webhook\.secret is missing/], [{ webhook: { url: hook, secret: 'short' } }, /16 to 256/],
      [{ webhook: { url: 'http://u:p@x/', secret: SECRET } }, /no user and password/],
    ] as const) await assert.rejects(alerts.put('errors', rule(input), by), invalid(words));
    assert.deepEqual(alerts.list(), []);
    await alerts.stop();
  });
});

describe('values of versions', () => {
  const one = (version: string, atMs: number, changes: Partial<SampledVersion> = {}): SampledVersion => ({
    service: 'shop', version, atMs, requests: 0, faults: 0, latencyP50Ms: null, latencyP99Ms: null, queueLength: 0, inFlight: 0, memoryBytes: 0, restarts: 0, replicasMissing: 0, weight: 0.5, judged: 0, correct: 0, rewards: 0, rewardSum: 0, driftPsi: null, driftSamples: 0, ...changes,
  });

  it('are of the window alone, also over a gateway that starts anew', async () => {
    let taken: SampledVersion[] = [];
    const samples = new VersionSamples(async () => taken);
    const at = async (seconds: number, v1: Partial<SampledVersion>, v2: Partial<SampledVersion>): Promise<void> => {
      taken = [one('v1', seconds * 1000, v1), one('v2', seconds * 1000, v2)];
      await samples.sample(new Set(), 60_000);
    };
    const read = (metric: Parameters<VersionSamples['read']>[0], windowMs = 60_000): unknown[] => samples.read(metric, windowMs).map(({ value, samples: count }) => [value, count]);
    await at(0, { requests: 1000, faults: 900 }, { requests: 0 });
    await at(60, { requests: 1100, faults: 910, queueLength: 4, memoryBytes: 10 }, { requests: 300 });
    await at(90, { requests: 50, faults: 5, queueLength: 2, memoryBytes: 5, restarts: 2 }, { requests: 300 });
    assert.deepEqual(read('fault_ratio', 30_000), [[5 / 50, 50], [null, 0]]);
    assert.deepEqual(read('fault_ratio', 90_000), [[15 / 150, 150], [0, 300]]);
    assert.deepEqual(read('request_rate', 30_000), [[50 / 30, 50], [0, 0]]);
    assert.deepEqual(read('traffic_share', 90_000), [[150 / 450, 450], [300 / 450, 450]]);
    assert.deepEqual(read('traffic_share_gap', 90_000).map((pair) => (pair as number[])[0]?.toFixed(4)), [(0.5 - 150 / 450).toFixed(4), (300 / 450 - 0.5).toFixed(4)]);
    assert.deepEqual(read('queue_length', 30_000), [[3, 2], [0, 2]]);
    assert.deepEqual(read('memory', 30_000), [[10, 2], [0, 2]]);
    assert.deepEqual(read('replica_failures', 30_000), [[2, 2], [0, 2]]);
    await at(500, { requests: 50 }, { requests: 300 });
    assert.deepEqual(read('fault_ratio', 60_000), [[null, 0], [null, 0]]);
  });

  it('of feedback are of what came in the window, rewards may be negative', async () => {
    let taken: SampledVersion[] = [];
    const samples = new VersionSamples(async () => taken);
    for (const [seconds, totals] of [[0, { judged: 1000, correct: 990, rewards: 10, rewardSum: 5 }], [60, { judged: 1020, correct: 1000, rewards: 14, rewardSum: 3 }]] as const) {
      taken = [one('v1', seconds * 1000, totals)];
      await samples.sample(new Set(), 60_000);
    }
    assert.deepEqual(samples.read('feedback_accuracy', 60_000)[0]?.value, 0.5);
    assert.deepEqual(samples.read('feedback_reward', 60_000)[0]?.value, -0.5);
  });
});
