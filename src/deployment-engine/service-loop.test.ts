import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type DeploymentSpec, LeptonError, type ServiceSpec, unisolated } from '../core/index.ts';
import { publishScale } from '../testing/platform-harness.ts';
import { until } from '../testing/until.ts';
import { openRepository, type RepositoryFixture } from '../testing/repository-fixture.ts';
import { adoptReplicas } from './adoption.ts';
import { declaredLimits } from './declared-limits.ts';
import { HEALTHY_MS, shapeOf } from './plan/index.ts';
import { ReplicaSet, replicaState } from './replica-set.ts';
import { nodeWorkerCommand } from './runtimes/index.ts';
import { ServiceLoop } from './service-loop.ts';
import { deployEdit } from './spec/spec-edits.ts';
import type { Replica, ServiceState } from './state.ts';
import { EngineStore, newServiceState } from './store.ts';
import { type Target, UNLIMITED, type WorkerHandle, type WorkerRecord } from './targets/index.ts';
import type { DeploymentInput } from './types.ts';
import { PredictionSources } from './prediction-sources.ts';
import { VersionFacts } from './version-facts.ts';
import { WorkerLauncher } from './worker-launcher.ts';

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const events = { record: () => {} };

/** A machine on which no worker starts any more, and those that run are found again. */
const fullTarget: Target = {
  isolation: async () => unisolated('a made-up target'),
  name: 'full',
  start: () => Promise.reject(new LeptonError('REPLICA_FAILED', 'no process is left', { details: { reason: 'SpawnFailed' } })),
  adopt: async (record) => runningWorker(record),
};

const NO_LIMITS = { limits: UNLIMITED, states: [] };

function runningWorker(record: WorkerRecord): WorkerHandle {
  const gone = { code: 0, signal: null, reason: 'Drained', message: '', expected: true } as const;
  return { ...record, record, status: { phase: 'ready', reason: 'Loaded', message: '' }, exited: null, silentMs: 0, onStatus: () => {}, onExit: () => {}, usage: () => null, isolation: unisolated('a made-up target'), limits: NO_LIMITS, adjust: async () => NO_LIMITS, stop: async () => gone, kill: async () => gone, detach: () => {} };
}

describe('the loop of one service', () => {
  let fixture: RepositoryFixture;
  let store: EngineStore;
  let facts: VersionFacts;
  let now = 0;
  const clock = { now: () => now, monotonic: () => now };
  beforeEach(async () => {
    fixture = await openRepository();
    await publishScale(fixture, fixture.directory, 'v1', 1);
    store = new EngineStore(fixture.database);
    facts = new VersionFacts(fixture.repository, new PredictionSources(fixture.database, clock));
    now = Date.now();
  });
  afterEach(() => fixture.close());

  /** What one control process has: the loop and its replicas. */
  function control(service: ServiceState) {
    const services = new Map([[service.name, service]]);
    const { repository } = fixture;
    const replicas: ReplicaSet = new ReplicaSet({ store, events, clock, log, onChange: (replica, before) => loop.noteChange(service, replica, before) });
    const launcher = new WorkerLauncher({ repository, profiles: { known: () => null, loaded: () => undefined }, target: fullTarget, runtimeFor: () => ({ prepare: async () => nodeWorkerCommand }), replicas, clock, log, logDirectory: fixture.directory, orphanGraceMs: 1_000 });
    const loop = new ServiceLoop({ services, replicas, launcher, repository, store, facts, events, clock, residency: { apply: () => null, ready: () => {} }, memory: { admit: (_service, starts) => ({ admitted: starts, at: null }) }, hasLeft: () => false, publish: () => {}, onPass: () => {} });
    return { services, replicas, launcher, loop };
  }

  async function want(service: ServiceState, deployment: Omit<DeploymentInput, 'version'>): Promise<DeploymentSpec> {
    const resolve = await facts.resolve(['scale:v1']);
    const spec: ServiceSpec = deployEdit('shop', service.desired?.spec ?? null, { version: 'scale:v1', ...deployment }, resolve);
    const revision = service.revision + 1;
    await store.commitRevision(service, revision, spec, { by: 'test', reason: '', at: new Date(now).toISOString() });
    Object.assign(service, { revision, spec, desired: { revision, spec }, serving: { revision, spec, complete: true } });
    return spec.deployments[0] as DeploymentSpec;
  }

  function readyReplica(of: DeploymentSpec): Replica {
    const record = { replica: 'r1', pid: 1, pidStartTime: '1', token: 't', socketPath: join(fixture.directory, 'r1.sock'), configPath: join(fixture.directory, 'none.json'), logFile: join(fixture.directory, 'r1.log') };
    return { id: 'r1', service: 'shop', version: of.version, repository: of.repository, digest: of.digest, shape: shapeOf(of), threads: of.resources.threads, declared: declaredLimits(of.resources), drainTimeoutMs: of.timeouts.drainTimeoutMs, createdAt: now, since: now, attempt: 0, state: replicaState('ready', 'Loaded'), handle: runningWorker(record), profile: null, usage: null, drainingSince: null, leftGeneration: null, stopping: null };
  }

  it('backs off from what fails beside a replica that has been well all along', async () => {
    const service = newServiceState('shop', '');
    const { replicas, loop } = control(service);
    const deployment = await want(service, { replicas: 2 });
    replicas.add(readyReplica(deployment));
    now += 2 * HEALTHY_MS;
    for (let pass = 0; pass < 6; pass++) {
      await loop.pass('shop');
      await until('what was started has failed', () => replicas.live('shop').length === 1);
    }
    // The first failure is tried again at once, the second not before a second has gone.
    assert.equal([...replicas.all()].filter(({ state }) => state.phase === 'failed').length, 2);
    assert.equal(service.failures.get(shapeOf(deployment))?.failures, 2);
  });

  it('gives running replicas a changed drain time-out, which the next control process still knows', async () => {
    const service = newServiceState('shop', '');
    const first = control(service);
    const replica = readyReplica(await want(service, {}));
    first.replicas.add(replica);
    await want(service, { timeouts: { drainTimeoutMs: 1_234 } });
    await first.loop.pass('shop');
    assert.equal(replica.drainTimeoutMs, 1_234);
    first.launcher.drain(replica, 'Undeployed', '');
    await first.replicas.flush();

    const second = control(service);
    const runDirectory = join(fixture.directory, 'run');
    await mkdir(runDirectory);
    await adoptReplicas({ ...second, store, target: fullTarget, runDirectory, groups: null, events, clock, log });
    assert.deepEqual(second.replicas.live().map(({ state, drainTimeoutMs }) => [state.phase, drainTimeoutMs]), [['draining', 1_234]]);
  });
});
