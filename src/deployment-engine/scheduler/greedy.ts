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
function assignmentsOf(input: SchedulerInput, packing: Packing, demand: ReadonlyMap<string, number>): readonly Assignment[] {
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

/**
 * Traffic where the policy gives a range: minima, then all to what costs the least CPU, then as much as the machine has cores for is moved to
 * better versions, the best gain for its cores first.
 */
function chosenTraffic(input: SchedulerInput): ReadonlyMap<string, number> {
  const demand = new Map(input.versions.map((version) => [version.id, version.demand]));
  const byId = new Map(input.versions.map((version) => [version.id, version]));
  const choices = input.services.map(({ ranges, demand: rate }) => new TrafficChoice(Object.keys(ranges).flatMap((id) => byId.get(id) ?? []), ranges, rate, input));
  const cores = input.nodes.reduce((sum, { cpus }) => sum + cpus, 0);
  let spare = cores - input.versions.reduce((sum, version) => sum + needOf(version, version.demand, input).cpus, 0) - choices.reduce((sum, choice) => sum + choice.cpus(), 0);
  for (const upgrade of choices.flatMap((choice) => choice.upgrades()).sort((a, b) => b.gain - a.gain)) spare -= upgrade.take(spare);
  for (const choice of choices) for (const [id, rate] of choice.rates) demand.set(id, (demand.get(id) ?? 0) + rate);
  return demand;
}

interface Upgrade {
  /** Value for each core more. */
  readonly gain: number;
  /** Moves what so many cores allow; the cores that it took. */
  take(cores: number): number;
}

/** How one service's traffic is split. */
class TrafficChoice {
  readonly rates = new Map<string, number>();
  readonly #versions: readonly SchedulerVersion[];
  readonly #least: ReadonlyMap<string, number>;
  readonly #most: ReadonlyMap<string, number>;
  readonly #cost: (version: SchedulerVersion) => number;

  constructor(versions: readonly SchedulerVersion[], ranges: Readonly<Record<string, { readonly min: number; readonly max: number }>>, rate: number, input: SchedulerInput) {
    this.#cost = (version) => version.profile.cpuSecondsPerRequest / serviceRate(version, input).usable;
    this.#versions = versions.toSorted((a, b) => this.#cost(a) - this.#cost(b) || requestValue(b) - requestValue(a));
    const replicas = (version: SchedulerVersion): number => Math.max(0, version.replicas.max * serviceRate(version, input).perReplica - version.demand);
    this.#most = new Map(versions.map((version) => [version.id, Math.max((ranges[version.id]?.min ?? 0) * rate, Math.min((ranges[version.id]?.max ?? 0) * rate, replicas(version)))]));
    this.#least = new Map(versions.map(({ id }) => [id, (ranges[id]?.min ?? 0) * rate]));
    for (const [id, least] of this.#least) this.rates.set(id, least);
    let left = rate - [...this.rates.values()].reduce((sum, one) => sum + one, 0);
    for (const most of [(id: string) => this.#most.get(id) ?? 0, (id: string) => (ranges[id]?.max ?? 0) * rate]) {
      for (const { id } of this.#versions) {
        const more = Math.max(0, Math.min(left, most(id) - (this.rates.get(id) ?? 0)));
        this.rates.set(id, (this.rates.get(id) ?? 0) + more);
        left -= more;
      }
    }
  }

  cpus(): number {
    return this.#versions.reduce((sum, version) => sum + (this.rates.get(version.id) ?? 0) * this.#cost(version), 0);
  }

  /** Every step from a cheaper version to one that is worth more. */
  upgrades(): readonly Upgrade[] {
    return this.#versions.flatMap((from, index) => this.#versions.slice(index + 1).flatMap((to): Upgrade[] => {
      const cores = Math.max(1e-12, this.#cost(to) - this.#cost(from));
      const gain = (requestValue(to) - requestValue(from)) / cores;
      return gain > 0 ? [{ gain, take: (spare) => this.#move(from.id, to.id, Math.max(0, spare) / cores) * cores }] : [];
    }));
  }

  #move(from: string, to: string, rate: number): number {
    const moved = Math.max(0, Math.min(rate, (this.rates.get(from) ?? 0) - (this.#least.get(from) ?? 0), (this.#most.get(to) ?? 0) - (this.rates.get(to) ?? 0)));
    // What rounding leaves over is no request.
    if (moved < 1e-9) return 0;
    this.rates.set(from, (this.rates.get(from) ?? 0) - moved);
    this.rates.set(to, (this.rates.get(to) ?? 0) + moved);
    return moved;
  }
}
