/**
 * Which versions leave memory for others, and when. A version that has just been loaded stays for a while, so that the time
 * its load took is worth it; two that don't fit together take turns of a length that keeps loading a bounded part of the time:
 *
 *   A ██load██▒▒▒▒▒▒▒▒ slice ▒▒▒▒▒▒▒▒│             ██load██▒▒▒…     its queue is answered in one go
 *   B       waits in the line        │██load██▒▒▒▒▒▒▒ slice ▒▒▒▒▒▒│
 *
 * Pure; times in milliseconds since the epoch.
 */

/** A version on demand that is in memory, as far as its eviction goes. */
export interface Resident {
  readonly service: string;
  readonly version: string;
  /** Of all its replicas. */
  readonly bytes: number;
  readonly priority: number;
  /** What bringing it back would take. */
  readonly loadMs: number;
  /** When it could answer first. */
  readonly readyAt: number;
  readonly usedAt: number;
  /** Requests wait for it or run on it. */
  readonly inUse: boolean;
}

/** Of the time, at most about 1 in this many plus one goes to loading where versions take turns. */
const SLICE_LOADS = 4;
const SLICE_MIN_MS = 1_000;
/** Whoever waits has a deadline, so that long loads get shorter turns. */
const SLICE_MAX_MS = 10_000;
/** An idle one may go once it was there for as long as its load took, at most so long. */
const STAY_MAX_MS = 10_000;
const STAY_MIN_MS = 500;
/** Without a request for this long: idle enough to go when others wait. */
const QUIET_MS = 500;

/** How long a version may stay although others wait and it is in use; longer by as many times as its priority is higher than theirs. */
export const sliceMs = (loadMs: number, priorityLead: number): number => Math.max(SLICE_MIN_MS, loadMs, Math.min(SLICE_MAX_MS, SLICE_LOADS * loadMs)) * (1 + Math.min(9, Math.max(0, priorityLead)));

/** When a version may be evicted for one of this priority. */
export function evictableAt(resident: Resident, forPriority: number): number {
  const { loadMs, readyAt, usedAt, inUse, priority } = resident;
  const sliceEnd = readyAt + sliceMs(loadMs, priority - forPriority);
  if (inUse) return sliceEnd;
  return Math.min(sliceEnd, Math.max(readyAt + Math.max(STAY_MIN_MS, Math.min(STAY_MAX_MS, loadMs)), usedAt + QUIET_MS));
}

/** The higher, the sooner it goes: idle for long, large, quick to bring back. */
export const evictionScore = ({ usedAt, bytes, loadMs }: Resident, now: number): number => (Math.max(1, now - usedAt) * bytes) / Math.max(1, loadMs);

/**
 * The versions that give up at least so many bytes, idle ones before those in use, by recency × size ÷ reload cost, and none that
 * the others make needless; null when all of them together have not enough.
 */
export function chooseEvictions(candidates: readonly Resident[], bytes: number, now: number): readonly Resident[] | null {
  const order = [...candidates].sort((a, b) => Number(a.inUse) - Number(b.inUse) || evictionScore(b, now) - evictionScore(a, now));
  const chosen: Resident[] = [];
  let freed = 0;
  for (const candidate of order) {
    if (freed >= bytes) break;
    chosen.push(candidate);
    freed += candidate.bytes;
  }
  if (freed < bytes) return null;
  // What was taken last is worth the most; what came before and is not needed beside it stays.
  return chosen.filter((candidate) => {
    if (freed - candidate.bytes < bytes) return true;
    freed -= candidate.bytes;
    return false;
  });
}
