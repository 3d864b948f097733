import type { DeploymentSpec, DeploymentState, ServiceSpec, TrafficPolicy, VersionPhase } from '../../core/index.ts';
import { withoutVersions } from './weights.ts';
import { type Failure, RECOVERY_FAILURES_MAX, RECOVERY_MS, type ReplicaView, type ServiceView, shapeOf } from './model.ts';

/** One version that should run now. */
export interface WantedVersion {
  /** What shall be: replicas are started with this. */
  readonly target: DeploymentSpec;
  /** What serves under the same name until then, where its content differs; null: nothing else. */
  readonly previous: DeploymentSpec | null;
  /** Part of the desired spec; false: part of the revision in force, until the switch. */
  readonly desired: boolean;
  /** In force: what takes requests does so until the switch; what rests may be readied before it. */
  readonly state: DeploymentState;
  /** That shall run now. */
  readonly replicas: number;
}

/** Takes no requests at all. */
export const rests = (state: DeploymentState): boolean => state === 'drained' || state === 'unloaded';

/** What the scheduler allocated, kept within what the deployment allows. Only what is `loaded` may sleep: the others are asked to be in memory. */
function replicasOf(view: ServiceView, deployment: DeploymentSpec, state: DeploymentState): number {
  if (state === 'unloaded') return 0;
  const { version, replicas } = deployment;
  const least = state === 'loaded' ? replicas.min : Math.max(1, replicas.min);
  return Math.min(replicas.max, Math.max(least, view.allocations.get(version)?.replicas ?? unallocated(view, deployment)));
}

/** Before anything was allocated, at the start of control, what sleeps is not woken by that. */
const unallocated = (view: ServiceView, deployment: DeploymentSpec): number => (mayWake(view, deployment) && !view.replicas.some(({ version, phase }) => version === deployment.version && phase !== 'draining') ? 0 : 1);

/** Whether a version may be out of memory and still take requests: it is loaded on demand and has been seen to load. */
export const mayWake = (view: Pick<ServiceView, 'profiles'>, deployment: DeploymentSpec): boolean => deployment.replicas.min === 0 && deployment.state === 'loaded' && view.profiles.has(shapeOf(deployment));

/** Desired versions and those of the revision in force, which stay until the switch, in that order. */
export function wantedVersions(view: ServiceView): readonly WantedVersion[] {
  if (!view.desired) return [];
  const serving = view.serving?.spec.deployments ?? [];
  const switched = view.serving?.revision === view.desired.revision;
  const desired = view.desired.spec.deployments.map((target) => {
    const previous = serving.find((deployment) => deployment.version === target.version);
    const goesOn = !switched && previous && !rests(previous.state) && rests(target.state);
    const state = goesOn ? previous.state : target.state;
    return { target, previous: previous && previous.digest !== target.digest ? previous : null, desired: true, state, replicas: replicasOf(view, target, state) };
  });
  if (switched) return desired;
  const names = new Set(desired.map((wanted) => wanted.target.version));
  // Of a revision that serves in part, only what is ready counts.
  const kept = serving.filter(({ version }) => !names.has(version) && (view.serving?.complete || readyReplicas(view, version).length > 0));
  return [...desired, ...kept.map((target) => ({ target, previous: null, desired: false, state: target.state, replicas: replicasOf(view, target, target.state) }))];
}

/** Who answers version-less requests under a policy, in percent, labels resolved; empty when a label leads nowhere. */
export function policyWeights(policy: TrafficPolicy, labels: ReadonlyMap<string, string>): Readonly<Record<string, number>> {
  if (policy.kind === 'weights') return policy.weights;
  const version = policy.kind === 'version' ? policy.version : labels.get(`${policy.repository}:${policy.label}`);
  return version === undefined ? {} : { [version]: 100 };
}

/** Who answers version-less requests of a spec: the part of versions that are not loaded goes to the others; empty when nobody may. */
export function trafficWeights({ deployments, traffic }: ServiceSpec, labels: ReadonlyMap<string, string>): Readonly<Record<string, number>> {
  const held = new Set(deployments.filter(({ state }) => state !== 'loaded').map(({ version }) => version));
  return withoutVersions(policyWeights(traffic, labels), (version) => held.has(version));
}

export function readyReplicas(view: ServiceView, version: string, deployment?: DeploymentSpec): readonly ReplicaView[] {
  const shape = deployment && shapeOf(deployment);
  return view.replicas.filter((replica) => replica.version === version && replica.phase === 'ready' && (shape === undefined || replica.shape === shape));
}

/**
 * What answers for a version now: the target once enough of it is ready, until then what served under this name.
 * Replicas of equal content answer together, whatever their resources; of different content never.
 */
export function activeDeployment(view: ServiceView, wanted: WantedVersion): { readonly deployment: DeploymentSpec; readonly replicas: readonly ReplicaView[] } {
  const { target, previous } = wanted;
  const ready = readyReplicas(view, target.version);
  const fresh = ready.filter((replica) => replica.digest === target.digest);
  const old = previous ? ready.filter((replica) => replica.digest === previous.digest) : [];
  if (!previous || !old.length || fresh.length >= wanted.replicas) return { deployment: target, replicas: fresh };
  return { deployment: previous, replicas: old };
}

export interface VersionState {
  readonly phase: VersionPhase;
  readonly reason: string;
  readonly message: string;
}

/** What a version does now, and why. */
export function versionState(view: ServiceView, wanted: WantedVersion, now: number): VersionState {
  if (wanted.state === 'unloaded') return unloadedState(view, wanted);
  const state = runningState(view, wanted, now);
  if (wanted.state !== 'drained') return state;
  // Requests wait for nothing here.
  return state.phase === 'ready' ? drainedState(view, wanted) : state.phase === 'recovering' ? { ...state, phase: 'starting' } : state;
}

function unloadedState(view: ServiceView, { target }: WantedVersion): VersionState {
  const left = view.replicas.filter((replica) => replica.version === target.version).length;
  const phase = left ? 'draining' : 'unloaded';
  return { phase, reason: 'UnloadRequested', message: `${left ? `${replicas(left)} on the way out` : 'not in memory'}; bring it back with: lepton-ai load ${view.name}:${target.version}` };
}

function drainedState(view: ServiceView, { target }: WantedVersion): VersionState {
  const busy = readyReplicas(view, target.version).filter((replica) => !replica.idle).length;
  const phase = busy ? 'draining' : 'drained';
  return { phase, reason: 'DrainRequested', message: `${busy ? `${replicas(busy)} with requests to answer` : 'in memory'}; bring it back with: lepton-ai load ${view.name}:${target.version}` };
}

const replicas = (count: number): string => `${count} replica${count === 1 ? '' : 's'}`;

/** Ready if anything answers; `recovering` while a version that served is being restarted, for a bounded time. */
function runningState(view: ServiceView, wanted: WantedVersion, now: number): VersionState {
  const { target } = wanted;
  const ready = activeDeployment(view, wanted).replicas.length;
  if (ready) return { phase: 'ready', reason: 'Ready', message: ready < wanted.replicas ? `${ready} of ${wanted.replicas} replicas ready` : '' };
  const failure = view.failures.get(shapeOf(target));
  if (wanted.replicas === 0) return sleepingState(view, wanted, failure, now);
  const held = view.held.get(target.version);
  if (held?.final) return { phase: 'failed', reason: 'InsufficientMemory', message: held.message };
  if (held) return { phase: mayWake(view, target) ? 'waking' : 'starting', reason: 'InsufficientMemory', message: held.message };
  const since = view.unreadySince.get(target.version);
  if (since !== undefined && now - since < RECOVERY_MS && !givenUp(failure)) return { phase: 'recovering', reason: failure?.reason ?? 'Restarting', message: failure ? `restarting after: ${failure.message}` : 'restarting' };
  const building = givenUp(failure) ? null : view.replicas.find((replica) => replica.version === target.version && replica.digest === target.digest && replica.building != null)?.building;
  if (mayWake(view, target) && !givenUp(failure)) return { phase: 'waking', reason: 'Waking', message: building ?? (failure ? `attempt ${failure.failures + 1} after: ${failure.message}` : 'being loaded; requests wait') };
  if (building != null) return { phase: 'starting', reason: 'EnvironmentBuilding', message: building };
  if (failure && (since !== undefined || givenUp(failure))) return { phase: 'failed', reason: failure.reason, message: failure.message };
  return { phase: 'starting', reason: 'Starting', message: failure ? `attempt ${failure.failures + 1} after: ${failure.message}` : 'no replica is ready yet' };
}

/** Out of memory, and loaded by the next request; after a load that failed not before its time. */
function sleepingState(view: ServiceView, { target }: WantedVersion, failure: Failure | undefined, now: number): VersionState {
  if (failure && now < failure.nextStartAt) return { phase: 'failed', reason: failure.reason, message: `${failure.message}; requests load it again in ${Math.ceil((failure.nextStartAt - now) / 1000)} s` };
  const why = view.allocations.get(target.version)?.reason;
  return { phase: 'asleep', reason: 'ScaledToZero', message: `${why ? `${why}; ` : ''}the first request loads it, or: lepton-ai load ${view.name}:${target.version}` };
}

export function givenUp(failure: Failure | undefined): boolean {
  return failure !== undefined && (failure.deterministic || failure.failures >= RECOVERY_FAILURES_MAX);
}
