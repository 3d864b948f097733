import { type IsolationState, LIMIT_SLOTS, type LimitSlot } from '../../../core/index.ts';
import type { WorkerLimits } from '../limits.ts';
import type { PlatformGroups } from './cgroups/index.ts';

/** Limits that any host could give, to see whether this one does. */
const TRIED: WorkerLimits = { memoryBytes: 2 ** 30, cpuWeight: 200, cpus: 0.5, cpuset: '0', pids: 64 };
const LIMITS_OF: Readonly<Record<LimitSlot, readonly (keyof WorkerLimits)[]>> = { cpu: ['cpuWeight', 'cpus'], memory: ['memoryBytes'], pids: ['pids'], cpuset: ['cpuset'] };
const NO_GROUPS = 'control groups are not used';
const BY_RLIMIT = 'RLIMIT_DATA limits each process of a worker by itself, not all together; for one limit over all of them';

/** What limits hold on this host, found out by setting them on a group that is made for it. */
export async function probeLimits(groups: PlatformGroups | null): Promise<Readonly<Record<LimitSlot, IsolationState>>> {
  const report = await groups?.probe(TRIED);
  const stateOf = (slot: LimitSlot): IsolationState => {
    const states = (report?.states ?? []).filter(({ limit }) => LIMITS_OF[slot].includes(limit));
    const failed = states.find(({ inForce }) => !inForce);
    if (states.length && !failed) return { enforced: true, by: states[0]?.by ?? 'none', reason: '' };
    const reason = failed?.reason ?? [...(groups?.problems.values() ?? [])][0] ?? NO_GROUPS;
    return slot === 'memory' ? { enforced: true, by: 'rlimit', reason: `${BY_RLIMIT}: ${reason}` } : { enforced: false, by: 'none', reason };
  };
  return Object.fromEntries(LIMIT_SLOTS.map((slot) => [slot, stateOf(slot)])) as Record<LimitSlot, IsolationState>;
}
