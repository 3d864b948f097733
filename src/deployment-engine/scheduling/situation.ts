import type { DeploymentSpec } from '../../core/index.ts';
import { rests, shapeOf, type WantedVersion } from '../plan/index.ts';
import type { EstimatedProfile } from '../profiles/index.ts';
import type { Replica, ServiceState } from '../state.ts';
import type { ObservedDemand } from './demand-monitor.ts';
import type { KnownQuality } from './quality.ts';

/** Replicas that a version must and may have now. */
export interface ReplicaBounds {
  readonly min: number;
  readonly max: number;
}

/** All that a plan needs to know of one version of a service. */
export interface Situation {
  /** `service:version` */
  readonly id: string;
  readonly service: string;
  readonly wanted: WantedVersion;
  readonly bounds: ReplicaBounds;
  /** Live replicas of what it shall be, without those that leave. */
  readonly replicas: readonly Replica[];
  readonly demand: ObservedDemand;
  readonly profile: EstimatedProfile;
  readonly quality: KnownQuality;
  /** Share of a run in which it keeps a core busy. */
  readonly busyShare: number;
}

export const situationId = (service: string, { version }: Pick<DeploymentSpec, 'version'>): string => `${service}:${version}`;

/** Replicas that count towards what a version shall have. */
export function standingReplicas(replicas: readonly Replica[], target: DeploymentSpec): readonly Replica[] {
  const shape = shapeOf(target);
  return replicas.filter((replica) => replica.version === target.version && replica.shape === shape && replica.state.phase !== 'draining');
}

/** What residency leaves to the plan: nothing of a version that sleeps, at least one replica of any other; what is drained stays as it is. */
export function boundsOf({ residency }: Pick<ServiceState, 'residency'>, { target, state }: WantedVersion): ReplicaBounds {
  const { min, max } = target.replicas;
  const least = Math.max(1, min);
  if (state === 'loaded' && min === 0 && residency.get(target.version)?.asleep) return { min: 0, max: 0 };
  return { min: least, max: rests(state) ? least : max };
}

/** Whether there is anything to decide: a replica more or less, or who gets a core that two want. */
export function isWorthAPlan(situations: readonly Situation[]): boolean {
  const asked = situations.filter(({ demand }) => demand.planned > 0);
  return asked.length > 1 || situations.some(({ bounds, demand, replicas }) => bounds.max > bounds.min && (demand.planned > 0 || replicas.length > bounds.min));
}
