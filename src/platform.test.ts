import assert from 'node:assert/strict';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { LeptonError } from './core/index.ts';
import type { ServiceStatus } from './deployment-engine/index.ts';
import { createPlatform, type Platform } from './platform.ts';
import { scaleModel, writeModelDirectory } from './testing/onnx-models.ts';
import { ask, pidsOf, publishScale, runs, temporaryDirectory, testConfig } from './testing/platform-harness.ts';
import { until } from './testing/until.ts';

const by = { by: 'test' };
const WAIT_MS = 20_000;
const code = (expected: string) => (error: unknown) => error instanceof LeptonError && error.code === expected;

describe('platform: real workers, gateway and database', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let platform: Platform;
  let url = '';
  before(async () => {
    directory = await temporaryDirectory();
    platform = await createPlatform(testConfig(directory.path));
    url = platform.status().httpUrl as string;
    for (const [version, factor] of [['v1', 1], ['v2', 2], ['v3', 3]] as const) await publishScale(platform, directory.path, version, factor);
  });
  after(async () => {
    const services = await platform.engine.listServices();
    await platform.stop({ graceMs: 5_000 });
    assert.deepEqual(services.flatMap(pidsOf).filter(runs), [], 'no worker outlives a stop');
    await directory.remove();
  });

  const settle = async (name: string, result: Promise<{ revision: number }>): Promise<ServiceStatus> => platform.engine.waitSettled(name, (await result).revision, WAIT_MS);
  const condition = (status: ServiceStatus, type: string) => status.conditions.find((found) => found.type === type);

  it('deploys, answers by weight and by name, and says what it does', async () => {
    const status = await settle('one', platform.engine.apply({ name: 'one', deployments: [{ version: 'scale:v1' }, { version: 'scale:v2' }] }, by));
    assert.equal(status.servingRevision, 1);
    assert.equal(condition(status, 'Ready')?.status, true);
    assert.deepEqual(status.versions.map(({ version, phase, weight }) => [version, phase, weight]), [['v1', 'ready', 100], ['v2', 'ready', 0]]);
    assert.equal(status.versions[0]?.profile?.batchable, true);
    assert.equal((await until('v1 answers', async () => (await ask(url, 'one')).version === 'v1' && ask(url, 'one')))?.factor, 1);
    assert.equal((await ask(url, 'one', 'v2')).factor, 2);
    assert.equal((await ask(url, 'one', 'v9')).status, 404);
  });

  it('changes nothing when the same is asked for again, and only shows with a dry run', async () => {
    const same = await platform.engine.apply({ name: 'one', deployments: [{ version: 'scale:v1' }, { version: 'scale:v2' }] }, by);
    assert.deepEqual(same, { service: 'one', revision: 1, changes: [] });
    const dry = await platform.engine.setTraffic('one', { weights: { v1: 10, v2: 90 } }, by, { dryRun: true });
    assert.deepEqual(dry.changes.map(({ path, from, to }) => [path, from, to]), [['traffic.weights.v1', 100, 10], ['traffic.weights.v2', null, 90]]);
    assert.equal((await platform.engine.getService('one')).revision, 1);
  });

  it('refuses with a reason before anything changes', async () => {
    const { engine } = platform;
    await assert.rejects(engine.apply({ name: 'one', deployments: [{ version: 'scale:v7' }] }, by), code('VERSION_NOT_FOUND'));
    await assert.rejects(engine.setTraffic('one', { weights: { v1: 50, v2: 49 } }, by), code('INVALID_ARGUMENT'));
    await assert.rejects(engine.setTraffic('none', { version: 'v1' }, by), code('SERVICE_NOT_FOUND'));
    await assert.rejects(engine.undeploy('one', 'v1', by), code('PRECONDITION_FAILED'));
    await assert.rejects(engine.rollback('one', 7, by), code('REVISION_NOT_FOUND'));
    await assert.rejects(engine.setTraffic('one', { version: 'v2' }, { by: 'test', expectRevision: 9 }), code('CONFLICT'));
    await assert.rejects(platform.repository.deleteVersion('scale', 'v1', by), code('IN_USE'));
    await assert.rejects(createPlatform(testConfig(directory.path)), code('DATA_DIRECTORY_LOCKED'));
    assert.equal((await engine.getService('one')).revision, 1);
  });

  it('imports what config.pbtxt says: who answers, how many rows, how long the queue', async () => {
    const models = join(directory.path, 'models');
    for (const version of ['1', '2', '3']) await writeModelDirectory(join(models, 'chosen', version), scaleModel(Number(version), { batch: true }));
    await writeFile(join(models, 'chosen', 'config.pbtxt'), 'max_batch_size: 8 version_policy { specific { versions: [ 1, 2 ] } } dynamic_batching { default_queue_policy { max_queue_size: 20 } }');
    const post = (path: string, body: object) => fetch(`${url}${path}`, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
    const report = (await (await post('/api/v1/import', { directory: models })).json()) as { problems: string[]; warnings: string[] };
    assert.deepEqual(report.problems, []);
    assert.match(report.warnings.join(), /version_policy leaves out 3/);
    const { spec } = await settle('chosen', Promise.resolve({ revision: 1 }));
    assert.deepEqual([spec.traffic, spec.deployments.map(({ version, batching }) => [version, batching.queueLengthMax])], [{ kind: 'weights', weights: { 2: 100 }, sticky: null, defaultVersion: null }, [['1', 20], ['2', 20], ['3', 20]]]);
    const answers = await until('version 2 answers', async () => [(await ask(url, 'chosen')).factor, (await ask(url, 'chosen', '3')).factor].every(Boolean) && [(await ask(url, 'chosen')).factor, (await ask(url, 'chosen', '3')).factor]);
    assert.deepEqual(answers, [2, 3]);
    const rows = async (count: number) => post('/v2/models/chosen/infer', { inputs: [{ name: 'x', datatype: 'FP32', shape: [count, 4], data: Array(4 * count).fill(1) }] });
    assert.equal((await rows(8)).status, 200);
    const refused = await rows(9);
    assert.equal(refused.status, 400);
    assert.match(await refused.text(), /9 rows.*at most 8/);
    await platform.engine.undeploy('chosen', null, by);
  });

  it('updates under load without a failed request, the new before the old, and gives the memory back', async () => {
    const begun = await settle('busy', platform.engine.deploy('busy', { version: 'scale:v1' }, by));
    const [oldPid] = pidsOf(begun);
    let going = true;
    const answers: { version: string | null; status: number }[] = [];
    const load = Array.from({ length: 4 }, async () => {
      while (going) answers.push(await ask(url, 'busy'));
    });
    const status = await settle('busy', platform.engine.update('busy', { version: 'scale:v3' }, by));
    await until('v3 answers everything', async () => (await ask(url, 'busy')).version === 'v3');
    await until('the old worker is gone', () => !runs(oldPid));
    going = false;
    await Promise.all(load);
    assert.equal(status.servingRevision, 2);
    assert.deepEqual(answers.filter((answer) => answer.status !== 200), []);
    assert.deepEqual([...new Set(answers.map((answer) => answer.version))].sort(), ['v1', 'v3']);
  });

  it('rolls back to an earlier revision', async () => {
    const status = await settle('busy', platform.engine.rollback('busy', null, by));
    assert.equal(status.revision, 3);
    assert.equal((await until('v1 answers again', async () => (await ask(url, 'busy')).version === 'v1' && ask(url, 'busy'))).factor, 1);
    assert.deepEqual((await platform.engine.revisions('busy')).map(({ revision, createdBy }) => [revision, createdBy]), [[3, 'test'], [2, 'test'], [1, 'test']]);
  });

  it('restarts a killed worker; its requests wait or go elsewhere', async () => {
    const [pid] = pidsOf(await platform.engine.getService('busy'));
    process.kill(pid as number, 'SIGKILL');
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(url, 'busy')));
    assert.deepEqual([...new Set(answers.map((answer) => answer.status))], [200]);
    const status = await until('another worker', async () => {
      const now = await platform.engine.getService('busy');
      return now.versions[0]?.phase === 'ready' && pidsOf(now)[0] !== pid && now;
    });
    assert.equal(status.versions[0]?.restarts, 1);
    const failed = (await platform.engine.listReplicas({ service: 'busy' })).find((replica) => replica.phase === 'failed');
    assert.match(failed?.reason ?? '', /Killed|Crashed/);
  });

  it('keeps the old version serving when the new can’t load, and says why', async () => {
    const { repository, engine } = platform;
    const version = await repository.getVersion('scale', 'v2');
    // An artefact that was good when it was pushed and is not any more.
    await repository.publish({ repository: 'scale', version: 'broken', by: 'test', files: version.manifest.files, metadata: { n: 1 } });
    const { digest } = await repository.getVersion('scale', 'broken');
    const entry = join(await repository.materialise(digest), version.manifest.entry);
    await rm(entry);
    await writeFile(entry, 'not a model');
    const status = await settle('busy', engine.update('busy', { version: 'scale:broken' }, by));
    assert.equal(status.servingRevision, 3);
    assert.equal(status.versions.find((found) => found.version === 'broken')?.phase, 'failed');
    assert.match(condition(status, 'Degraded')?.message ?? '', /^broken failed: LoadFailed: .*; v1 keeps serving$/s);
    assert.equal((await ask(url, 'busy')).version, 'v1');
    assert.equal((await ask(url, 'busy', 'broken')).status, 503);
    await settle('busy', engine.rollback('busy', 3, by));
  });

  it('moves a label that traffic follows only to what is ready there', async () => {
    const { repository, engine } = platform;
    await assert.rejects(engine.setTraffic('one', { label: 'stable' }, by), code('LABEL_NOT_FOUND'));
    await repository.moveLabel('scale', 'stable', 'v1', by);
    await settle('one', engine.setTraffic('one', { label: 'stable' }, by));
    await assert.rejects(repository.moveLabel('scale', 'stable', 'v3', by), code('PRECONDITION_FAILED'));
    await assert.rejects(repository.deleteLabel('scale', 'stable', by), code('PRECONDITION_FAILED'));
    await repository.moveLabel('scale', 'stable', 'v2', by);
    await until('traffic follows', async () => (await ask(url, 'one')).version === 'v2');
    assert.equal((await ask(url, 'one', 'stable')).version, 'v2');
    await assert.rejects(engine.undeploy('one', 'v2', by), code('PRECONDITION_FAILED'));
  });

  it('replaces replicas for other resources, and not for another priority', async () => {
    const [pid] = pidsOf(await platform.engine.getService('busy'));
    const settled = await settle('busy', platform.engine.schedule('busy', 'v1', { priority: 7 }, by));
    assert.deepEqual([settled.versions[0]?.priority, pidsOf(settled)], [7, [pid]]);
    await settle('busy', platform.engine.deploy('busy', { version: 'scale:v1', resources: { threads: 2 } }, by));
    await until('only the new worker', async () => {
      const pids = pidsOf(await platform.engine.getService('busy'));
      return pids.length === 1 && pids[0] !== pid;
    });
    assert.equal((await platform.engine.getService('busy')).versions[0]?.priority, 7, 'settings that were not named stay');
  });

  it('replaces a killed gateway on the same ports', async () => {
    await until('the gateway answers', async () => (await ask(url, 'busy')).status === 200);
    const run = `${directory.path}/run`;
    assert.equal((await readdir(run)).filter((name) => /^gateway-.*\.json$/.test(name)).length, 1);
    const pid = Number(/gateway \w+ \(process (\d+)\) listens/.exec(await readFile(`${directory.path}/logs/control.log`, 'utf8'))?.[1]);
    process.kill(pid, 'SIGKILL');
    // From source, on a busy machine, most of this is Node reading TypeScript; e2e times the built program.
    await until('another gateway answers', async () => (await ask(url, 'busy')).status === 200, 5_000);
  });

  it('tells metrics of what is there, and events of what happened', async () => {
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    const text = await platform.engine.metrics.text();
    assert.match(text, /^lepton_replicas\{service="busy",version="v1",phase="ready"\} 1$/m);
    assert.match(text, /^lepton_worker_resident_memory_bytes\{service="busy",version="v1",replica="[0-9a-f]{16}"\} \d{7,}$/m);
    assert.match(text, /^# TYPE lepton_replica_restarts_total counter$/m);
    assert.doesNotMatch(text, /version="broken"/);
    const response = await fetch(`${url}/api/v1/events?service=busy&limit=1000`);
    const found = (await response.json()) as { reason: string }[] | { events: { reason: string }[] };
    const list = Array.isArray(found) ? found : found.events;
    for (const reason of ['ServiceCreated', 'ServiceChanged', 'RevisionServing', 'ReplicaReady', 'ReplicaFailed', 'ReplicaDraining', 'ReplicaStopped', 'ServiceDegraded']) assert.ok(list.some((event) => event.reason === reason), reason);
  });

  it('undeploys: workers gone, versions free, the model unknown', async () => {
    const pids = pidsOf(await platform.engine.getService('busy'));
    await platform.engine.undeploy('busy', null, by);
    await until('the workers are gone', () => pids.every((pid) => !runs(pid)));
    await until('the service is forgotten', () => platform.engine.getService('busy').then(() => false, () => true));
    assert.equal((await ask(url, 'busy')).status, 404);
    await platform.repository.deleteVersion('scale', 'broken', by);
    assert.deepEqual(await platform.repository.pinsOf('scale', 'v3'), []);
  });
});
