import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { completeProfile } from '../../core/index.ts';
import { scaleModel } from '../../testing/onnx-models.ts';
import { openRepository, type RepositoryFixture, store } from '../../testing/repository-fixture.ts';
import { Profiles } from './profiles.ts';

const LOAD = completeProfile({ loadMs: 100, measureMs: 40, batchable: false, batchableReason: 'x', bestBatch: 1, latencyMsByBatch: { '1': 2 }, cpuMsByBatch: { '1': 2 }, check: 'smoke', checkMessage: '', residentBytes: 1e8 });
const WINDOW = { cpuSeconds: 1, requests: 100, rows: 100, runs: 100, runSeconds: 1, runSecondsSquared: 0.01, networkBytes: 100, peakBytes: 2e8 };
const CALM = { urgent: false };
const DAY_MS = 24 * 3_600_000;

describe('profiles of versions, kept', () => {
  let fixture: RepositoryFixture;
  let digest: string;
  let now: number;
  let problems: unknown[];
  beforeEach(async () => {
    fixture = await openRepository();
    digest = await publish('v1', 1);
    now = Date.now();
    problems = [];
  });
  afterEach(() => fixture.close());

  async function publish(version: string, factor: number): Promise<string> {
    const file = await store(fixture.repository, 'model.onnx', scaleModel(factor));
    return (await fixture.repository.publish({ repository: 'scale', version, files: [file], by: 'test', createRepository: true })).version.digest;
  }
  /** As a control process that starts. */
  async function started(hostClass = 'here'): Promise<Profiles> {
    const profiles = new Profiles({ database: fixture.database, hostClass, facts: () => ({ format: 'onnx', storageBytes: 7 }), clock: { now: () => now, monotonic: () => now }, onProblem: (error) => void problems.push(error) });
    await profiles.load();
    return profiles;
  }

  it('are there after a restart', async () => {
    const before = await started();
    assert.equal(before.known(digest, 1, CALM), null);
    before.loaded(digest, 1, LOAD);
    before.served(digest, 1, WINDOW);
    before.loaded(digest, 2, { ...LOAD, loadMs: 70 });
    await before.save();
    const after = await started();
    assert.deepEqual(after.of(digest, 1), before.of(digest, 1));
    assert.deepEqual(after.known(digest, 1, CALM), LOAD);
    assert.deepEqual(after.list(digest).map(({ threads, measured }) => [threads, measured?.profile.loadMs]), [[1, 100], [2, 70]]);
    assert.equal(after.estimate(digest, 1).basis, 'observed');
  });

  it('are told apart by class of host, and help out where there is none', async () => {
    const here = await started();
    here.loaded(digest, 1, LOAD);
    await here.save();
    const there = await started('there');
    assert.deepEqual([there.known(digest, 1, CALM), there.estimate(digest, 1).basis], [null, 'elsewhere']);
    assert.match(there.estimate(digest, 1).basisMessage, /on here with 1 thread/);
    there.loaded(digest, 1, { ...LOAD, loadMs: 5 });
    await there.save();
    assert.deepEqual((await started('there')).list(digest).map(({ hostClass }) => hostClass), ['there', 'here']);
    assert.equal((await started()).of(digest, 1).measured?.profile.loadMs, 100);
  });

  it('are measured again when they are old', async () => {
    const profiles = await started();
    profiles.loaded(digest, 1, LOAD);
    now += 29 * DAY_MS;
    assert.ok(profiles.known(digest, 1, CALM));
    now += 2 * DAY_MS;
    assert.equal(profiles.known(digest, 1, CALM), null);
    assert.deepEqual(profiles.known(digest, 1, { urgent: true }), LOAD, 'not while requests may wait');
    assert.equal(profiles.estimate(digest, 1).basis, 'measured', 'they hold until then');
  });

  it('go with their version', async () => {
    const other = await publish('v2', 2);
    const profiles = await started();
    for (const one of [digest, other]) profiles.loaded(one, 1, LOAD);
    await profiles.save();
    await fixture.repository.deleteVersion('scale', 'v2', { by: 'test' });
    const after = await started();
    assert.deepEqual([after.list(digest).length, after.list(other).length], [1, 0]);
  });

  it('are forgotten when asked, for good', async () => {
    const profiles = await started();
    profiles.loaded(digest, 1, LOAD);
    await profiles.save();
    profiles.served(digest, 1, WINDOW);
    await profiles.forget(digest);
    await profiles.save();
    assert.deepEqual([profiles.list(digest), (await started()).list(digest)], [[], []]);
  });

  it('wait in memory for a database that does not take them', async () => {
    const profiles = await started();
    const { immediate } = fixture.database;
    Object.assign(fixture.database, { immediate: () => Promise.reject(new Error('disk full')) });
    profiles.loaded(digest, 1, LOAD);
    await profiles.save();
    assert.match(String(problems[0]), /disk full/);
    assert.ok(profiles.known(digest, 1, CALM));
    Object.assign(fixture.database, { immediate });
    await profiles.save();
    assert.equal((await started()).list(digest).length, 1);
  });
});
