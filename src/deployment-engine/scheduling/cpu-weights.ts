import { requestValue, type SchedulerInput } from '../scheduler/index.ts';
import type { DecidedPlan } from './solver-thread.ts';

/** Of all cores, what a version keeps that the plan gives nothing: it must answer probes and die in order. */
const LEAST_SHARE = 0.02;
/** The weight of a process that has a core to itself, and of the platform's own. */
const NORMAL = 100;

/**
 * Weight of each replica where cores are short, by version: in proportion to the cores that the plan gives it, and of cores that
 * it gives nobody, by what a request is worth. A replica with a whole core weighs as much as one of the platform's processes.
 */
export function cpuWeights(input: SchedulerInput, plan: DecidedPlan): ReadonlyMap<string, number> {
  const cores = input.nodes.reduce((sum, { cpus }) => sum + cpus, 0);
  const planned = new Map(plan.versions.map((version) => [version.id, version]));
  const spare = Math.max(0, cores - plan.versions.reduce((sum, { cpus }) => sum + cpus, 0));
  const running = input.versions.filter(({ id }) => (planned.get(id)?.replicas ?? 0) > 0);
  const values = running.reduce((sum, version) => sum + requestValue(version), 0);
  return new Map(running.map((version) => {
    const { cpus, replicas } = planned.get(version.id) ?? { cpus: 0, replicas: 1 };
    const share = Math.max(LEAST_SHARE * cores, cpus + (spare * requestValue(version)) / values);
    return [version.id, Math.max(1, Math.round((NORMAL * share) / replicas))];
  }));
}
