import { cannotBePlaced, type SchedulerInput, type ShadowPrice, shortNumber } from '../scheduler/index.ts';
import type { Allocation } from '../plan/index.ts';
import { type PlannedVersion, plannedVersions } from './plan-details.ts';
import type { Situation } from './situation.ts';
import type { DecidedPlan } from './solver-thread.ts';

/** Why a service's versions have what they have. */
export interface Explanation {
  readonly service: string;
  readonly versions: readonly ExplainedVersion[];
  /** What keeps the plan from being better, one sentence each. */
  readonly binding: readonly string[];
  /** What more of a scarce resource would bring, one sentence each; those of this service first. */
  readonly prices: readonly string[];
  /** Minima that can't all be kept. */
  readonly conflicts: readonly string[];
  readonly method: DecidedPlan['method'];
  readonly note: string;
}

export interface ExplainedVersion extends Omit<PlannedVersion, 'id' | 'service' | 'memoryBytes'> {
  readonly replicasMin: number;
  readonly replicasMax: number;
  /** Requests per second that came lately. */
  readonly rate: number;
  readonly backlog: number;
  /** Where the quality comes from. */
  readonly qualityBasis: string;
  readonly cpuSecondsPerRequest: number;
  readonly memoryBytesPerReplica: number;
  readonly loadSeconds: number;
  /** Where these come from. */
  readonly profileBasis: string;
  /** In force now; null: nothing was decided yet. */
  readonly allocation: Allocation | null;
}

export interface Explained {
  readonly service: string;
  readonly situations: readonly Situation[];
  readonly allocations: ReadonlyMap<string, Allocation>;
  readonly input: SchedulerInput;
  readonly plan: DecidedPlan;
  readonly prices: readonly ShadowPrice[];
}

export function explanation({ service, situations, allocations, input, plan, prices }: Explained): Explanation {
  const own = new Map(situations.filter((one) => one.service === service).map((one) => [one.id, one]));
  const concerns = ({ served }: ShadowPrice): number => Number(Object.keys(served).some((id) => own.has(id)));
  return {
    service,
    versions: plannedVersions(input, plan).flatMap(({ id, service: _service, memoryBytes: _memory, ...planned }) => {
      const situation = own.get(id);
      return situation ? [{ ...planned, ...known(situation), allocation: allocations.get(planned.version) ?? null }] : [];
    }),
    binding: bindingConstraints(input, plan),
    prices: prices.toSorted((a, b) => concerns(b) - concerns(a)).map(({ text }) => text),
    conflicts: plan.conflicts,
    method: plan.method,
    note: plan.note,
  };
}

const known = ({ bounds, demand, quality, profile }: Situation) => ({
  replicasMin: bounds.min,
  replicasMax: bounds.max,
  rate: demand.rate,
  backlog: demand.backlog,
  qualityBasis: quality.basis,
  cpuSecondsPerRequest: profile.cpuSecondsPerRequest,
  memoryBytesPerReplica: profile.memoryBytes,
  loadSeconds: profile.loadSeconds,
  profileBasis: profile.basisMessage,
});

/** Of what is given away, more than this is all. */
const ALL = 0.995;

function bindingConstraints(input: SchedulerInput, plan: DecidedPlan): readonly string[] {
  const planned = new Map(plan.versions.map((version) => [version.id, version]));
  const lacking = input.versions.filter(({ id }) => {
    const { served = 0, demand = 0 } = planned.get(id) ?? {};
    return served < demand * (1 - 1e-6);
  });
  const nodes = input.nodes.flatMap(({ name, cpus, memoryBytes }) => {
    const here = plan.assignments.filter(({ node }) => node === name);
    const given = here.reduce((sum, one) => sum + one.cpus, 0);
    const left = memoryBytes - here.reduce((sum, one) => sum + one.memoryBytes, 0);
    const squeezed = lacking.find((version) => version.profile.memoryBytes > left && (planned.get(version.id)?.replicas ?? 0) < version.replicas.max);
    return [
      ...(given >= cpus * ALL ? [`CPU of ${name}: all ${shortNumber(cpus)} cores that the platform leaves are given away`] : []),
      ...(squeezed ? [`memory of ${name}: ${shortNumber(left / 2 ** 20)} MiB are left, a replica of ${squeezed.id} needs ${shortNumber(squeezed.profile.memoryBytes / 2 ** 20)} MiB`] : []),
    ];
  });
  const versions = lacking.flatMap((version) => {
    const { replicas = 0 } = planned.get(version.id) ?? {};
    const impossible = cannotBePlaced(version, input);
    if (impossible) return [impossible];
    return replicas >= version.replicas.max ? [`${version.id} has ${replicas} replica${replicas === 1 ? '' : 's'}, the most that its deployment allows`] : [];
  });
  const minima = input.versions.filter(({ servedMin }) => servedMin > 0).flatMap(({ id, servedMin }) => {
    const { served = 0, demand = 0 } = planned.get(id) ?? {};
    return demand > 0 && served <= demand * servedMin * (1 + 1e-3) && servedMin < 1 ? [`${id} must serve ${shortNumber(servedMin * 100)} % of its demand, and gets just that`] : [];
  });
  return [...nodes, ...versions, ...minima];
}
