/**
 * Large plans: the relaxation over groups of nodes that are alike says how many replicas each version should have, the packing
 * puts whole ones on nodes, and the program over single nodes with these replicas shares out the CPU. The relaxation's value bounds every
 * plan, so the gap is known.
 */
import { type Formulation, formulate, replicaTerms } from './formulation.ts';
import { type NodeGroup, singleGroups } from './groups.ts';
import { needOf } from './greedy.ts';
import { requestValue, type SchedulerInput, type SchedulerVersion } from './input.ts';
import { Packing, type PackingRule } from './packing.ts';
import { serviceRate } from './queueing.ts';

/** Replicas and cores of a version in a group, as the relaxation has them. */
interface Wish {
  readonly version: SchedulerVersion;
  readonly group: NodeGroup;
  readonly replicas: number;
  readonly cpus: number;
  readonly served: number;
}

export function wishesOf({ pairs }: Formulation, values: Float64Array): readonly Wish[] {
  return pairs.map((pair) => ({
    version: pair.version,
    group: pair.group,
    replicas: replicaTerms(pair).reduce((sum, [index]) => sum + (values[index] ?? 0), 0),
    cpus: values[pair.cpus] ?? 0,
    served: values[pair.served] ?? 0,
  }));
}

export interface PackingPlan {
  readonly rule: PackingRule;
  /** Replicas that go on stay where they are, whatever else that means. */
  readonly stay: boolean;
}

/** In the order in which they are tried until one is good enough. */
export const PACKING_PLANS: readonly PackingPlan[] = [{ rule: 'spread', stay: true }, { rule: 'tight', stay: true }, { rule: 'tight', stay: false }, { rule: 'spread', stay: false }];

/** Share of what is wished that is packed by size; the rest, worth least for its size, fills what is left. */
const BY_SIZE_SHARE = 0.85;

/**
 * Whole replicas on nodes for what the relaxation wishes: what stays, then the whole parts, large before small, but the least worth
 * last of all, since some of the last find no room; then fractions by worth.
 */
export function packWishes(input: SchedulerInput, wishes: readonly Wish[], { rule, stay }: PackingPlan): Packing {
  const packing = new Packing(input.nodes, input.versions, rule);
  const [cpus, memory] = (['cpus', 'memoryBytes'] as const).map((field) => Math.max(...input.nodes.map((node) => node[field]))) as [number, number];
  const share = (wish: Wish): number => wish.cpus / Math.max(1, wish.replicas) / cpus + wish.version.profile.memoryBytes / memory;
  const names = new Map(input.nodes.map(({ name }) => [name, new Set([name])]));
  const groups = new Map(wishes.map(({ group }) => [group, new Set(group.nodes.map(({ name }) => name))]));
  const place = (wish: Wish, count: number, only = groups.get(wish.group)): number => {
    const each = Math.min(wish.version.threads, wish.cpus / Math.max(1, wish.replicas));
    for (let placed = 0; placed < count; placed++) if (packing.add(wish.version, each, only) === null) return placed;
    return count;
  };
  const sized = wishes.map((wish) => ({ wish, size: share(wish), whole: Math.floor(wish.replicas + 1e-6) })).sort((a, b) => b.size - a.size);
  const kept = new Map<Wish, number>();
  for (const { wish } of stay ? sized : []) {
    for (const { name } of wish.group.nodes) {
      const current = Math.min(wish.version.current[name] ?? 0, Math.ceil(wish.replicas - 1e-6) - (kept.get(wish) ?? 0));
      if (current > 0) kept.set(wish, (kept.get(wish) ?? 0) + place(wish, current, names.get(name)));
    }
  }
  const worth = ({ wish, size }: { wish: Wish; size: number }): number => (requestValue(wish.version) * wish.served) / Math.max(1e-12, size * wish.replicas);
  const total = sized.reduce((sum, { size, wish }) => sum + size * wish.replicas, 0);
  const last = new Set<Wish>();
  let left = total * (1 - BY_SIZE_SHARE);
  for (const one of sized.toSorted((a, b) => worth(a) - worth(b))) if ((left -= one.size * one.wish.replicas) > 0) last.add(one.wish);
  for (const { wish, whole } of sized) if (!last.has(wish)) place(wish, whole - (kept.get(wish) ?? 0));
  for (const { wish, whole } of sized.filter(({ wish }) => last.has(wish)).sort((a, b) => worth(b) - worth(a))) place(wish, whole - (kept.get(wish) ?? 0));
  for (const one of sized.filter(({ wish, whole }) => wish.replicas - Math.max(whole, kept.get(wish) ?? 0) > 1e-6).sort((a, b) => worth(b) - worth(a))) place(one.wish, 1);
  keepMinima(input, packing);
  return packing;
}

/** What rounding or packing took from a version's least number of replicas. */
function keepMinima(input: SchedulerInput, packing: Packing): void {
  for (const version of input.versions) {
    const { replicas } = needOf(version, version.servedMin * version.demand, input);
    while (packing.count(version.id) < Math.max(version.replicas.min, replicas)) if (packing.add(version, 0) === null) break;
  }
}

/** What runs now, without the replicas that its demand no longer needs; null where that is no possible packing. */
export function packCurrent(input: SchedulerInput, demand: ReadonlyMap<string, number>): Packing | null {
  const packing = new Packing(input.nodes, input.versions);
  for (const version of input.versions) {
    const needed = needOf(version, demand.get(version.id) ?? 0, input).replicas;
    // Nodes with many replicas give some up first.
    const places = Object.entries(version.current).sort(([, a], [, b]) => a - b);
    let left = needed;
    for (const [name, count] of places) for (let index = 0; index < count && left > 0; index++, left--) if (packing.add(version, 0, new Set([name])) === null) return null;
    if (packing.count(version.id) < version.replicas.min) return null;
  }
  return packing;
}

/** The program of CPU shares for replicas that have their places. */
export function shareProgram(input: SchedulerInput, packing: Packing, least: ReadonlySet<string>): Formulation {
  const groups = singleGroups(input.nodes);
  const byNode = new Map(groups.map((group) => [group.name, group]));
  const fixed = new Map<string, Map<NodeGroup, number>>();
  for (const { node, version, replicas } of packing.entries()) {
    const group = byNode.get(node);
    if (group) fixed.set(version, (fixed.get(version) ?? new Map<NodeGroup, number>()).set(group, replicas));
  }
  return formulate(input, groups, { whole: false, fixed, least });
}

/** Adds a replica to versions whose demand is not served, where cores are free; how many. */
export function addWhereFree(input: SchedulerInput, packing: Packing, unserved: ReadonlyMap<string, number>): number {
  let added = 0;
  const gained = (version: SchedulerVersion): number => requestValue(version) * Math.min(unserved.get(version.id) ?? 0, serviceRate(version, input).perReplica);
  const order = input.versions.map((version) => ({ version, gain: gained(version) })).filter(({ gain }) => gain > 1e-9).sort((a, b) => b.gain - a.gain);
  for (const { version } of order) {
    const missing = unserved.get(version.id) ?? 0;
    const { usable, spare } = serviceRate(version, input);
    const cpus = Math.min(version.threads, ((missing + spare) * version.profile.cpuSecondsPerRequest) / usable);
    if (packing.count(version.id) < version.replicas.max && packing.add(version, cpus) !== null) added++;
  }
  return added;
}
