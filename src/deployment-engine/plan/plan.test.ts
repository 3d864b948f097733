import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type BatchingHint, completeProfile, type DeploymentSpec, type DeploymentState, type ReplicaPhase, type ServiceSpec, type TrafficPolicy } from '../../core/index.ts';
import { HEALTHY_MS, isForgiven, restartDelayMs } from './backoff.ts';
import { conditions, settled } from './conditions.ts';
import { type Action, type Failure, RECOVERY_MS, type ReplicaView, type ServiceView, shapeOf } from './model.ts';
import { plan } from './plan.ts';
import { type RouteFacts, serviceRoute } from './service-route.ts';
import { versionState, wantedVersions } from './versions.ts';

const NOW = 1_000_000;

function deployment(version: string, changes: Partial<DeploymentSpec> & { min?: number } = {}): DeploymentSpec {
  const { min = 1, ...rest } = changes;
  return {
    repository: 'repo', version, digest: `sha256:${version}`, state: 'loaded', target: 'local', replicas: { min, max: min }, priority: 0,
    resources: { threads: 1, memoryBytes: null, cpus: null, pids: 512, network: false, storageBytes: null },
    batching: { maxBatch: null, maxDelayMs: 0, queueLengthMax: 10 },
    timeouts: { requestTimeoutMs: 1, runTimeoutMs: 1, loadTimeoutMs: 1, drainTimeoutMs: 5_000 },
    ...rest,
  };
}
const weights = (by: Record<string, number>): TrafficPolicy => ({ kind: 'weights', weights: by, sticky: null, defaultVersion: null });
const spec = (traffic: TrafficPolicy, ...deployments: DeploymentSpec[]): ServiceSpec => ({ name: 's', deployments, traffic });

let serial = 0;
function replica(of: DeploymentSpec, phase: ReplicaPhase = 'ready', changes: Partial<ReplicaView> = {}): ReplicaView {
  const id = changes.id ?? `r${serial++}`;
  return { id, version: of.version, digest: of.digest, shape: shapeOf(of), phase, createdAt: serial, drainingSince: phase === 'draining' ? NOW : null, drainTimeoutMs: of.timeouts.drainTimeoutMs, idle: false, route: { id, socketPath: `/s/${id}`, token: 't' }, profile: null, ...changes };
}
function view(changes: Partial<ServiceView> & { spec: ServiceSpec; revision?: number }): ServiceView {
  const { spec: wanted, revision = 1, ...rest } = changes;
  return { name: 's', desired: { revision, spec: wanted }, serving: null, replicas: [], failures: new Map(), unreadySince: new Map(), labels: new Map(), profiles: new Map(), held: new Map(), allocations: new Map(), ...rest };
}
const failure = (changes: Partial<Failure> = {}): Failure => ({ failures: 1, reason: 'Crashed', message: 'it crashed', deterministic: false, nextStartAt: NOW, at: NOW, ...changes });
const kinds = (actions: readonly Action[]): string[] => actions.map((action) => (action.kind === 'start' ? `start ${action.deployment.version}` : action.kind === 'serve' ? `serve ${action.serving.revision}${action.serving.complete ? '' : ' partly'}` : action.kind === 'forget' ? 'forget' : `${action.kind} ${action.replica} ${action.reason}`));
const planned = (of: ServiceView, now = NOW): string[] => kinds(plan(of, now).actions);
const factsWith = (batching: BatchingHint | null): RouteFacts => ({ manifest: () => ({ format: 'onnx', storageBytes: 0, signature: { inputs: [], outputs: [] }, metadata: {}, batching }), predictionSource: (service, { version }) => `${service}:${version}`.length });
const route = (of: ServiceView, now = NOW) => serviceRoute(of, factsWith(null), now);

const v1 = deployment('v1');
const v2 = deployment('v2');
const all1 = spec(weights({ v1: 100 }), v1);
const serving1 = { revision: 1, spec: all1, complete: true };

describe('plan: first deployment', () => {
  it('starts as many replicas as are wanted', () => assert.deepEqual(planned(view({ spec: spec(weights({ v1: 100 }), deployment('v1', { min: 3 }), v2) })), ['start v1', 'start v1', 'start v1', 'start v2']));
  it('starts nothing twice', () => assert.deepEqual(planned(view({ spec: all1, replicas: [replica(v1, 'pending')] })), []));
  it('serves when ready', () => assert.deepEqual(planned(view({ spec: all1, replicas: [replica(v1)] })), ['serve 1']));
  it('waits for all replicas of a new version', () => assert.deepEqual(planned(view({ spec: spec(weights({ v1: 100 }), deployment('v1', { min: 2 })), serving: serving1, revision: 2, replicas: [replica(v1, 'starting'), replica(v1)] })), ['serve 2']));
  it('serves what is ready when nothing served before', () => {
    const both = spec(weights({ v1: 50, v2: 50 }), v1, v2);
    const now = view({ spec: both, replicas: [replica(v1), replica(v2, 'starting')] });
    assert.deepEqual(planned(now), ['serve 1 partly']);
    const partly = view({ spec: both, serving: { revision: 1, spec: both, complete: false }, replicas: now.replicas });
    assert.deepEqual(planned(partly), []);
    assert.deepEqual(route(partly)?.weights, { v1: 100 });
    assert.deepEqual(planned({ ...partly, replicas: [replica(v1), replica(v2)] }), ['serve 1']);
  });
  it('needs no dark version', () => assert.deepEqual(planned(view({ spec: spec(weights({ v1: 100 }), v1, v2), replicas: [replica(v1), replica(v2, 'starting')] })), ['serve 1']));
  it('asks to be woken when a failure may be retried', () => {
    const held = view({ spec: all1, failures: new Map([[shapeOf(v1), failure({ nextStartAt: NOW + 4_000 })]]) });
    assert.deepEqual(plan(held, NOW), { actions: [], wakeAt: NOW + 4_000 });
    assert.deepEqual(planned(held, NOW + 4_000), ['start v1']);
  });
  it('tries what fails one at a time', () => {
    const three = deployment('v1', { min: 3 });
    assert.deepEqual(planned(view({ spec: spec(weights({ v1: 100 }), three), failures: new Map([[shapeOf(three), failure()]]) })), ['start v1']);
  });
});

describe('plan: replacing a version', () => {
  const to2 = spec(weights({ v2: 100 }), v2);
  const old = replica(v1, 'ready', { id: 'old' });
  it('starts the new beside the old', () => assert.deepEqual(planned(view({ spec: to2, revision: 2, serving: serving1, replicas: [old] })), ['start v2']));
  it('keeps the old while the new loads', () => {
    const loading = view({ spec: to2, revision: 2, serving: serving1, replicas: [old, replica(v2, 'starting')] });
    assert.deepEqual(planned(loading), []);
    assert.deepEqual(route(loading)?.weights, { v1: 100 });
    assert.deepEqual(route(loading)?.versions.map((version) => [version.version, version.phase]), [['v2', 'starting'], ['v1', 'ready']]);
  });
  it('switches first and drains in a later pass', () => {
    const ready = view({ spec: to2, revision: 2, serving: serving1, replicas: [old, replica(v2)] });
    assert.deepEqual(planned(ready), ['serve 2']);
    assert.deepEqual(planned({ ...ready, serving: { revision: 2, spec: to2, complete: true } }), ['drain old Undeployed']);
  });
  it('stops a draining replica when idle, or at its deadline', () => {
    const of = (changes: Partial<ReplicaView>) => view({ spec: to2, revision: 2, serving: { revision: 2, spec: to2, complete: true }, replicas: [replica(v1, 'draining', { id: 'old', ...changes }), replica(v2)] });
    assert.deepEqual(plan(of({}), NOW), { actions: [], wakeAt: NOW + 5_000 });
    assert.deepEqual(planned(of({ idle: true })), ['stop old Drained']);
    assert.deepEqual(planned(of({}), NOW + 5_000), ['stop old DrainTimeout']);
  });
  it('keeps the old serving, and restarts it, when the new is broken', () => {
    const failures = new Map([[shapeOf(v2), failure({ reason: 'LoadFailed', message: 'bad bytes', deterministic: true, nextStartAt: NOW + 1_000 })]]);
    const broken = view({ spec: to2, revision: 2, serving: serving1, replicas: [old], failures });
    assert.deepEqual(planned(broken), []);
    assert.deepEqual(planned({ ...broken, replicas: [] }), ['start v1']);
    const degraded = conditions(broken, NOW, []).find((condition) => condition.type === 'Degraded');
    assert.equal(degraded?.status, true);
    assert.equal(degraded?.message, 'v2 failed: LoadFailed: bad bytes; v1 keeps serving');
    assert.equal(settled(broken, 2, NOW), true);
  });
  it('drops a third version that is no longer wanted before it ever served', () => {
    const starting = replica(deployment('v9'), 'starting', { id: 'v9' });
    assert.deepEqual(planned(view({ spec: to2, revision: 3, serving: serving1, replicas: [old, replica(v2, 'starting'), starting] })), ['stop v9 Undeployed']);
  });
  it('lets a dark version go at once', () => {
    const before = { revision: 1, spec: spec(weights({ v1: 100 }), v1, v2), complete: true };
    assert.deepEqual(planned(view({ spec: all1, revision: 2, serving: before, replicas: [old, replica(v2, 'ready', { id: 'dark' })] })), ['serve 2']);
    assert.deepEqual(planned(view({ spec: all1, revision: 2, serving: { ...serving1, revision: 2 }, replicas: [old, replica(v2, 'ready', { id: 'dark' })] })), ['drain dark Undeployed']);
  });
  it('takes a revision partly when what served can answer no more', () => {
    const both = spec(weights({ v2: 50, v3: 50 }), v2, deployment('v3'));
    const failures = new Map([[shapeOf(v1), failure({ failures: 9, nextStartAt: NOW + 9_000 })]]);
    assert.deepEqual(planned(view({ spec: both, revision: 2, serving: serving1, replicas: [replica(v2), replica(deployment('v3'), 'starting')], failures })), ['serve 2 partly']);
  });
});

describe('plan: replacing a version without weight', () => {
  const v3 = deployment('v3');
  const before = spec(weights({ v1: 100 }), v1, v2);
  const to3 = spec(weights({ v1: 100 }), v1, v3);
  const begun = view({ spec: to3, revision: 2, serving: { revision: 1, spec: before, complete: true }, replicas: [replica(v1), replica(v2, 'ready', { id: 'old' })] });
  const versions = (of: ServiceView) => route(of)?.versions.map((version) => [version.version, version.phase]);
  it('keeps the old reachable until the new is ready, then switches', () => {
    assert.deepEqual(planned(begun), ['start v3']);
    const loading = { ...begun, replicas: [...begun.replicas, replica(v3, 'starting')] };
    assert.deepEqual(planned(loading), []);
    assert.deepEqual(versions(loading), [['v1', 'ready'], ['v3', 'starting'], ['v2', 'ready']]);
    const ready = { ...begun, replicas: [...begun.replicas, replica(v3)] };
    assert.deepEqual(planned(ready), ['serve 2']);
    assert.deepEqual(planned({ ...ready, serving: { revision: 2, spec: to3, complete: true } }), ['drain old Undeployed']);
  });
  it('keeps the old when the new is broken, and restarts it', () => {
    const failures = new Map([[shapeOf(v3), failure({ reason: 'LoadFailed', deterministic: true, nextStartAt: NOW + 1_000 })]]);
    const broken = { ...begun, failures };
    assert.deepEqual(planned(broken), []);
    assert.deepEqual(versions(broken), [['v1', 'ready'], ['v3', 'failed'], ['v2', 'ready']]);
    assert.deepEqual(planned({ ...broken, replicas: [replica(v1)] }), ['start v2']);
    assert.equal(settled(broken, 2, NOW), true);
  });
  it('does the same for other content under the same name', () => {
    const other = deployment('v2', { digest: 'sha256:other' });
    const now = { ...begun, desired: { revision: 2, spec: spec(weights({ v1: 100 }), v1, other) } };
    assert.deepEqual(planned(now), ['start v2']);
    assert.deepEqual(planned({ ...now, replicas: [...now.replicas, replica(other)] }), ['serve 2']);
  });
  const cases: [what: string, from: ServiceSpec, to: ServiceSpec][] = [
    ['one that only comes along', all1, to3],
    ['one beside a change of weights', before, spec(weights({ v1: 50, v2: 50 }), v1, v2, v3)],
    ['one that comes while a weighted one leaves', spec(weights({ v1: 50, v2: 50 }), v1, v2), to3],
    ['another’s leaving', before, all1],
    ['a broken one that stays while another leaves', spec(weights({ v1: 100 }), v1, v2, v3), to3],
  ];
  for (const [what, from, to] of cases)
    it(`holds nothing up for ${what}`, () => assert.equal(planned(view({ spec: to, revision: 2, serving: { revision: 1, spec: from, complete: true }, replicas: [replica(v1), replica(v2)] }))[0], 'serve 2'));
});

describe('plan: changing a deployment in place', () => {
  const bigger = deployment('v1', { resources: { threads: 2, memoryBytes: null, cpus: null, pids: 512, network: false, storageBytes: null } });
  const after = spec(weights({ v1: 100 }), bigger);
  const old = replica(v1, 'ready', { id: 'old' });
  it('replaces a replica for other resources, new before old', () => {
    const begun = view({ spec: after, revision: 2, serving: serving1, replicas: [old] });
    assert.deepEqual(planned({ ...begun, serving: { revision: 2, spec: after, complete: true } }), ['start v1']);
    const starting = { ...begun, serving: { revision: 2, spec: after, complete: true }, replicas: [old, replica(bigger, 'starting')] };
    assert.deepEqual(planned(starting), []);
    assert.equal(route(starting)?.versions[0]?.phase, 'ready', 'the old replica answers although its shape is not the wanted one');
    assert.deepEqual(planned({ ...starting, replicas: [old, replica(bigger)] }), ['drain old Replaced']);
  });
  it('says so when replicas for other resources can’t load', () => {
    const failures = new Map([[shapeOf(bigger), failure({ reason: 'LoadFailed', message: 'too big', deterministic: true, nextStartAt: NOW + 1_000 })]]);
    const now = view({ spec: after, revision: 2, serving: { revision: 2, spec: after, complete: true }, replicas: [old], failures });
    const degraded = conditions(now, NOW, []).find((condition) => condition.type === 'Degraded');
    assert.deepEqual([degraded?.status, degraded?.reason, degraded?.message], [true, 'ReplicasFailing', 'v1 has 0 of 1 replicas as wanted: LoadFailed: too big; v1 keeps serving']);
  });
  it('changes time-outs, batching and priority without a new replica', () => {
    const changed = deployment('v1', { priority: 9, batching: { maxBatch: 4, maxDelayMs: 1, queueLengthMax: 5 } });
    const now = view({ spec: spec(weights({ v1: 100 }), changed), revision: 2, serving: serving1, replicas: [old] });
    assert.deepEqual(planned(now), ['serve 2']);
    assert.equal(route(now)?.versions[0]?.priority, 9);
  });
  it('never mixes contents under one name', () => {
    const other = deployment('v1', { digest: 'sha256:other' });
    const both = view({ spec: spec(weights({ v1: 100 }), other), revision: 2, serving: serving1, replicas: [old, replica(other, 'starting')] });
    assert.deepEqual(route(both)?.versions.map((version) => [version.digest, version.replicas.length]), [['sha256:v1', 1]]);
    const ready = { ...both, replicas: [old, replica(other)] };
    assert.deepEqual(route(ready)?.versions.map((version) => [version.digest, version.replicas.length]), [['sha256:other', 1]]);
    assert.deepEqual(planned(ready), ['serve 2']);
  });
  it('has the replicas that the scheduler allocates, within what the deployment allows', () => {
    const ranged = { ...v1, replicas: { min: 1, max: 3 } };
    const one = spec(weights({ v1: 100 }), ranged);
    const given = (replicas: number) => view({ spec: one, serving: { revision: 1, spec: one, complete: true }, replicas: [old, replica(ranged, 'ready', { id: 'new' })], allocations: new Map([['v1', { replicas, cpus: null, reason: '' }]]) });
    assert.deepEqual(planned(given(2)), []);
    assert.deepEqual(planned(given(9)), ['start v1']);
    assert.deepEqual(planned(given(0)), ['drain new ScaledDown']);
  });
  it('scales up, and down by the newest and the unready first', () => {
    const two = spec(weights({ v1: 100 }), deployment('v1', { min: 2 }));
    const serving = { revision: 2, spec: two, complete: true };
    assert.deepEqual(planned(view({ spec: two, revision: 2, serving, replicas: [old] })), ['start v1']);
    const three = [old, replica(v1, 'ready', { id: 'new' }), replica(v1, 'starting', { id: 'unready' })];
    assert.deepEqual(planned(view({ spec: all1, revision: 3, serving: { ...serving1, revision: 3 }, replicas: three })), ['drain new ScaledDown', 'stop unready ScaledDown']);
  });
  it('moves weights at once', () => {
    const both = (by: Record<string, number>) => spec(weights(by), v1, v2);
    assert.deepEqual(planned(view({ spec: both({ v1: 10, v2: 90 }), revision: 2, serving: { revision: 1, spec: both({ v1: 90, v2: 10 }), complete: true }, replicas: [replica(v1), replica(v2)] })), ['serve 2']);
  });
});

describe('plan: removing a service', () => {
  it('drains, stops and forgets', () => {
    const gone = { ...view({ spec: all1 }), desired: null };
    assert.deepEqual(planned({ ...gone, replicas: [replica(v1, 'ready', { id: 'a' }), replica(v1, 'pending', { id: 'b' })] }), ['drain a Undeployed', 'stop b Undeployed']);
    assert.deepEqual(planned({ ...gone, replicas: [replica(v1, 'draining', { id: 'a', idle: true })] }), ['stop a Drained']);
    assert.deepEqual(planned(gone), ['forget']);
    assert.equal(route(gone), null);
  });
});

describe('version phases', () => {
  const state = (of: ServiceView, now = NOW) => versionState(of, wantedVersions(of)[0] as never, now);
  const down = (changes: Partial<Failure>, since = NOW) => view({ spec: all1, serving: serving1, unreadySince: new Map([['v1', since]]), failures: new Map([[shapeOf(v1), failure(changes)]]) });
  it('is starting before the first failure and while attempts are few', () => {
    assert.equal(state(view({ spec: all1 })).phase, 'starting');
    assert.equal(state(view({ spec: all1, failures: new Map([[shapeOf(v1), failure()]]) })).phase, 'starting');
  });
  it('recovers after a crash for a bounded time and number of attempts', () => {
    assert.equal(state(down({})).phase, 'recovering');
    assert.equal(state(down({}), NOW + RECOVERY_MS).phase, 'failed');
    assert.equal(state(down({ failures: 7 })).phase, 'recovering');
    assert.equal(state(down({ failures: 8 })).phase, 'failed');
  });
  it('is starting while its environment is built, however long that takes, unless that has failed before', () => {
    const built = (changes: Partial<ServiceView> = {}) => serviceRoute(view({ spec: all1, serving: serving1, replicas: [replica(v1, 'pending', { building: 'installing' })], ...changes }), factsWith(null), NOW + 3_600_000)?.versions[0];
    assert.deepEqual([built()?.phase, built()?.reason, built()?.message], ['starting', 'EnvironmentBuilding', 'installing']);
    const lost = built({ unreadySince: new Map([['v1', NOW]]), failures: new Map([[shapeOf(v1), failure()]]) });
    assert.deepEqual([lost?.phase, lost?.reason], ['starting', 'EnvironmentBuilding']);
    const failing = built({ failures: new Map([[shapeOf(v1), failure({ reason: 'EnvironmentFailed', message: 'no such package', deterministic: true })]]) });
    assert.deepEqual([failing?.phase, failing?.reason, failing?.message], ['failed', 'EnvironmentFailed', 'no such package']);
  });
  it('fails at once for what will not get better, with the reason', () => {
    assert.deepEqual(state(down({ reason: 'LoadFailed', deterministic: true })), { phase: 'failed', reason: 'LoadFailed', message: 'it crashed' });
    assert.equal(state(view({ spec: all1, failures: new Map([[shapeOf(v1), failure({ deterministic: true })]]) })).phase, 'failed');
  });
  it('forgives failures only for what became ready after them and stayed so', () => {
    const cases: [readySince: number, now: number, expected: boolean][] = [[NOW + 1, NOW + 1 + HEALTHY_MS, true], [NOW + 1, NOW + HEALTHY_MS, false], [NOW - 1, NOW + 10 * HEALTHY_MS, false]];
    for (const [readySince, now, expected] of cases) assert.equal(isForgiven(failure(), readySince, now), expected, JSON.stringify([readySince, now]));
  });
  it('backs off: at once, ¼, ½, 1 … 60 s; loads 1, 2, 4 … 600 s', () => {
    assert.deepEqual([1, 2, 3, 4, 9, 10, 50].map((failures) => restartDelayMs(failures, false)), [0, 250, 500, 1_000, 32_000, 60_000, 60_000]);
    assert.deepEqual([1, 2, 3, 11, 50].map((failures) => restartDelayMs(failures, true)), [1_000, 2_000, 4_000, 600_000, 600_000]);
  });
});

describe('routes', () => {
  const both = spec(weights({ v1: 90, v2: 10 }), v1, v2);
  const serving = { revision: 1, spec: both, complete: true };
  it('gives a failed version’s part to the others, and keeps a recovering one’s', () => {
    const failed = view({ spec: both, serving, replicas: [replica(v1)], failures: new Map([[shapeOf(v2), failure({ deterministic: true })]]) });
    assert.deepEqual(route(failed)?.weights, { v1: 100 });
    const recovering = view({ spec: both, serving, replicas: [replica(v1)], unreadySince: new Map([['v2', NOW]]) });
    assert.deepEqual(route(recovering)?.weights, { v1: 90, v2: 10 });
  });
  it('gives a starting version no part, also under a policy that was whole before', () => {
    assert.deepEqual(route(view({ spec: both, serving, replicas: [replica(v1), replica(v2, 'starting')] }))?.weights, { v1: 100 });
    assert.deepEqual(route(view({ spec: both, serving, replicas: [] }))?.weights, { v1: 90, v2: 10 }, 'nothing else is left');
  });
  it('keeps the weights when everything has failed, so that refusals say why', () => {
    const failures = new Map([v1, v2].map((of) => [shapeOf(of), failure({ deterministic: true })]));
    assert.deepEqual(route(view({ spec: both, serving, failures }))?.weights, { v1: 90, v2: 10 });
  });
  it('follows labels, and shows those that lead here and shadow no version', () => {
    const labelled = spec({ kind: 'label', repository: 'repo', label: 'stable', defaultVersion: null }, v1, v2);
    const labels = new Map([['repo:stable', 'v2'], ['repo:old', 'v0'], ['other:x', 'v1'], ['repo:v1', 'v2']]);
    const found = route(view({ spec: labelled, serving: { revision: 1, spec: labelled, complete: true }, replicas: [replica(v1), replica(v2)], labels }));
    assert.deepEqual(found?.weights, { v2: 100 });
    assert.deepEqual(found?.labels, { stable: 'v2' });
    assert.equal(found?.defaultVersion, 'v2');
  });
  it('leaves draining and starting replicas out', () => {
    const found = route(view({ spec: both, serving, replicas: [replica(v1, 'ready', { id: 'a' }), replica(v1, 'draining'), replica(v2, 'starting')] }));
    assert.deepEqual(found?.versions.map((version) => version.replicas.map(({ id }) => id)), [['a'], []]);
  });
  it('batches by measurement, spec and hint', () => {
    const profile = completeProfile({ loadMs: 1, batchable: true, batchableReason: '', bestBatch: 16, latencyMsByBatch: {}, check: 'smoke' as const, checkMessage: '', residentBytes: 1 });
    const cases: [maxBatch: number | null, hint: number | null, batchable: boolean, expected: number][] = [[null, null, true, 16], [4, null, true, 4], [null, 8, true, 8], [32, 8, true, 8], [null, 0, true, 16], [32, null, false, 1]];
    for (const [maxBatch, hint, batchable, expected] of cases) {
      const of = deployment('v1', { batching: { maxBatch, maxDelayMs: 0, queueLengthMax: 1 } });
      const found = serviceRoute(view({ spec: spec(weights({ v1: 100 }), of), replicas: [replica(of, 'ready', { profile: { ...profile, batchable } })] }), factsWith(hint === null ? null : { maxBatchSize: hint }), NOW);
      assert.equal(found?.versions[0]?.batching.batchMax, expected, JSON.stringify([maxBatch, hint, batchable]));
      assert.equal(found?.versions[0]?.batching.rowsMax, hint || undefined, 'a hint bounds single requests too');
    }
  });
});

describe('versions that are not asked to be loaded', () => {
  const half = weights({ v1: 50, v2: 50 });
  const before = { revision: 1, spec: spec(half, v1, v2), complete: true };
  const asked = (state: DeploymentState): ServiceSpec => spec(half, v1, deployment('v2', { state }));
  const both = [replica(v1, 'ready', { id: 'a' }), replica(v2, 'ready', { id: 'b' })];
  const phases = (of: ServiceView): Record<string, string> => Object.fromEntries(route(of)?.versions.map(({ version, phase }) => [version, phase]) ?? []);
  const inForce = (state: DeploymentState, replicas: readonly ReplicaView[]): ServiceView => view({ spec: asked(state), revision: 2, serving: { revision: 2, spec: asked(state), complete: true }, replicas });

  it('leave the table first, then drain, then are gone', () => {
    const asking = view({ spec: asked('unloaded'), revision: 2, serving: before, replicas: both });
    assert.deepEqual(planned(asking), ['serve 2']);
    assert.deepEqual([route(asking)?.weights, phases(asking)], [{ v1: 50, v2: 50 }, { v1: 'ready', v2: 'ready' }]);
    const switched = inForce('unloaded', both);
    assert.deepEqual(planned(switched), ['drain b Unloaded']);
    assert.deepEqual([route(switched)?.weights, phases(switched)], [{ v1: 100 }, { v1: 'ready', v2: 'draining' }]);
    assert.deepEqual(route(switched)?.versions[1]?.replicas, []);
    const gone = inForce('unloaded', [both[0] as ReplicaView]);
    assert.deepEqual([planned(gone), phases(gone), settled(gone, 2, NOW)], [[], { v1: 'ready', v2: 'unloaded' }, true]);
  });
  it('go on while nobody else can answer', () => {
    const alone = view({ spec: asked('unloaded'), revision: 2, serving: before, replicas: [both[1] as ReplicaView], failures: new Map([[shapeOf(v1), failure({ deterministic: true, nextStartAt: NOW + 1 })]]) });
    assert.deepEqual([planned(alone), route(alone)?.weights, phases(alone)['v2']], [[], { v2: 100 }, 'ready']);
  });
  it('stay in memory without requests when drained, and are drained once nothing is in flight', () => {
    const busy = inForce('drained', both);
    assert.deepEqual([planned(busy), route(busy)?.weights, phases(busy)['v2'], route(busy)?.versions[1]?.replicas, settled(busy, 2, NOW)], [[], { v1: 100 }, 'draining', [], false]);
    const idle = inForce('drained', [both[0] as ReplicaView, { ...(both[1] as ReplicaView), idle: true }]);
    assert.deepEqual([planned(idle), phases(idle)['v2'], settled(idle, 2, NOW)], [[], 'drained', true]);
  });
  it('never let requests wait for a drained version that is restarted', () => assert.equal(phases({ ...inForce('drained', [both[0] as ReplicaView]), unreadySince: new Map([['v2', NOW]]) })['v2'], 'starting'));
  it('answer only by name when warm', () => {
    const warm = inForce('warm', both);
    assert.deepEqual([route(warm)?.weights, phases(warm)['v2'], route(warm)?.versions[1]?.replicas.length], [{ v1: 100 }, 'ready', 1]);
    const only = spec(weights({ v1: 100 }), deployment('v1', { state: 'warm' }));
    assert.deepEqual(route(view({ spec: only, serving: { revision: 1, spec: only, complete: true }, replicas: [replica(v1)] }))?.weights, {});
  });
  it('come back with their weight when all of them are ready again', () => {
    const serving = { revision: 1, spec: asked('unloaded'), complete: true };
    const loading = view({ spec: before.spec, revision: 2, serving, replicas: [both[0] as ReplicaView] });
    assert.deepEqual([planned(loading), route(loading)?.weights, phases(loading)['v2']], [['start v2'], { v1: 100 }, 'starting']);
    assert.deepEqual(planned({ ...loading, replicas: both }), ['serve 2']);
    assert.deepEqual(planned(view({ spec: before.spec, revision: 2, serving: { ...serving, spec: asked('drained') }, replicas: both })), ['serve 2']);
  });
  it('say why nobody answers when all of them rest', () => {
    const none = spec(half, deployment('v1', { state: 'unloaded' }), deployment('v2', { state: 'unloaded' }));
    const resting = view({ spec: none, revision: 2, serving: before, replicas: both });
    assert.deepEqual(planned(resting), ['serve 2']);
    const rested = { ...resting, serving: { revision: 2, spec: none, complete: true }, replicas: [] };
    assert.deepEqual([planned(rested), route(rested)?.weights, settled(rested, 2, NOW)], [[], { v1: 50, v2: 50 }, true]);
    assert.deepEqual(conditions(rested, NOW, []).map(({ type, status, reason }) => `${type} ${status} ${reason}`), ['Ready false AllVersionsResting', 'Progressing false Settled', 'Degraded false AsWanted']);
  });
  it('are woken by nothing that rests: an unloaded version that failed before is not started', () => assert.deepEqual(planned({ ...inForce('unloaded', [both[0] as ReplicaView]), failures: new Map([[shapeOf(v2), failure()]]) }), []));
});

describe('plan: a version that is loaded on demand', () => {
  const lazy = deployment('v1', { replicas: { min: 0, max: 2, idleSeconds: 60 } });
  const wanted = spec(weights({ v1: 100 }), lazy);
  const serving = { revision: 1, spec: wanted, complete: true };
  const profile = completeProfile({ loadMs: 1, batchable: true, batchableReason: '', bestBatch: 4, latencyMsByBatch: {}, check: 'smoke', checkMessage: '', residentBytes: 1 });
  const known = new Map([[shapeOf(lazy), profile]]);
  const given = (replicas: number) => new Map([['v1', { replicas, cpus: null, reason: 'as the test says' }]]);
  const phase = (of: ServiceView, now = NOW): string => versionState(of, wantedVersions(of)[0] as ReturnType<typeof wantedVersions>[number], now).phase;

  it('is loaded once before it may sleep', () => {
    assert.deepEqual(planned(view({ spec: wanted })), ['start v1']);
    assert.equal(phase(view({ spec: wanted })), 'starting');
  });
  it('sleeps when nothing is allocated, and takes its traffic with the batches that were measured', () => {
    const asleep = view({ spec: wanted, serving, profiles: known, allocations: given(0) });
    assert.deepEqual(planned(asleep), []);
    assert.equal(phase(asleep), 'asleep');
    assert.deepEqual([route(asleep)?.weights, route(asleep)?.versions[0]?.batching.batchMax, route(asleep)?.versions[0]?.replicas], [{ v1: 100 }, 4, []]);
    assert.equal(conditions(asleep, NOW, [])[0]?.status, true);
    assert.equal(settled(asleep, 1, NOW), true);
  });
  it('is not woken by a start of control, before anything is allocated', () => assert.deepEqual([planned(view({ spec: wanted, serving, profiles: known })), phase(view({ spec: wanted, serving, profiles: known }))], [[], 'asleep']));
  it('leaves with its allocation', () => assert.deepEqual(planned(view({ spec: wanted, serving, profiles: known, allocations: given(0), replicas: [replica(lazy, 'ready', { id: 'a' })] })), ['drain a ScaledDown']));
  it('wakes with its allocation; requests wait', () => {
    const waking = view({ spec: wanted, serving, profiles: known, allocations: given(1) });
    assert.deepEqual([planned(waking), phase(waking), settled(waking, 1, NOW)], [['start v1'], 'waking', false]);
  });
  it('has failed once its load has, and may be woken again when its back-off is over', () => {
    const failures = new Map([[shapeOf(lazy), failure({ reason: 'LoadFailed', message: 'bad bytes', deterministic: true, nextStartAt: NOW + 4_000 })]]);
    assert.equal(phase(view({ spec: wanted, serving, profiles: known, failures, allocations: given(1) })), 'failed');
    const resting = view({ spec: wanted, serving, profiles: known, failures, allocations: given(0) });
    assert.deepEqual([phase(resting), phase(resting, NOW + 4_000), plan(resting, NOW).wakeAt], ['failed', 'asleep', NOW + 4_000]);
  });
  it('holds no switch up while it sleeps, but does before it was ever loaded', () => {
    const both = spec(weights({ v2: 50, v1: 50 }), v2, lazy);
    const next = view({ spec: both, revision: 2, serving: { revision: 1, spec: spec(weights({ v2: 100 }), v2), complete: true }, replicas: [replica(v2)], allocations: given(0) });
    assert.deepEqual(planned({ ...next, profiles: known }), ['serve 2']);
    assert.deepEqual(planned({ ...next, allocations: new Map() }), ['start v1']);
  });
  it('stays in memory while it is asked to be warm or drained', () => {
    for (const state of ['warm', 'drained'] as const) {
      const held = { ...lazy, state };
      assert.deepEqual(planned(view({ spec: spec(weights({ v1: 100 }), held), serving: { revision: 1, spec: spec(weights({ v1: 100 }), held), complete: true }, profiles: known, allocations: given(0) })), ['start v1'], state);
    }
  });
});
