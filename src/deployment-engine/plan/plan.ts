import { takesRequests } from '../../core/index.ts';
import { type Action, type Plan, RECOVERY_MS, type ReplicaView, type ServiceView, type Serving, shapeOf } from './model.ts';
import { mayWake, policyWeights, readyReplicas, rests, trafficWeights, versionState, type WantedVersion, wantedVersions } from './versions.ts';

/**
 * The next safe steps for one service. Level-triggered: it looks at what is, not at what happened, so calling it again
 * after any crash gives the right answer.
 *
 *   start what is missing ──▶ all that the new policy needs is ready ──▶ serve (switch the table)
 *                                                                          │ next pass
 *                             stop when idle or out of time ◀── drain what nobody needs
 *
 * Nothing that serves is drained in the pass that switches: gateways get the new table first.
 */
export function plan(view: ServiceView, now: number): Plan {
  const wanted = wantedVersions(view);
  const starts = wanted.flatMap((version) => missing(view, version, now));
  const serving = nextServing(view, wanted, now);
  const actions: Action[] = serving ? [{ kind: 'serve', serving }, ...starts] : [...starts, ...departures(view, wanted), ...stops(view, now)];
  if (!view.desired && !view.replicas.length) actions.push({ kind: 'forget' });
  return { actions, wakeAt: wakeAt(view, wanted, now) };
}

function missing(view: ServiceView, version: WantedVersion, now: number): Action[] {
  const { target } = version;
  const shape = shapeOf(target);
  const live = view.replicas.filter((replica) => replica.shape === shape && replica.phase !== 'draining');
  const failure = view.failures.get(shape);
  if (failure && now < failure.nextStartAt) return [];
  const count = version.replicas - live.length;
  // What fails is tried one replica at a time.
  const starts = failure ? Math.min(count, live.some((replica) => replica.phase !== 'ready') ? 0 : 1) : count;
  return Array.from({ length: Math.max(0, starts) }, () => ({ kind: 'start' as const, deployment: target }));
}

/** The policy that should come into force now; null: the one in force stays. */
function nextServing(view: ServiceView, wanted: readonly WantedVersion[], now: number): Serving | null {
  const { desired, serving } = view;
  if (!desired || (serving?.revision === desired.revision && serving.complete)) return null;
  const needed = Object.keys(trafficWeights(desired.spec, view.labels));
  // A policy whose versions are all asked to rest waits for none of them.
  const leads = Object.keys(policyWeights(desired.spec.traffic, view.labels)).length > 0;
  const complete = leads && [...needed, ...darkSuccessors(view, needed)].every((version) => isReady(view, wanted, version, now));
  if (complete) return { ...desired, complete };
  if (serving?.revision === desired.revision) return null;
  const some = needed.some((version) => wanted.some(({ target }) => target.version === version && readyReplicas(view, version, target).length > 0));
  return some && !answers(view, wanted, now) ? { ...desired, complete: false } : null;
}

/**
 * Versions without weight that take the place of others without weight: requests reach those by name or label, so they
 * go on until their successors are ready. One that only comes along, or only goes, holds nothing up.
 */
function darkSuccessors({ desired, serving, labels }: ServiceView, needed: readonly string[]): string[] {
  if (!desired || !serving) return [];
  const before = new Map(serving.spec.deployments.filter(({ state }) => !rests(state)).map((deployment) => [deployment.version, deployment.digest]));
  const after = new Set(desired.spec.deployments.map((deployment) => deployment.version));
  const weights = trafficWeights(serving.spec, labels);
  const darkLeaves = [...before.keys()].some((version) => !after.has(version) && !Object.hasOwn(weights, version));
  return desired.spec.deployments
    .filter(({ version, digest, state }) => !rests(state) && !needed.includes(version) && (before.has(version) ? before.get(version) !== digest : darkLeaves))
    .map(({ version }) => version);
}

/** A new version needs all its replicas, so that the switch loses no capacity; one that serves already needs one, one that is loaded on demand none. */
function isReady(view: ServiceView, wanted: readonly WantedVersion[], version: string, now: number): boolean {
  const found = wanted.find(({ target, desired }) => desired && target.version === version);
  if (!found) return false;
  if (mayWake(view, found.target)) return takesRequests(versionState(view, found, now).phase);
  const inForce = view.serving?.spec.deployments.some((deployment) => deployment.version === version && deployment.digest === found.target.digest && deployment.state !== 'unloaded');
  const ready = inForce ? readyReplicas(view, version).length : readyReplicas(view, version, found.target).length;
  return ready >= (inForce ? 1 : found.replicas);
}

/** Whether the policy in force can answer anything, now or within its recovery. */
function answers(view: ServiceView, wanted: readonly WantedVersion[], now: number): boolean {
  if (!view.serving) return false;
  const weights = trafficWeights(view.serving.spec, view.labels);
  return wanted.some((version) => Object.hasOwn(weights, version.target.version) && takesRequests(versionState(view, version, now).phase));
}

/** Replicas that nobody needs: those without a place leave the table, those that never served just stop. */
function departures(view: ServiceView, wanted: readonly WantedVersion[]): Action[] {
  const actions: Action[] = [];
  for (const replica of view.replicas) {
    if (replica.phase === 'draining') continue;
    const version = wanted.find(({ target }) => target.version === replica.version);
    if (!version) actions.push(leave(replica, 'Undeployed', `version ${replica.version} is not deployed any more`));
    else if (version.state === 'unloaded') actions.push(leave(replica, 'Unloaded', `version ${replica.version} is asked to be unloaded`));
    else if (replica.shape !== shapeOf(version.target) && (replica.phase !== 'ready' || replaced(view, version))) actions.push(leave(replica, 'Replaced', 'replaced by replicas of the newer revision'));
  }
  for (const version of wanted) if (version.state !== 'unloaded') actions.push(...surplus(view, version));
  return actions;
}

function replaced(view: ServiceView, { target, replicas }: WantedVersion): boolean {
  return readyReplicas(view, target.version, target).length >= replicas;
}

function surplus(view: ServiceView, { target, replicas }: WantedVersion): Action[] {
  const shape = shapeOf(target);
  const live = view.replicas.filter((replica) => replica.shape === shape && replica.phase !== 'draining');
  // Ready ones stay before others, older before newer.
  const order = [...live].sort((a, b) => Number(b.phase === 'ready') - Number(a.phase === 'ready') || a.createdAt - b.createdAt);
  const why = view.allocations.get(target.version)?.reason;
  return order.slice(replicas).map((replica) => leave(replica, 'ScaledDown', `${replicas} replicas are wanted${why ? `: ${why}` : ''}`));
}

function leave(replica: ReplicaView, reason: 'Undeployed' | 'Unloaded' | 'Replaced' | 'ScaledDown', message: string): Action {
  return { kind: replica.phase === 'ready' ? 'drain' : 'stop', replica: replica.id, reason, message };
}

function stops(view: ServiceView, now: number): Action[] {
  return view.replicas
    .filter((replica) => replica.phase === 'draining' && (replica.idle || now >= drainDeadline(replica)))
    .map((replica) =>
      replica.idle
        ? { kind: 'stop', replica: replica.id, reason: 'Drained', message: 'no request in flight' }
        : { kind: 'stop', replica: replica.id, reason: 'DrainTimeout', message: `requests were still in flight after ${replica.drainTimeoutMs} ms` },
    );
}

const drainDeadline = (replica: ReplicaView): number => (replica.drainingSince ?? 0) + replica.drainTimeoutMs;

function wakeAt(view: ServiceView, wanted: readonly WantedVersion[], now: number): number | null {
  const shapes = new Set(wanted.map(({ target }) => shapeOf(target)));
  const times = [
    ...view.replicas.filter((replica) => replica.phase === 'draining').map(drainDeadline),
    ...[...view.failures].filter(([shape]) => shapes.has(shape)).map(([, failure]) => failure.nextStartAt),
    ...[...view.unreadySince.values()].map((since) => since + RECOVERY_MS),
  ].filter((time) => time > now);
  return times.length ? Math.min(...times) : null;
}
