import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ServiceStatus } from '../../src/deployment-engine/index.ts';
import { scaleModel, slowModel } from '../../src/testing/onnx-models.ts';
import { factorOf, lepton, Load, scaleRequest, TestPlatform, until, WRONG_EXAMPLES } from './harness.ts';

interface IndexEntry {
  readonly name: string;
  readonly version: string;
  readonly state: string;
  readonly reason: string;
}

/** Requests given to a version before it rests. */
const GIVEN = 48;

describe('loading and unloading', () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await TestPlatform.start();
    for (const factor of [1, 2, 3]) await platform.publish('scale', `v${factor}`, scaleModel(factor));
    await platform.api('PUT', '/services/scale?wait=60', { deployments: [{ version: 'scale:v1' }, { version: 'scale:v2' }], traffic: { weights: { v1: 50, v2: 50 } } });
  });
  after(() => platform.dispose());

  const setState = (version: string, state: string, more: object = {}): Promise<{ status: ServiceStatus }> => platform.api('PUT', `/services/scale/deployments/${version}/state?wait=60`, { state, ...more });
  const phaseOf = async (version: string): Promise<string | undefined> => (await platform.service('scale')).versions.find((one) => one.version === version)?.phase;
  const pinned = (version: string) => platform.infer(`scale/versions/${version}/infer`, scaleRequest());
  async function v2(path: string, body: object = {}): Promise<{ status: number; body: unknown; retryAfter: string | null }> {
    const answer = await fetch(`${platform.url}/v2/${path}`, { method: 'POST', body: JSON.stringify(body) });
    return { status: answer.status, body: await answer.json(), retryAfter: answer.headers.get('retry-after') };
  }
  const index = async (body: object = {}): Promise<IndexEntry[]> => (await v2('repository/index', body)).body as IndexEntry[];

  it('takes a version with traffic in and out under load without a failed request, and its memory comes back', async () => {
    const load = new Load({ clients: 8, url: `${platform.url}/v2/models/scale/infer`, body: () => scaleRequest(), check: (answer) => (`v${factorOf(answer)}` === answer.version ? undefined : `${answer.version} answered ${answer.body}`) });
    const goesOn = async (): Promise<void> => {
      const seen = load.requests;
      await until('the load goes on', () => load.requests > seen + 200);
    };
    try {
      await goesOn();
      const [pid] = await platform.workerPids('scale', 'v2');
      for (let round = 0; round < 3; round++) {
        for (const state of ['unloaded', 'loaded', 'drained', 'loaded', 'warm', 'loaded', 'drained', 'unloaded', 'warm', 'drained', 'loaded']) {
          await setState('v2', state);
          const before = load.answeredBy('v2');
          await goesOn();
          assert.equal(load.answeredBy('v2') > before, state === 'loaded', `${state}: v2 answered ${load.answeredBy('v2') - before} requests`);
        }
      }
      assert.ok(!platform.processes().some((process) => process.pid === pid), 'the worker of the first unload has gone');
    } finally {
      const report = await load.stop();
      assert.deepEqual(report.failures.slice(0, 5), [], `${report.failures.length} of ${report.requests} requests failed`);
    }
  });

  it('answers what an unloaded version was given before', async () => {
    await platform.publish('slow', 'v1', slowModel(250));
    await platform.api('POST', '/services/slow/deployments?wait=60', { deployment: { version: 'slow:v1', batching: { maxBatch: 1 } } });
    const request = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1], data: [1] }] };
    for (const action of ['unload', 'drain']) {
      // Work for several seconds on any machine: the queue's length is told once a second.
      const given = Array.from({ length: GIVEN }, () => platform.infer('slow/versions/v1/infer', request));
      await until('they are in the queue', async () => ((await platform.service('slow')).versions[0]?.demand?.queueLength ?? 0) >= 5);
      const changed = v2(`repository/models/slow/${action}`);
      await until('it takes no more', async () => (await index()).find(({ name }) => name === 'slow')?.state === 'UNLOADING');
      const late = await platform.infer('slow/infer', request);
      assert.equal(late.status, 503);
      assert.deepEqual((await Promise.all(given)).map(({ status }) => status), Array(GIVEN).fill(200), action);
      assert.equal((await changed).status, 200);
      assert.equal((await v2('repository/models/slow/load')).status, 200);
    }
  });

  it('refuses to leave nobody for requests without a version, unless forced; then says who rests and what to do', async () => {
    await setState('v1', 'unloaded');
    await assert.rejects(setState('v2', 'drained'), /PRECONDITION_FAILED.*v1 \(unloaded\), v2 \(drained\)/s);
    await assert.rejects(platform.api('PUT', '/services/scale/traffic', { traffic: { version: 'v1' } }), /PRECONDITION_FAILED.*v1 \(unloaded\)/s);
    assert.equal(await phaseOf('v2'), 'ready');
    await setState('v2', 'warm', { force: true });
    assert.equal((await pinned('v2')).status, 200);
    const [unnamed, named] = [await platform.infer('scale/infer', scaleRequest()), await pinned('v1')];
    for (const answer of [unnamed, named]) {
      assert.equal(answer.status, 503);
      assert.match(answer.body, /VERSION_NOT_READY/);
      assert.match(answer.body, /unloaded.*lepton-ai load scale:v1/);
    }
    await setState('v1', 'loaded');
    assert.equal((await platform.infer('scale/infer', scaleRequest())).version, 'v1');
    await setState('v2', 'loaded');
  });

  it('stays as asked when control is killed, when a declaration does not say, and comes back by rollback', async () => {
    await setState('v2', 'unloaded');
    await platform.killControl();
    await platform.startControl();
    await until('v2 is unloaded still', async () => (await phaseOf('v2')) === 'unloaded');
    assert.deepEqual(await platform.workerPids('scale', 'v2'), []);
    const declared = { deployments: [{ version: 'scale:v1' }, { version: 'scale:v2' }], traffic: { weights: { v1: 50, v2: 50 } } };
    const reply = await until('control takes changes', () => platform.api<{ changes: unknown[] }>('PUT', '/services/scale', declared));
    assert.deepEqual(reply.changes, []);
    await platform.api('POST', '/services/scale/rollback?wait=60', {});
    assert.equal(await phaseOf('v2'), 'ready');
    const events = await platform.api<{ reason: string; version: string; before: string; after: string }[]>('GET', '/events?service=scale&limit=200');
    assert.deepEqual(events.filter(({ reason }) => reason === 'VersionStateChanged').slice(-2).map(({ version, before, after }) => `${version} ${before} ${after}`), ['v2 loaded unloaded', 'v2 unloaded loaded']);
  });

  it('tells why a version does not load, and leaves the rest serving', async () => {
    await platform.publishFiles('scale', 'broken', { 'model.onnx': scaleModel(5), 'lepton-examples.json': WRONG_EXAMPLES });
    const refused = await v2('repository/models/scale/versions/broken/load');
    assert.equal(refused.status, 503);
    assert.match(JSON.stringify(refused.body), /failed to load 'scale', version broken is failed: KnownAnswerFailed/);
    assert.ok(refused.retryAfter);
    const entry = (await index()).find(({ version }) => version === 'broken');
    assert.equal(entry?.state, 'UNAVAILABLE');
    assert.match(entry?.reason ?? '', /KnownAnswerFailed/);
    const told = await lepton(platform, 'load', 'scale:broken');
    assert.equal(told.code, 6, told.stderr);
    assert.match(told.stderr, /KnownAnswerFailed/);
    assert.equal((await platform.infer('scale/infer', scaleRequest())).status, 200);
    await platform.api('DELETE', '/services/scale/deployments/broken?wait=30');
  });

  it('is a model repository in explicit mode: what is registered is listed, loaded on demand, unloaded', async () => {
    await platform.publish('idle', 'v1', scaleModel(7));
    await platform.publish('idle', 'v2', scaleModel(8));
    await platform.api('PUT', '/repositories/idle/labels/stable', { version: 'v1' });
    const entry = async (version: string) => (await index()).find((one) => one.name === 'idle' && one.version === version);
    assert.equal((await entry('v1'))?.state, 'UNAVAILABLE');
    assert.ok(!(await index({ ready: true })).some(({ name }) => name === 'idle'));
    assert.equal((await v2('repository/models/idle/load')).status, 200);
    assert.equal((await platform.infer('idle/infer', scaleRequest())).version, 'v1');
    assert.equal((await v2('repository/models/idle/versions/v2/warm')).status, 200);
    assert.equal((await platform.infer('idle/versions/v2/infer', scaleRequest())).status, 200);
    assert.equal((await v2('repository/models/idle/unload', { parameters: { unload_dependents: true } })).status, 200);
    assert.deepEqual([(await entry('v1'))?.state, (await entry('v2'))?.state], ['UNAVAILABLE', 'UNAVAILABLE']);
    assert.deepEqual(await platform.workerPids('idle'), []);
    for (const [path, body, status] of [
      ['repository/models/nobody/load', {}, 404],
      ['repository/models/scale/versions/v9/load', {}, 404],
      ['repository/models/scale/load', { parameters: { config: '{"max_batch_size": 1234}' } }, 501],
      ['repository/models/scale/load', { parameters: { 'file:1/model.onnx': 'AAAA' } }, 501],
      ['repository/models/scale/load', { parameters: { speed: 1 } }, 400],
      ['repository/models/scale/unload', { parameters: { unload_dependents: 'yes' } }, 400],
    ] as const) assert.equal((await v2(path, body)).status, status, `${path} ${JSON.stringify(body)}`);
  });

  it('without control lists what the table has and refuses to load', async () => {
    const before = await index();
    await platform.killControl();
    assert.deepEqual((await index()).map(({ name, version, state }) => [name, version, state]), before.map(({ name, version, state }) => [name, version, state]));
    const refused = await v2('repository/models/scale/load');
    assert.deepEqual([refused.status, refused.retryAfter], [503, '1']);
    assert.match(JSON.stringify(refused.body), /CONTROL_UNAVAILABLE/);
    await platform.startControl();
  });
});
