import { allows } from '../deployment-engine/scheduler/index.ts';
import type { Reservation } from './policies/policy.ts';
import type { Trace } from './trace.ts';
import type { Power } from './version-queue.ts';

/** Replicas of one version on one node. */
interface Placement {
  readonly version: number;
  readonly node: number;
  replicas: number;
  /** Reserved. */
  cpus: number;
  /** When replicas that load are ready, latest last. */
  readonly loading: number[];
}

export interface Moves {
  readonly starts: number;
  readonly stops: number;
}

/** Which replicas are where, loading or ready, and how nodes share out their cores. */
export class Cluster {
  readonly #trace: Trace;
  #placements: Placement[] = [];
  readonly #byVersion: Placement[][];

  constructor(trace: Trace) {
    this.#trace = trace;
    this.#byVersion = trace.versions.map(() => []);
  }

  /** Makes the cluster as reserved: new replicas begin to load, surplus ones go, loading ones first. */
  apply({ assignments }: Reservation, now: number): Moves {
    const wanted = new Map(assignments.map((one) => [`${one.version}@${one.node}`, one]));
    let [starts, stops] = [0, 0];
    const versions = new Map(this.#trace.versions.map(({ id }, index) => [id, index]));
    const nodes = new Map(this.#trace.nodes.map(({ name }, index) => [name, index]));
    for (const placement of this.#placements) {
      const key = `${this.#trace.versions[placement.version]?.id}@${this.#trace.nodes[placement.node]?.name}`;
      const target = wanted.get(key);
      wanted.delete(key);
      const change = (target?.replicas ?? 0) - placement.replicas;
      if (change > 0) starts += change;
      else stops -= change;
      this.#resize(placement, target?.replicas ?? 0, target?.cpus ?? 0, now);
    }
    for (const { version: id, node: name, replicas, cpus } of wanted.values()) {
      const [version, node] = [versions.get(id), nodes.get(name)];
      if (version === undefined || node === undefined || replicas === 0) continue;
      const placement: Placement = { version, node, replicas: 0, cpus: 0, loading: [] };
      this.#resize(placement, replicas, cpus, now);
      this.#placements.push(placement);
      starts += replicas;
    }
    this.#index();
    return { starts, stops };
  }

  /** Starts one replica where memory is free; false: nowhere. It has no reserved cores before the next plan. */
  wake(version: number, now: number): boolean {
    const one = this.#trace.versions[version];
    if (!one || one.replicas.max === 0) return false;
    const free = this.#trace.nodes.map((node, index) => ({ index, allowed: allows(node, one), memoryBytes: node.memoryBytes, gpus: node.gpus }));
    for (const { node, version: index, replicas } of this.#placements) {
      const profile = this.#trace.versions[index]?.profile;
      const state = free[node];
      if (profile && state) [state.memoryBytes, state.gpus] = [state.memoryBytes - replicas * profile.memoryBytes, state.gpus - replicas * profile.gpus];
    }
    const room = free.filter(({ allowed, gpus }) => allowed && gpus >= one.profile.gpus).sort((a, b) => b.memoryBytes - a.memoryBytes)[0];
    if (!room || room.memoryBytes < one.profile.memoryBytes) return false;
    const placement: Placement = { version, node: room.index, replicas: 0, cpus: 0, loading: [] };
    this.#resize(placement, 1, 0, now);
    this.#placements.push(placement);
    this.#index();
    return true;
  }

  /** What each version can have in this tick, by cores that it needs: what is reserved first, then what is left, as cgroup weights do. */
  share(needs: Float64Array, now: number): readonly Power[] {
    const { nodes, versions } = this.#trace;
    const ready = new Float64Array(versions.length);
    const cores = this.#placements.map((placement) => {
      while (placement.loading[0] !== undefined && placement.loading[0] <= now) placement.loading.shift();
      const count = placement.replicas - placement.loading.length;
      ready[placement.version] = (ready[placement.version] ?? 0) + count;
      return count * (versions[placement.version]?.threads ?? 0);
    });
    const [given, wanting] = [new Float64Array(nodes.length), new Float64Array(nodes.length)];
    const needed = this.#placements.map((placement, index) => {
      const share = ((needs[placement.version] ?? 0) * (placement.replicas - placement.loading.length)) / Math.max(1, ready[placement.version] ?? 0);
      const need = Math.min(share, cores[index] ?? 0);
      given[placement.node] = (given[placement.node] ?? 0) + Math.min(need, placement.cpus);
      wanting[placement.node] = (wanting[placement.node] ?? 0) + Math.max(0, need - placement.cpus);
      return need;
    });
    const cpus = new Float64Array(versions.length);
    this.#placements.forEach((placement, index) => {
      const { node, version } = placement;
      const left = Math.max(0, (nodes[node]?.cpus ?? 0) - (given[node] ?? 0));
      const extra = Math.max(0, (needed[index] ?? 0) - placement.cpus);
      const got = extra > 0 ? placement.cpus + extra * Math.min(1, left / (wanting[node] ?? 1)) : placement.cpus;
      // What nobody on the node wants is there for whoever has a moment's peak.
      cpus[version] = (cpus[version] ?? 0) + Math.min(cores[index] ?? 0, got + Math.max(0, left - (wanting[node] ?? 0)));
    });
    return versions.map((_, index) => ({ cpus: cpus[index] ?? 0, ready: ready[index] ?? 0, replicas: this.replicas(index) }));
  }

  replicas(version: number): number {
    return this.#byVersion[version]?.reduce((sum, { replicas }) => sum + replicas, 0) ?? 0;
  }

  reserved(version: number): number {
    return this.#byVersion[version]?.reduce((sum, { cpus }) => sum + cpus, 0) ?? 0;
  }

  current(version: number): Readonly<Record<string, number>> {
    return Object.fromEntries((this.#byVersion[version] ?? []).map(({ node, replicas }) => [this.#trace.nodes[node]?.name ?? '', replicas]));
  }

  /** Cores and bytes that are reserved now. */
  totals(): { readonly cpus: number; readonly memoryBytes: number } {
    let [cpus, memoryBytes] = [0, 0];
    for (const placement of this.#placements) {
      cpus += placement.cpus;
      memoryBytes += placement.replicas * (this.#trace.versions[placement.version]?.profile.memoryBytes ?? 0);
    }
    return { cpus, memoryBytes };
  }

  #resize(placement: Placement, replicas: number, cpus: number, now: number): void {
    const seconds = this.#trace.versions[placement.version]?.profile.loadSeconds ?? 0;
    for (; placement.replicas < replicas; placement.replicas++) placement.loading.push(now + seconds);
    for (; placement.replicas > replicas; placement.replicas--) placement.loading.pop();
    placement.cpus = cpus;
  }

  #index(): void {
    this.#placements = this.#placements.filter(({ replicas }) => replicas > 0);
    for (const list of this.#byVersion) list.length = 0;
    for (const placement of this.#placements) this.#byVersion[placement.version]?.push(placement);
  }
}
