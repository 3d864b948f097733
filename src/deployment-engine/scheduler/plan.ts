import { holdingCost, requestValue, type SchedulerInput, type SchedulerVersion, startCost } from './input.ts';
import type { LinearProgram } from './program/index.ts';

/** One version on one node. */
export interface Assignment {
  readonly version: string;
  readonly node: string;
  readonly replicas: number;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Requests per second. */
  readonly served: number;
}

export interface Move {
  readonly kind: 'start' | 'stop';
  readonly version: string;
  readonly node: string;
  readonly replicas: number;
}

export interface VersionPlan {
  readonly id: string;
  /** Requests per second that it is given. */
  readonly demand: number;
  readonly served: number;
  readonly replicas: number;
  readonly cpus: number;
}

/** `exact`: the whole program, proven. `relaxed`: the relaxation over groups of nodes, rounded and packed. `greedy`: without a solver. */
export type PlanMethod = 'exact' | 'relaxed' | 'greedy';

export interface SchedulePlan {
  readonly method: PlanMethod;
  readonly objective: number;
  /** No plan is better than this; Infinity where no solver said. */
  readonly bound: number;
  /** How far the objective may be from the best, by the bound. */
  readonly gap: number;
  readonly assignments: readonly Assignment[];
  readonly versions: readonly VersionPlan[];
  readonly moves: readonly Move[];
  /** Minima that can't be kept together with what there is, one sentence each; empty: all are kept. Then the plan is what can be done. */
  readonly conflicts: readonly string[];
  /** Why the method is not a better one; empty otherwise. */
  readonly note: string;
  readonly solveMs: number;
  /** What was solved, for export; empty for greedy. */
  readonly programs: readonly LinearProgram[];
}

/** Value of assignments in the objective's unit. */
export function planObjective(input: SchedulerInput, assignments: readonly Assignment[]): number {
  const versions = new Map(input.versions.map((version) => [version.id, version]));
  return assignments.reduce((sum, { version: id, node, replicas, cpus, served }) => {
    const version = versions.get(id);
    if (!version) return sum;
    const started = Math.max(0, replicas - (version.current[node] ?? 0));
    return sum + requestValue(version) * served - input.prices.cpu * cpus - holdingCost(version, input.prices) * replicas - startCost(version, input.prices) * started;
  }, 0);
}

export function movesOf(versions: readonly SchedulerVersion[], assignments: readonly Assignment[]): readonly Move[] {
  const planned = Map.groupBy(assignments, ({ version }) => version);
  return versions.flatMap(({ id, current }) => {
    const wanted = new Map((planned.get(id) ?? []).map(({ node, replicas }) => [node, replicas]));
    return [...new Set([...Object.keys(current), ...wanted.keys()])].flatMap((node): Move[] => {
      const change = (wanted.get(node) ?? 0) - (current[node] ?? 0);
      return change === 0 ? [] : [{ kind: change > 0 ? 'start' : 'stop', version: id, node, replicas: Math.abs(change) }];
    });
  });
}

export function versionPlans(versions: readonly SchedulerVersion[], assignments: readonly Assignment[], demand: (version: SchedulerVersion) => number): readonly VersionPlan[] {
  const planned = Map.groupBy(assignments, ({ version }) => version);
  return versions.map((version) => {
    const own = planned.get(version.id) ?? [];
    const sum = (field: 'served' | 'replicas' | 'cpus'): number => own.reduce((total, assignment) => total + assignment[field], 0);
    return { id: version.id, demand: demand(version), served: sum('served'), replicas: sum('replicas'), cpus: sum('cpus') };
  });
}

export const relativeGap = (objective: number, bound: number): number => (bound === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : Math.max(0, (bound - objective) / Math.max(1e-9, Math.abs(bound))));
