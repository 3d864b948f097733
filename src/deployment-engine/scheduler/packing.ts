import { allows, WHOLE_RESOURCES } from './groups.ts';
import type { SchedulerNode, SchedulerVersion } from './input.ts';

interface Placed {
  replicas: number;
  cpus: number;
}

interface NodeState {
  readonly node: SchedulerNode;
  readonly free: { cpus: number; memoryBytes: number; gpus: number; storageBytes: number };
  readonly placed: Map<string, Placed>;
}

/** `spread`: where most is free, so that loads even out; `tight`: where the memory fits best, so that large replicas find room. */
export type PackingRule = 'spread' | 'tight';

/** What is on which node, replica by replica, while a plan is made. Cores are granted as far as they are there. */
export class Packing {
  readonly #states: readonly NodeState[];
  readonly #totals = new Map<string, Placed>();
  /** Both directions of every rule of distance. */
  readonly #apart = new Map<string, Set<string>>();

  readonly #rule: PackingRule;

  constructor(nodes: readonly SchedulerNode[], versions: readonly SchedulerVersion[], rule: PackingRule = 'spread') {
    this.#rule = rule;
    this.#states = nodes.map((node) => ({ node, free: { cpus: node.cpus, memoryBytes: node.memoryBytes, gpus: node.gpus, storageBytes: node.storageBytes }, placed: new Map() }));
    for (const { id, apartFrom } of versions) {
      for (const other of apartFrom) for (const [one, two] of [[id, other], [other, id]] as const) this.#apart.set(one, (this.#apart.get(one) ?? new Set()).add(two));
    }
  }

  /** Replicas of a version. */
  count(id: string): number {
    return this.#totals.get(id)?.replicas ?? 0;
  }

  /** Cores of a version. */
  cpus(id: string): number {
    return this.#totals.get(id)?.cpus ?? 0;
  }

  /** Adds a replica where it fits best, with the cores that it wants or what is left of them; the cores, or null when no node holds it. */
  add(version: SchedulerVersion, cpus: number, only?: ReadonlySet<string>): number | null {
    let best: NodeState | null = null;
    let bestScore = Number.NEGATIVE_INFINITY;
    for (const state of this.#states) {
      if ((only && !only.has(state.node.name)) || !this.#fits(state, version)) continue;
      const score = this.#score(state, version, cpus);
      if (score > bestScore) [best, bestScore] = [state, score];
    }
    return best && this.#place(best, version, cpus);
  }

  /** Whether some node holds a replica with all the cores that it wants. */
  hasRoom(version: SchedulerVersion, cpus: number): boolean {
    return this.#states.some((state) => state.free.cpus >= cpus - 1e-9 && this.#fits(state, version));
  }

  /** Gives a version's replicas more cores where these are free; what could not be given. */
  grow({ id, threads }: SchedulerVersion, cpus: number): number {
    let missing = cpus;
    for (const { free, placed } of this.#states) {
      const own = placed.get(id);
      if (!own || missing <= 0) continue;
      const more = Math.max(0, Math.min(missing, own.replicas * threads - own.cpus, free.cpus));
      own.cpus += more;
      free.cpus -= more;
      missing -= more;
      this.#count(id, 0, more);
    }
    return missing;
  }

  /** Every version's share of every node. */
  *entries(): Generator<{ readonly node: string; readonly version: string; readonly replicas: number; readonly cpus: number }> {
    for (const { node, placed } of this.#states) for (const [version, { replicas, cpus }] of placed) yield { node: node.name, version, replicas, cpus };
  }

  /** Where the cores are free at all, among those where it runs now, then by the rule. */
  #score({ node, free, placed }: NodeState, version: SchedulerVersion, cpus: number): number {
    const enough = free.cpus >= cpus - 1e-9 ? 20 : 0;
    const stays = (placed.get(version.id)?.replicas ?? 0) < (version.current[node.name] ?? 0) ? 5 : 0;
    const memory = (free.memoryBytes - version.profile.memoryBytes) / Math.max(1, node.memoryBytes);
    return enough + stays + (this.#rule === 'tight' ? -memory : Math.max(-1, Math.min((free.cpus - cpus) / node.cpus, memory)));
  }

  #fits({ node, free, placed }: NodeState, version: SchedulerVersion): boolean {
    if (!allows(node, version) || node.cpus <= 0) return false;
    for (const resource of WHOLE_RESOURCES) if (version.profile[resource] > free[resource] * (1 + 1e-9)) return false;
    if (!placed.has(version.id) && version.profile.storageBytes > free.storageBytes) return false;
    const apart = this.#apart.get(version.id);
    if (apart) for (const id of placed.keys()) if (apart.has(id)) return false;
    return true;
  }

  #place({ free, placed }: NodeState, { id, profile }: SchedulerVersion, wanted: number): number {
    const own = placed.get(id) ?? { replicas: 0, cpus: 0 };
    if (own.replicas === 0) free.storageBytes -= profile.storageBytes;
    placed.set(id, own);
    const cpus = Math.max(0, Math.min(wanted, free.cpus));
    own.replicas++;
    own.cpus += cpus;
    free.cpus -= cpus;
    free.memoryBytes -= profile.memoryBytes;
    free.gpus -= profile.gpus;
    this.#count(id, 1, cpus);
    return cpus;
  }

  #count(id: string, replicas: number, cpus: number): void {
    this.#totals.set(id, { replicas: this.count(id) + replicas, cpus: this.cpus(id) + cpus });
  }
}
