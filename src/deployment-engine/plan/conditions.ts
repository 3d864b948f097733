import { type Condition, isResting } from '../../core/index.ts';
import { type ServiceView, shapeOf } from './model.ts';
import { effectiveWeights } from './service-route.ts';
import { readyReplicas, type VersionState, versionState, type WantedVersion, wantedVersions } from './versions.ts';

/** A service's conditions now. `since` is kept from `before` where the status did not change. */
export function conditions(view: ServiceView, now: number, before: readonly Condition[]): readonly Condition[] {
  const states = new Map(wantedVersions(view).map((wanted) => [wanted.target.version, versionState(view, wanted, now)]));
  const found = [readiness(view, states), progress(view, states), degradation(view, states)];
  return found.map((condition) => {
    const old = before.find((earlier) => earlier.type === condition.type);
    return { ...condition, since: old && old.status === condition.status ? old.since : new Date(now).toISOString() };
  });
}

type Found = Omit<Condition, 'since'>;
type States = ReadonlyMap<string, VersionState>;

function readiness(view: ServiceView, states: States): Found {
  if (!view.desired) return { type: 'Ready', status: false, reason: 'Undeploying', message: 'the service is being removed' };
  const weights = Object.keys(effectiveWeights(view, states));
  const inMemory = weights.filter((version) => states.get(version)?.phase === 'ready');
  const asleep = weights.filter((version) => wakes(states.get(version)));
  const answering = [...inMemory, ...asleep];
  if (states.size && [...states.values()].every(({ phase }) => isResting(phase))) return { type: 'Ready', status: false, reason: 'AllVersionsResting', message: [...states].map(([version, state]) => describe(version, state)).join('; ') };
  if (!view.serving || !answering.length) return { type: 'Ready', status: false, reason: 'NoVersionReady', message: [...states].map(([version, state]) => describe(version, state)).join('; ') || 'nothing is deployed' };
  return { type: 'Ready', status: true, reason: answering.length === weights.length ? 'AllVersionsReady' : 'SomeVersionsReady', message: [inMemory.length ? `${inMemory.join(', ')} answer${inMemory.length === 1 ? 's' : ''}` : '', asleep.length ? `${asleep.join(', ')} answer${asleep.length === 1 ? 's' : ''} once loaded` : ''].filter(Boolean).join('; ') };
}

/** Not in memory, but requests bring it there. */
const wakes = (state: VersionState | undefined): boolean => state?.phase === 'asleep' || state?.phase === 'waking';

function progress(view: ServiceView, states: States): Found {
  if (!view.desired) return { type: 'Progressing', status: true, reason: 'Undeploying', message: `${view.replicas.length} replicas are still leaving` };
  const starting = [...states].filter(([, state]) => ['starting', 'recovering', 'waking'].includes(state.phase)).map(([version]) => version);
  const leaving = view.replicas.filter((replica) => replica.phase === 'draining').length;
  if (starting.length) return { type: 'Progressing', status: true, reason: 'Starting', message: `${starting.join(', ')} ${starting.length === 1 ? 'is' : 'are'} starting` };
  const finishing = [...states].filter(([, state]) => state.phase === 'draining').map(([version]) => version);
  if (finishing.length) return { type: 'Progressing', status: true, reason: 'Draining', message: `${finishing.join(', ')} ${finishing.length === 1 ? 'finishes what it was' : 'finish what they were'} given` };
  const scaling = wantedVersions(view).filter((wanted) => !isFull(view, wanted) && states.get(wanted.target.version)?.phase !== 'failed');
  if (scaling.length) return { type: 'Progressing', status: true, reason: 'Scaling', message: `${scaling.map(({ target }) => target.version).join(', ')} get${scaling.length === 1 ? 's' : ''} more or newer replicas` };
  if (leaving) return { type: 'Progressing', status: true, reason: 'Draining', message: `${leaving} replica${leaving === 1 ? ' is' : 's are'} draining` };
  if (view.serving?.revision === view.desired.revision && view.serving.complete) return { type: 'Progressing', status: false, reason: 'Settled', message: `revision ${view.desired.revision} serves` };
  return { type: 'Progressing', status: false, reason: 'Blocked', message: `revision ${view.desired.revision} waits for a version that failed` };
}

function degradation(view: ServiceView, states: States): Found {
  const bad = [...states].filter(([, state]) => state.phase === 'failed' || state.phase === 'recovering');
  const unstable = wantedVersions(view).filter((wanted) => view.failures.has(shapeOf(wanted.target)) && !isFull(view, wanted) && !bad.some(([version]) => version === wanted.target.version));
  if (!bad.length && !unstable.length) return { type: 'Degraded', status: false, reason: 'AsWanted', message: '' };
  const parts = [
    ...bad.map(([version, state]) => describe(version, state)),
    ...unstable.map(({ target, replicas }) => `${target.version} has ${readyReplicas(view, target.version, target).length} of ${replicas} replicas as wanted: ${view.failures.get(shapeOf(target))?.reason}: ${view.failures.get(shapeOf(target))?.message}`),
  ];
  const answering = Object.keys(effectiveWeights(view, states)).filter((version) => states.get(version)?.phase === 'ready' || wakes(states.get(version)));
  const rest = answering.length ? `${answering.join(', ')} keep${answering.length === 1 ? 's' : ''} serving` : 'nothing serves';
  return { type: 'Degraded', status: true, reason: bad[0]?.[1].reason ?? 'ReplicasFailing', message: `${parts.join('; ')}; ${rest}` };
}

const isFull = (view: ServiceView, wanted: WantedVersion): boolean => readyReplicas(view, wanted.target.version, wanted.target).length >= wanted.replicas;

const describe = (version: string, state: VersionState): string => (state.phase === 'failed' ? `${version} failed: ${state.reason}: ${state.message}` : `${version} is ${state.phase}${state.message ? `: ${state.message}` : ''}`);

/** Whether a revision has come to rest: it, or a later one, serves, or a version of it has failed. */
export function settled(view: ServiceView, revision: number, now: number): boolean {
  if (!view.desired || view.desired.revision > revision) return true;
  const wanted = wantedVersions(view).filter((version) => version.desired);
  const states = wanted.map((version) => versionState(view, version, now).phase);
  if (states.some((phase) => phase === 'starting' || phase === 'recovering' || phase === 'waking' || phase === 'draining')) return false;
  if (states.includes('failed')) return true;
  const full = wanted.every((version) => isFull(view, version) || view.failures.has(shapeOf(version.target)));
  return full && view.serving?.revision === view.desired.revision && view.serving.complete;
}
