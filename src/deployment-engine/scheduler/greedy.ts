/**
 * The plan without a solver: minima first, then the most valuable requests per share of the machine. It takes milliseconds for
 * a thousand versions on a hundred nodes and always answers; how far from the best it is, it does not know.
 */
import { requestValue, type SchedulerInput, type SchedulerVersion } from './input.ts';
import { Packing } from './packing.ts';
import type { Assignment } from './plan.ts';
import { serviceRate } from './queueing.ts';

export interface GreedyPlan {
  readonly assignments: readonly Assignment[];
  /** Requests per second that each version is given. */
  readonly demand: ReadonlyMap<string, number>;
}

export function greedyPlan(input: SchedulerInput): GreedyPlan {
  const demand = chosenTraffic(input);
  const packing = new Packing(input.nodes, input.versions);
  const [cpus, memory] = (['cpus', 'memoryBytes'] as const).map((field) => input.nodes.reduce((sum, node) => sum + node[field], 0)) as [number, number];
  const density = (version: SchedulerVersion): number => {
    const need = needOf(version, demand.get(version.id) ?? 0, input);
    return (requestValue(version) * need.served) / (need.cpus / cpus + (need.replicas * version.profile.memoryBytes) / memory + 1e-12);
  };
  const order = input.versions.map((version) => ({ version, density: density(version) })).sort((a, b) => b.density - a.density || (a.version.id < b.version.id ? -1 : 1));
  for (const { version } of order) grant(packing, version, leastOf(version, demand.get(version.id) ?? 0, input));
  for (const { version } of order) grant(packing, version, needOf(version, demand.get(version.id) ?? 0, input));
  return { assignments: assignmentsOf(input, packing, demand), demand };
}

export interface Need {
  readonly replicas: number;
  readonly cpus: number;
  readonly served: number;
}

/** What serves so many requests per second, as far as the version's limits let it. */
export function needOf(version: SchedulerVersion, rate: number, input: Pick<SchedulerInput, 'utilisationMax'>): Need {
  const { perReplica, spare, usable } = serviceRate(version, input);
  const wanted = rate > 0 ? Math.max(1, Math.ceil(rate / perReplica - 1e-9), Math.ceil(version.cpusMin / version.threads - 1e-9)) : Math.ceil(version.cpusMin / version.threads - 1e-9);
  const replicas = Math.min(version.replicas.max, Math.max(version.replicas.min, wanted));
  const served = Math.min(rate, replicas * perReplica);
  const busy = rate > 0 ? ((served + spare * replicas) * version.profile.cpuSecondsPerRequest) / usable : 0;
  return { replicas, served, cpus: Math.min(replicas * version.threads, Math.max(version.cpusMin, busy)) };
}

const leastOf = (version: SchedulerVersion, rate: number, input: SchedulerInput): Need => needOf(version, version.servedMin * rate, input);

function grant(packing: Packing, version: SchedulerVersion, need: Need): void {
  let missing = packing.grow(version, need.cpus - packing.cpus(version.id));
  while (packing.count(version.id) < need.replicas) {
    const got = packing.add(version, Math.max(0, Math.min(version.threads, missing / (need.replicas - packing.count(version.id)))));
    if (got === null) return;
    missing -= got;
  }
}

/** The packing with what each share serves of a version's demand. */
export function assignmentsOf(input: SchedulerInput, packing: Packing, demand: ReadonlyMap<string, number>): readonly Assignment[] {
  const versions = new Map(input.versions.map((version) => [version.id, version]));
  const left = new Map(demand);
  return [...packing.entries()].flatMap(({ version: id, node, replicas, cpus }): Assignment[] => {
    const version = versions.get(id);
    if (!version) return [];
    const { usable, spare } = serviceRate(version, input);
    const served = Math.max(0, Math.min(left.get(id) ?? 0, (usable * cpus) / version.profile.cpuSecondsPerRequest - spare * replicas));
    left.set(id, (left.get(id) ?? 0) - served);
    return [{ version: id, node, replicas, cpus, memoryBytes: replicas * version.profile.memoryBytes, served }];
  });
}

/** Traffic where the policy gives a range: minima, then to the most valuable version as far as its replicas can go, then to any. */
function chosenTraffic({ versions, services, utilisationMax }: SchedulerInput): ReadonlyMap<string, number> {
  const demand = new Map(versions.map((version) => [version.id, version.demand]));
  const byId = new Map(versions.map((version) => [version.id, version]));
  for (const { demand: rate, ranges } of services) {
    const order = Object.keys(ranges).flatMap((id) => byId.get(id) ?? []).sort((a, b) => requestValue(b) - requestValue(a) || a.profile.cpuSecondsPerRequest - b.profile.cpuSecondsPerRequest);
    const shares = new Map(order.map(({ id }) => [id, (ranges[id]?.min ?? 0) * rate]));
    let left = rate - [...shares.values()].reduce((sum, share) => sum + share, 0);
    const give = (version: SchedulerVersion, most: number): void => {
      const share = shares.get(version.id) ?? 0;
      const more = Math.max(0, Math.min(left, most - share));
      shares.set(version.id, share + more);
      left -= more;
    };
    for (const version of order) give(version, Math.min((ranges[version.id]?.max ?? 0) * rate, version.replicas.max * serviceRate(version, { utilisationMax }).perReplica - version.demand));
    for (const version of order) give(version, (ranges[version.id]?.max ?? 0) * rate);
    for (const [id, share] of shares) demand.set(id, (demand.get(id) ?? 0) + share);
  }
  return demand;
}
