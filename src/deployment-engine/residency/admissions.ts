/** Who may be loaded now, who waits for memory, and what leaves for it. Pure; times in milliseconds since the epoch. */
import { chooseEvictions, evictableAt, type Resident } from './evictions.ts';

/** A replica that shall be started. */
export interface StartRequest {
  readonly service: string;
  readonly version: string;
  readonly bytes: number;
  readonly priority: number;
  /** When it began to wait. */
  readonly since: number;
}

export interface MemoryState {
  /** What all workers may have together. */
  readonly budgetBytes: number;
  /** Held by what nothing may evict: pinned, loading, asked to be there. */
  readonly pinnedBytes: number;
  /** Held by what leaves already. */
  readonly leavingBytes: number;
  readonly residents: readonly Resident[];
}

export type Verdict =
  | { readonly kind: 'start' }
  /** `evict`: has to leave for it. `at`: when time alone may change the answer; null: not. */
  | { readonly kind: 'wait'; readonly message: string; readonly evict: readonly Resident[]; readonly at: number | null }
  /** However empty the machine were. */
  | { readonly kind: 'never'; readonly message: string };

/** A step of priority is worth this much waiting: the more important go first, and nobody waits for ever. */
const PRIORITY_STEP_MS = 5_000;

export const inLine = (line: readonly StartRequest[]): readonly StartRequest[] => [...line].sort((a, b) => a.since - a.priority * PRIORITY_STEP_MS - (b.since - b.priority * PRIORITY_STEP_MS));

/**
 * Verdicts by request, first in line first. Nobody overtakes one that waits for memory that can be had; one that waits for
 * pinned versions to go holds nobody up.
 */
export function admissions(line: readonly StartRequest[], state: MemoryState, now: number): ReadonlyMap<StartRequest, Verdict> {
  const desk = new Desk(state, now);
  return new Map(inLine(line).map((request) => [request, desk.judge(request)]));
}

class Desk {
  readonly #state: MemoryState;
  readonly #now: number;
  readonly #gone = new Set<Resident>();
  #free: number;
  #coming: number;
  /** By those in front that wait. */
  #claimed = 0;

  constructor(state: MemoryState, now: number) {
    this.#state = state;
    this.#now = now;
    this.#coming = state.leavingBytes;
    this.#free = state.budgetBytes - state.pinnedBytes - state.leavingBytes - sum(state.residents);
  }

  judge(request: StartRequest): Verdict {
    const { bytes } = request;
    const { budgetBytes } = this.#state;
    if (bytes > budgetBytes) return { kind: 'never', message: `it needs ${size(bytes)}, and all versions together may have ${size(budgetBytes)}; give them more (--worker-bytes-max) or make it smaller` };
    if (bytes <= this.#free - this.#claimed) {
      this.#free -= bytes;
      return { kind: 'start' };
    }
    const missing = bytes - (this.#free + this.#coming - this.#claimed);
    if (missing <= 0) return this.#claim(request, 'what leaves is on its way out', [], null);
    const candidates = this.#state.residents.filter((resident) => !this.#gone.has(resident) && !(resident.service === request.service && resident.version === request.version));
    if (missing > sum(candidates)) return { kind: 'wait', message: `${this.#numbers(request)}, ${size(this.#state.pinnedBytes)} by versions that must stay; unload one of them, or give versions more (--worker-bytes-max)`, evict: [], at: null };
    const evict = chooseEvictions(candidates.filter((resident) => evictableAt(resident, request.priority) <= this.#now), missing, this.#now);
    if (!evict) return this.#claim(request, 'its turn comes', [], this.#enoughAt(candidates, request, missing));
    for (const resident of evict) this.#gone.add(resident);
    this.#coming += sum(evict);
    return this.#claim(request, `${evict.map(nameOf).join(', ')} ${evict.length === 1 ? 'leaves' : 'leave'} for it`, evict, null);
  }

  #claim(request: StartRequest, why: string, evict: readonly Resident[], at: number | null): Verdict {
    this.#claimed += request.bytes;
    return { kind: 'wait', message: `${this.#numbers(request)}; ${why}`, evict, at };
  }

  /** When so much may be evicted. */
  #enoughAt(candidates: readonly Resident[], { priority }: StartRequest, bytes: number): number {
    let freed = 0;
    const order = candidates.map((resident) => ({ resident, at: evictableAt(resident, priority) })).sort((a, b) => a.at - b.at);
    return order.find(({ resident }) => (freed += resident.bytes) >= bytes)?.at ?? this.#now;
  }

  #numbers({ bytes }: StartRequest): string {
    const { budgetBytes, pinnedBytes, leavingBytes, residents } = this.#state;
    return `it needs ${size(bytes)}, and versions hold ${size(pinnedBytes + leavingBytes + sum(residents))} of the ${size(budgetBytes)} that they may have`;
  }
}

export const nameOf = ({ service, version }: { readonly service: string; readonly version: string }): string => `${service}:${version}`;

const sum = (residents: readonly Resident[]): number => residents.reduce((all, { bytes }) => all + bytes, 0);

/** For people: `1.5 GiB`. */
export const size = (bytes: number): string => (Math.abs(bytes) >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(1)} GiB` : `${Math.round(bytes / 2 ** 20)} MiB`);
