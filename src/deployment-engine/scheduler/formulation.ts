/**
 * The program. For every version v and node (or group of N nodes that are alike) n where it may be:
 *
 *   keep, start   replicas that stay and that are started (replicas = keep + start)      integer
 *   cpus          cores
 *   served        requests per second
 *   here          nodes of the group that have it; only where storage or a rule of distance needs it
 *   traffic       of a version whose service's policy gives a range: requests per second sent to it
 *
 *   maximise  Σ priority × quality × served − cpu price × cpus − memory price × replicas − loading price × start
 *
 * Memory is no variable of its own: a replica needs what was measured and gains nothing from more.
 */
import { type NodeGroup, replicasPerNode } from './groups.ts';
import { holdingCost, requestValue, type SchedulerInput, type SchedulerVersion, startCost } from './input.ts';
import { type LinearProgram, ProgramBuilder, type Term } from './program/index.ts';
import { type ServiceRate, serviceRate } from './queueing.ts';

export interface Pair {
  readonly version: SchedulerVersion;
  readonly group: NodeGroup;
  readonly keep: number | null;
  readonly start: number;
  readonly cpus: number;
  readonly served: number;
  readonly here: number | null;
}

export interface Formulation {
  readonly program: LinearProgram;
  readonly pairs: readonly Pair[];
  /** Variable of the traffic of a version whose share is chosen, by id. */
  readonly traffic: ReadonlyMap<string, number>;
  /** What a constraint that can be scarce or in conflict is about; others follow from how things are. */
  readonly subjects: ReadonlyMap<number, Subject>;
}

export type Resource = 'cpu' | 'memory' | 'storage' | 'network' | 'gpus';
export type Subject =
  | { readonly kind: 'capacity'; readonly resource: Resource; readonly group: NodeGroup; readonly amount: number }
  | { readonly kind: 'apart'; readonly group: NodeGroup; readonly versions: readonly [string, string] }
  | { readonly kind: 'replicas' | 'served-min' | 'cpus-min' | 'demand'; readonly version: SchedulerVersion };

export interface FormulationOptions {
  /** Whole replicas; otherwise the relaxation. */
  readonly whole: boolean;
  /** Replicas that are decided already, by version and group, none of them 0; absent pairs have none. */
  readonly fixed?: ReadonlyMap<string, ReadonlyMap<NodeGroup, number>>;
  /** Versions that get no more traffic than they must. */
  readonly least?: ReadonlySet<string>;
}

export function formulate(input: SchedulerInput, groups: readonly NodeGroup[], options: FormulationOptions): Formulation {
  return new Formulator(input, groups, options).run();
}

class Formulator {
  readonly #builder = new ProgramBuilder('lepton-ai plan', 'maximise');
  readonly #pairs: Pair[] = [];
  readonly #traffic = new Map<string, number>();
  readonly #subjects = new Map<number, Subject>();
  readonly #input: SchedulerInput;
  readonly #groups: readonly NodeGroup[];
  readonly #options: FormulationOptions;
  readonly #ranges: ReadonlyMap<string, { readonly min: number; readonly max: number }>;
  /** Versions of rules of distance between two. */
  readonly #distant: ReadonlySet<string>;

  constructor(input: SchedulerInput, groups: readonly NodeGroup[], options: FormulationOptions) {
    this.#input = input;
    this.#groups = groups;
    this.#options = options;
    this.#ranges = new Map(input.services.flatMap(({ ranges, demand }) => Object.entries(ranges).map(([id, { min, max }]) => [id, { min: min * demand, max: (options.least?.has(id) ? min : max) * demand }])));
    this.#distant = new Set(input.versions.flatMap(({ id, apartFrom }) => apartFrom.filter((other) => other !== id).flatMap((other) => [id, other])));
  }

  run(): Formulation {
    for (const version of this.#input.versions) this.#version(version);
    this.#services();
    const byGroup = Map.groupBy(this.#pairs, ({ group }) => group);
    for (const [group, pairs] of byGroup) this.#group(group, pairs);
    return { program: this.#builder.build(), pairs: this.#pairs, traffic: this.#traffic, subjects: this.#subjects };
  }

  #version(version: SchedulerVersion): void {
    const range = this.#ranges.get(version.id);
    const most = version.demand + (range?.max ?? 0);
    const rate = serviceRate(version, this.#input);
    const places: Iterable<readonly [group: NodeGroup, fixed?: number]> = this.#options.fixed ? (this.#options.fixed.get(version.id) ?? []) : this.#groups.map((group) => [group]);
    const pairs = [...places].flatMap(([group, fixed]) => this.#pair(version, group, fixed, most, rate) ?? []);
    this.#pairs.push(...pairs);
    const replicas = pairs.flatMap(replicaTerms);
    const served = pairs.map((pair): Term => [pair.served, 1]);
    const { min, max } = version.replicas;
    const wanted = this.#options.fixed ? 0 : min;
    if (replicas.length > 0 || wanted > 0) this.#say({ kind: 'replicas', version }, `replicas of ${version.id}`, replicas, { lower: wanted, upper: max });
    if (range) {
      const traffic = this.#builder.variable(`traffic to ${version.id}`, { lower: range.min, upper: Math.max(range.min, range.max) });
      this.#traffic.set(version.id, traffic);
      this.#say({ kind: 'demand', version }, `demand of ${version.id}`, [...served, [traffic, -1]], { upper: version.demand });
    } else if (served.length > 0) this.#say({ kind: 'demand', version }, `demand of ${version.id}`, served, { upper: version.demand });
    if (version.servedMin > 0 && most > 0) this.#servedMin(version, served);
    if (version.cpusMin > 0) this.#say({ kind: 'cpus-min', version }, `least cpu of ${version.id}`, pairs.map(({ cpus }): Term => [cpus, 1]), { lower: version.cpusMin });
    if (!this.#options.fixed && most > 0) this.#wholeReplicas(version, pairs, most, rate);
  }

  #servedMin(version: SchedulerVersion, served: readonly Term[]): void {
    const traffic = this.#traffic.get(version.id);
    this.#say({ kind: 'served-min', version }, `least served of ${version.id}`, traffic === undefined ? served : [...served, [traffic, -version.servedMin]], { lower: version.servedMin * version.demand });
  }

  /**
   * What whole replicas allow, as one cut: with R the number that serves all of `most`, the line through (R−1, full) and
   * (R, most). It keeps the relaxation from serving a little demand with a little of a replica (mixed-integer rounding).
   */
  #wholeReplicas(version: SchedulerVersion, pairs: readonly Pair[], most: number, { perReplica }: ServiceRate): void {
    if (pairs.length === 0 || perReplica <= 0) return;
    const needed = Math.ceil(most / perReplica - 1e-9);
    const last = most - (needed - 1) * perReplica;
    const terms = pairs.flatMap((pair): Term[] => [[pair.served, 1], ...replicaTerms(pair).map(([index]): Term => [index, -last])]);
    this.#builder.constraint(`whole replicas of ${version.id}`, terms, { upper: most - last * needed });
  }

  #pair(version: SchedulerVersion, group: NodeGroup, fixed: number | undefined, most: number, rate: ServiceRate): Pair | undefined {
    const [node] = group.nodes;
    if (!node) return undefined;
    const limit = replicasPerNode(node, version) * group.nodes.length;
    if (limit === 0 || (most === 0 && version.replicas.min === 0 && version.cpusMin === 0)) return undefined;
    const at = `${version.id}@${group.name}`;
    const current = group.nodes.reduce((sum, { name }) => sum + (version.current[name] ?? 0), 0);
    const kept = fixed === undefined ? Math.min(current, limit) : Math.min(current, fixed);
    const hold = holdingCost(version, this.#input.prices);
    const integer = this.#options.whole && fixed === undefined;
    const keep = kept > 0 ? this.#builder.variable(`keep ${at}`, { objective: -hold, lower: fixed === undefined ? 0 : kept, upper: kept, integer }) : null;
    const started = fixed === undefined ? { upper: Math.min(limit, version.replicas.max) } : { lower: fixed - kept, upper: fixed - kept };
    const start = this.#builder.variable(`start ${at}`, { objective: -hold - startCost(version, this.#input.prices), ...started, integer });
    const cpus = this.#builder.variable(`cpus ${at}`, { objective: -this.#input.prices.cpu });
    const served = this.#builder.variable(`served ${at}`, { objective: requestValue(version) });
    const stored = version.profile.storageBytes > 0 && Number.isFinite(node.storageBytes);
    const here = (stored || this.#distant.has(version.id)) && fixed === undefined ? this.#builder.variable(`here ${at}`, { upper: group.nodes.length, integer }) : null;
    const pair: Pair = { version, group, keep, start, cpus, served, here };
    this.#pairRows(pair, at, limit / group.nodes.length, rate);
    return pair;
  }

  #pairRows(pair: Pair, at: string, perNode: number, { usable, spare }: ServiceRate): void {
    const { threads, profile } = pair.version;
    const replicas = replicaTerms(pair);
    this.#builder.constraint(`threads ${at}`, [[pair.cpus, 1], ...replicas.map(([index]): Term => [index, -threads])], { upper: 0 });
    // In CPU seconds per second, so that coefficients stay near 1.
    const seconds = profile.cpuSecondsPerRequest;
    this.#builder.constraint(`rate ${at}`, [[pair.served, seconds], [pair.cpus, -usable], ...replicas.map(([index]): Term => [index, spare * seconds])], { upper: 0 });
    if (pair.here !== null) this.#builder.constraint(`here ${at}`, [...replicas, [pair.here, -perNode]], { upper: 0 });
  }

  #services(): void {
    for (const { name, demand, ranges } of this.#input.services) {
      const terms = Object.keys(ranges).flatMap((id): Term[] => (this.#traffic.has(id) ? [[this.#traffic.get(id) ?? 0, 1]] : []));
      const most = Object.keys(ranges).reduce((sum, id) => sum + (this.#ranges.get(id)?.max ?? 0), 0);
      if (terms.length > 0) this.#builder.constraint(`traffic of ${name}`, terms, { lower: Math.min(demand, most * (1 - 1e-12)), upper: demand });
    }
  }

  #group(group: NodeGroup, pairs: readonly Pair[]): void {
    const [node] = group.nodes;
    if (!node) return;
    const capacity = (resource: Resource, unit: number, amount: number, terms: Term[]): void => {
      if (!Number.isFinite(amount) || terms.every(([, need]) => need === 0)) return;
      this.#say({ kind: 'capacity', resource, group, amount: amount * group.nodes.length }, `${resource} of ${group.name}`, terms.map(([index, need]) => [index, need / unit]), { upper: (amount / unit) * group.nodes.length });
    };
    const perReplica = (need: (version: SchedulerVersion) => number): Term[] => pairs.flatMap((pair) => replicaTerms(pair).map(([index]): Term => [index, need(pair.version)]));
    capacity('cpu', 1, node.cpus, pairs.map(({ cpus }): Term => [cpus, 1]));
    capacity('memory', 2 ** 30, node.memoryBytes, perReplica(({ profile }) => profile.memoryBytes));
    capacity('gpus', 1, node.gpus, perReplica(({ profile }) => profile.gpus));
    capacity('storage', 2 ** 30, node.storageBytes, pairs.flatMap(({ here, version }): Term[] => (here === null ? [] : [[here, version.profile.storageBytes]])));
    capacity('network', 1e6, node.networkBytesPerSecond, pairs.map(({ served, version }): Term => [served, version.profile.networkBytesPerRequest]));
    this.#apart(group, pairs);
  }

  #apart(group: NodeGroup, pairs: readonly Pair[]): void {
    const byId = new Map(pairs.map((pair) => [pair.version.id, pair]));
    const said = new Set<string>();
    for (const pair of pairs) {
      for (const id of pair.version.apartFrom) {
        const other = byId.get(id);
        const versions = [pair.version.id, id].sort() as [string, string];
        if (id === pair.version.id || !other || pair.here === null || other.here === null || said.has(versions.join(' '))) continue;
        said.add(versions.join(' '));
        this.#say({ kind: 'apart', group, versions }, `apart ${versions.join(' and ')} on ${group.name}`, [[pair.here, 1], [other.here, 1]], { upper: group.nodes.length });
      }
    }
  }

  #say(subject: Subject, name: string, terms: readonly Term[], range: { readonly lower?: number; readonly upper?: number }): void {
    this.#subjects.set(this.#builder.constraint(name, terms, range), subject);
  }
}

export const replicaTerms = ({ keep, start }: Pick<Pair, 'keep' | 'start'>): Term[] => (keep === null ? [[start, 1]] : [[keep, 1], [start, 1]]);
