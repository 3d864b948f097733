import { DEPLOYMENT_DEFAULTS } from './spec/deployment-spec.ts';
import type { Replica } from './state.ts';
import { type LimitState, UNLIMITED, type WorkerLimits } from './targets/index.ts';

/** Nobody asked for these: what a host can't give of them is said of the host, not of each service. */
const BY_DEFAULT: WorkerLimits = { ...UNLIMITED, memoryBytes: DEPLOYMENT_DEFAULTS.resources.memoryBytes, cpus: DEPLOYMENT_DEFAULTS.resources.cpus, pids: DEPLOYMENT_DEFAULTS.resources.pids };
const NAMES: Readonly<Record<keyof WorkerLimits, string>> = { memoryBytes: 'memory', cpuWeight: 'CPU weight', cpus: 'cpus', cpuset: 'cpuset', pids: 'pids' };

/** Limits of running replicas that were asked for and do not hold, or hold in a weaker way; the same words once. */
export function limitWarnings(replicas: readonly Replica[]): readonly string[] {
  const states = replicas.flatMap(({ handle }) => (handle?.exited === null ? handle.limits.states : []));
  return [...new Set(states.filter(({ limit, wanted, reason }) => reason !== '' && wanted !== BY_DEFAULT[limit]).map(describe))];
}

const describe = ({ limit, wanted, inForce, reason }: LimitState): string => `the limit of ${NAMES[limit]} (${wanted}) ${inForce ? 'holds' : 'is not enforced:'} ${reason}`;
