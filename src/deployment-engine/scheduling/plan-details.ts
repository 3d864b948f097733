import { schedulerJson, versionReasons, type VersionReason } from '../scheduler/index.ts';
import type { KeptPlan } from './kept-plan.ts';
import type { DecidedPlan } from './solver-thread.ts';

/** A plan in the words of the management API. */
export interface PlanDetails extends Pick<KeptPlan, 'id' | 'at' | 'trigger' | 'changes'>, Pick<DecidedPlan, 'method' | 'objective' | 'moves' | 'conflicts' | 'note' | 'solveMs'> {
  /** No plan is better; null: no solver said. */
  readonly bound: number | null;
  readonly gap: number | null;
  readonly versions: readonly PlannedVersion[];
  readonly nodes: readonly PlannedNode[];
  /** The SchedulerInput; "Infinity" stands for a limit that isn't there. */
  readonly input: Readonly<Record<string, unknown>>;
}

export interface PlannedVersion {
  /** `service:version` */
  readonly id: string;
  readonly service: string;
  readonly version: string;
  readonly priority: number;
  readonly quality: number;
  /** Requests per second. */
  readonly demand: number;
  readonly served: number;
  readonly replicas: number;
  readonly replicasNow: number;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly code: VersionReason['code'];
  readonly why: string;
}

export interface PlannedNode {
  readonly name: string;
  readonly cpus: number;
  readonly cpusUsed: number;
  readonly memoryBytes: number;
  readonly memoryUsed: number;
}

/** Says what a plan does and why. */
export function planDetails({ id, at, trigger, changes, input, plan }: KeptPlan): PlanDetails {
  const { method, objective, moves, conflicts, note, solveMs, bound, gap } = plan;
  return {
    id, at, trigger, changes, method, objective, moves, conflicts, note, solveMs,
    bound: finite(bound),
    gap: finite(gap),
    versions: plannedVersions(input, plan),
    nodes: input.nodes.map(({ name, cpus, memoryBytes }) => {
      const here = plan.assignments.filter(({ node }) => node === name);
      return { name, cpus, memoryBytes, cpusUsed: here.reduce((sum, one) => sum + one.cpus, 0), memoryUsed: here.reduce((sum, one) => sum + one.memoryBytes, 0) };
    }),
    input: JSON.parse(schedulerJson(input)) as Record<string, unknown>,
  };
}

/** What a plan gives each version, and why. */
export function plannedVersions(input: KeptPlan['input'], plan: DecidedPlan): readonly PlannedVersion[] {
  const reasons = new Map(versionReasons(input, { ...plan, programs: [] }).map((reason) => [reason.version, reason]));
  const planned = new Map(plan.versions.map((version) => [version.id, version]));
  return input.versions.map(({ id, priority, quality, current }) => {
    const { demand = 0, served = 0, replicas = 0, cpus = 0 } = planned.get(id) ?? {};
    const { code = 'no-demand', text = '' } = reasons.get(id) ?? {};
    const colon = id.indexOf(':');
    return {
      id, service: id.slice(0, colon), version: id.slice(colon + 1), priority, quality, demand, served, replicas, cpus, code, why: text,
      replicasNow: Object.values(current).reduce((sum, count) => sum + count, 0),
      memoryBytes: plan.assignments.filter(({ version }) => version === id).reduce((sum, one) => sum + one.memoryBytes, 0),
    };
  });
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
