import type { EventSink, Resources } from '../core/index.ts';
import type { Replica } from './state.ts';
import type { LimitState, WorkerLimits } from './targets/index.ts';

/** The limits that a deployment declares; the scheduler sets the others. */
export type DeclaredLimits = Pick<WorkerLimits, 'memoryBytes' | 'cpus' | 'pids'>;

export const declaredLimits = ({ memoryBytes, cpus, pids }: DeclaredLimits | Resources): DeclaredLimits => ({ memoryBytes, cpus, pids });

const OUTGROWN = '|outgrown';

/**
 * Gives a running replica the limits that its deployment declares now, if they differ from those that it declared before.
 * What only a new worker can have makes the replica one of another shape, which the plan replaces.
 */
export async function adjustLimits(replica: Replica, resources: Resources, events: EventSink): Promise<void> {
  const declared = declaredLimits(resources);
  const changed = (Object.keys(declared) as (keyof DeclaredLimits)[]).filter((limit) => declared[limit] !== replica.declared[limit]);
  if (!replica.handle || !changed.length) return;
  replica.declared = declared;
  const { states } = await replica.handle.adjust(Object.fromEntries(changed.map((limit) => [limit, declared[limit]])));
  const found = states.filter(({ limit }) => (changed as string[]).includes(limit));
  const shape = replica.shape.replace(OUTGROWN, '');
  replica.shape = found.some(({ needsRestart }) => needsRestart) ? shape + OUTGROWN : shape;
  events.record({
    severity: found.every(({ inForce }) => inForce) ? 'info' : 'warning', reason: 'LimitsChanged',
    message: `limits of replica ${replica.id} of ${replica.service}:${replica.version}: ${found.map(describe).join('; ')}`,
    actor: 'engine', repository: replica.repository, service: replica.service, version: replica.version, replica: replica.id,
  });
}

const describe = ({ limit, wanted, inForce, reason }: LimitState): string => `${limit} ${wanted ?? 'unlimited'}${inForce ? '' : ` is not in force: ${reason}`}`;
