import { cannotBePlaced } from './describe.ts';
import { needOf } from './greedy.ts';
import { allows } from './groups.ts';
import { requestValue, type SchedulerInput, type SchedulerVersion } from './input.ts';

/** Replicas are there for so many times the demand, as far as memory goes: cores are shared out in no time, replicas take their load. */
const SURGES = [1.25, 1.5, 2, 3, 4] as const;
const SURGE_MEMORY_SHARE = 0.75;
/** What was wanted lately stays in a little more memory, so that a wave of one version doesn't push out another's. */
const HOLD_MEMORY_SHARE = 0.85;

interface Standing {
  readonly needed: number;
  replicas: number;
}

/** Adds replicas for a surge to what is asked of a plan, and holds what was wanted lately. It is told the time. */
export class Standby {
  readonly #holdSeconds: number;
  /** Replicas that were wanted lately, and when. */
  readonly #wanted = new Map<string, { readonly replicas: number; readonly seconds: number }>();

  /** `holdSeconds`: so long a replica stays that was wanted for a surge. */
  constructor(holdSeconds: number) {
    this.#holdSeconds = holdSeconds;
  }

  /**
   * The input with replicas for a surge as minima: what was wanted lately, then ever larger surges, the most valuable for its
   * memory first, while there is memory.
   */
  with(input: SchedulerInput, seconds: number): SchedulerInput {
    for (const [id, { replicas }] of this.#standing(input, () => 0)) {
      const before = this.#wanted.get(id);
      if (!before || replicas >= before.replicas || !this.#holds(before, seconds)) this.#wanted.set(id, { replicas, seconds });
    }
    return this.peek(input, seconds);
  }

  /** The same without remembering it: for a look at the next plan. */
  peek(input: SchedulerInput, seconds: number): SchedulerInput {
    const standing = this.#standing(input, (id) => {
      const before = this.#wanted.get(id);
      return before && this.#holds(before, seconds) ? before.replicas : 0;
    });
    // What demand itself needs is for the plan to weigh.
    const least = ({ id, replicas: { min } }: SchedulerVersion): number => {
      const found = standing.get(id);
      return found && found.replicas > found.needed ? Math.max(min, found.replicas) : min;
    };
    return { ...input, versions: input.versions.map((version) => ({ ...version, replicas: { ...version.replicas, min: least(version) } })) };
  }

  /** Replicas of the versions that are asked for: what demand needs, and with what stands by. */
  #standing(input: SchedulerInput, held: (id: string) => number): ReadonlyMap<string, Readonly<Standing>> {
    const awake = input.versions.filter((version) => version.demand > 0 && cannotBePlaced(version, input) === null);
    const found = new Map(awake.map((version): [string, Standing] => {
      const needed = needOf(version, version.demand, input).replicas;
      return [version.id, { needed, replicas: needed }];
    }));
    const memory = input.nodes.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
    let used = awake.reduce((sum, { id, profile }) => sum + (found.get(id)?.needed ?? 0) * profile.memoryBytes, 0);
    const want = (version: SchedulerVersion, replicas: number, share: number): void => {
      const own = found.get(version.id);
      const bytes = own ? (replicas - own.replicas) * version.profile.memoryBytes : 0;
      if (!own || bytes <= 0 || used + bytes > memory * share) return;
      own.replicas = replicas;
      used += bytes;
    };
    const order = awake.map((version) => ({ version, worth: (requestValue(version) * version.demand) / (version.profile.memoryBytes + 1) })).sort((a, b) => b.worth - a.worth);
    for (const { version } of order) want(version, Math.min(held(version.id), version.replicas.max), HOLD_MEMORY_SHARE);
    for (const { version } of order) for (const surge of SURGES) want(version, Math.min(usableReplicas(version, input), needOf(version, version.demand * surge, input).replicas), SURGE_MEMORY_SHARE);
    return found;
  }

  #holds({ seconds: then }: { readonly seconds: number }, now: number): boolean {
    return now - then < this.#holdSeconds;
  }
}

/** More replicas than cores would only stand in each other's way. */
function usableReplicas(version: SchedulerVersion, { nodes }: SchedulerInput): number {
  return nodes.filter((node) => allows(node, version)).reduce((sum, { cpus }) => sum + Math.ceil(cpus / version.threads - 1e-9), 0);
}
