import type { Log } from '../log.ts';
import { chooseFront, type FrontCandidate, type MeasuredCandidate } from './choose.ts';
import type { FrontPriority } from './scheduling-class.ts';

export interface FrontRowOptions {
  readonly hostCores: number;
  readonly log: Log;
  /** Rejects where the host does not allow it. */
  readonly setPriority: (pid: number, priority: FrontPriority) => Promise<void>;
  readonly isAlive: (pid: number, startTime: string) => boolean;
}

interface Seen {
  readonly candidate: FrontCandidate;
  readonly at: number;
  /** null: as an earlier control left it. */
  inFront: boolean | null;
}

/**
 * Keeps who answers quickly and takes little in front of who works long: a request of half a millisecond must not wait for a
 * neighbour's time slice of four. It takes root (or CAP_SYS_NICE) and `chrt` of util-linux; without, everybody is alike.
 */
export class FrontRow {
  readonly #options: FrontRowOptions;
  readonly #seen = new Map<number, Seen>();
  #problem: string | null = null;
  #looking = false;

  constructor(options: FrontRowOptions) {
    this.#options = options;
  }

  /** Why nobody can be put in front here; null: it was not tried yet, or goes. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Looks at what each has used since the last look, `now` in milliseconds of a steady clock. A look while one is under way does nothing. */
  async look(candidates: readonly FrontCandidate[], now: number): Promise<void> {
    if (this.#looking || this.#problem !== null) return;
    this.#looking = true;
    try {
      const measured = candidates.flatMap((candidate) => this.#measure(candidate, now));
      const pids = new Set(candidates.map(({ pid }) => pid));
      for (const pid of this.#seen.keys()) if (!pids.has(pid)) this.#seen.delete(pid);
      const front = chooseFront(measured, this.#options.hostCores);
      // Those who leave first: never more are in front than may be.
      for (const candidate of measured) if (!front.has(candidate.pid)) await this.#put(candidate, false);
      for (const candidate of measured) if (front.has(candidate.pid)) await this.#put(candidate, true);
    } finally {
      this.#looking = false;
    }
  }

  /** Everybody is alike again: nobody will be looking. */
  async dissolve(): Promise<void> {
    for (const { candidate, inFront } of [...this.#seen.values()]) if (inFront) await this.#put(candidate, false);
    this.#seen.clear();
  }

  #measure(candidate: FrontCandidate, now: number): MeasuredCandidate[] {
    const before = this.#seen.get(candidate.pid);
    const same = before?.candidate.startTime === candidate.startTime;
    const inFront = same ? before.inFront : null;
    this.#seen.set(candidate.pid, { candidate, at: now, inFront });
    if (!same || now <= before.at) return [];
    const cores = Math.max(0, candidate.cpuSeconds - before.candidate.cpuSeconds) / ((now - before.at) / 1000);
    return [{ ...candidate, cores, inFront: inFront ?? false }];
  }

  async #put({ pid, startTime, kind }: FrontCandidate, front: boolean): Promise<void> {
    const { setPriority, isAlive, log } = this.#options;
    const seen = this.#seen.get(pid);
    if (!seen || seen.inFront === front) return;
    try {
      await setPriority(pid, front ? (kind === 'gateway' ? 2 : 1) : null);
      seen.inFront = front;
    } catch (error) {
      if (!isAlive(pid, startTime)) return;
      this.#problem = `processes that answer quickly can't be put in front of others: ${reasonOf(error)}`;
      log.info({}, this.#problem);
    }
  }
}

const reasonOf = (error: unknown): string => ((error as { stderr?: string }).stderr || (error as Error).message).trim().split('\n').at(-1) ?? '';
