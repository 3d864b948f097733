/**
 * Which versions that are loaded on demand are in memory:
 *
 *   resident ──idle for idleSeconds, or evicted, or a load that failed──▶ asleep
 *      ▲                                                                   │
 *      └──────────── a request waits, or somebody asks to load it ◀────────┘
 *
 * Decisions are pure functions; the keeper remembers and tells.
 */
import type { DeploymentSpec } from '../../core/index.ts';
import { type Allocation, givenUp, mayWake, type ServiceView, shapeOf } from '../plan/index.ts';

/** What is remembered of one version that is loaded on demand. Times in milliseconds since the epoch. */
export interface Residency {
  readonly asleep: boolean;
  /** When that began. */
  readonly since: number;
  /** When it was last seen in use. */
  readonly usedAt: number;
  /** Until then it waits for memory, also while no request waits for it. */
  readonly patientUntil: number;
  /** One sentence: why it is as it is. */
  readonly reason: string;
}

/** Whether a version's presence in memory is decided here. */
export const isOnDemand = ({ replicas, state }: DeploymentSpec): boolean => replicas.min === 0 && state === 'loaded';

/** What is true of a version that nothing is remembered of: control has started, or the version is new here. */
export function firstResidency(view: ServiceView, deployment: DeploymentSpec, now: number): Residency {
  const there = view.replicas.some(({ version, phase }) => version === deployment.version && phase !== 'draining');
  const asleep = !there && mayWake(view, deployment);
  return { asleep, since: now, usedAt: now, patientUntil: now, reason: asleep ? 'nobody has asked for it yet' : '' };
}

/** When a version that is in memory has been idle for long enough; null: it must stay, whatever the time. */
export function idleAt(view: ServiceView, deployment: DeploymentSpec, { usedAt }: Residency, inUse: boolean): number | null {
  if (inUse || !mayWake(view, deployment)) return null;
  const ready = view.replicas.filter(({ shape, phase }) => shape === shapeOf(deployment) && phase === 'ready');
  if (!ready.length) return null;
  return usedAt + (deployment.replicas.idleSeconds ?? 0) * 1000;
}

/** Why a version that is in memory, or on its way there, goes to sleep now; null: it stays. */
export function sleepReason(view: ServiceView, deployment: DeploymentSpec, residency: Residency, inUse: boolean, now: number): string | null {
  const failure = view.failures.get(shapeOf(deployment));
  // Tried again when somebody asks, not before: each try costs as much as a load.
  if (mayWake(view, deployment) && givenUp(failure) && !view.replicas.some(({ version, phase }) => version === deployment.version && phase === 'ready')) return 'it could not be loaded';
  // Whoever asked for it has gone.
  if (view.held.has(deployment.version) && mayWake(view, deployment) && !inUse && now >= residency.patientUntil) return 'there was no memory for it, and nobody waits for it any more';
  const at = idleAt(view, deployment, residency, inUse);
  return at !== null && now >= at ? `no request for ${deployment.replicas.idleSeconds} s` : null;
}

/** The allocation with what residency says of it: none while asleep, at least one otherwise. */
export function bounded(allocation: Allocation | undefined, { asleep, reason }: Residency): Allocation {
  const { replicas = 1, cpus = null } = allocation ?? {};
  if (asleep) return { replicas: 0, cpus, reason };
  return allocation && allocation.replicas > 0 ? allocation : { replicas: Math.max(1, replicas), cpus, reason: reason || 'in memory until it is idle' };
}
