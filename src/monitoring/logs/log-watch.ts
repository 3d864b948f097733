import { stat } from 'node:fs/promises';
import type { LogSource, WrittenAt } from './log-line.ts';
import { LineTimes } from './line-times.ts';

export interface LogWatchOptions {
  /** Every log that there is now. */
  readonly sources: () => Promise<readonly LogSource[]>;
  /** Kept of each. */
  readonly bytesMax: number;
  /** Cuts a file down and says how many bytes have gone from its start. */
  readonly trim: (file: string, bytesMax: number) => number;
  readonly now: () => number;
  readonly onProblem: (message: string, cause: unknown) => void;
}

/** What a log has gained since the last look: the bytes from `from` to `to`, of which the first `lost` are gone again. */
export interface Growth extends WrittenAt {
  readonly source: LogSource;
  readonly from: number;
  readonly to: number;
  readonly lost: number;
  /** Bytes that have gone from the log's start since the last look: offsets of then are smaller by so much now. */
  readonly cut: number;
}

const LOOK_MS = 500;
/** While a log grows by more than it may hold between two looks. */
const FLOOD_LOOK_MS = 50;

/**
 * Looks at the logs' sizes: notes when what was written, cuts what is too long, tells who follows. Writers never wait for
 * it, and what one of them writes between two looks is the most that it can hold of the disk beyond its bound.
 */
export class LogWatch {
  readonly #options: LogWatchOptions;
  readonly #times = new Map<string, LineTimes>();
  readonly #listeners = new Set<(growth: Growth) => void>();
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<boolean> = Promise.resolve(false);
  /** Begins when the one under way is over. */
  #next: Promise<boolean> | null = null;
  #stopped = false;

  constructor(options: LogWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#schedule(0);
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
  }

  /** When a log's byte was written. */
  writtenAt(source: LogSource, offset: number): WrittenAt {
    return this.#timesOf(source).at(offset, this.#options.now());
  }

  /** Calls at each look for each log that has grown; returns what ends it. */
  subscribe(listener: (growth: Growth) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Looks once, after a look that is under way. Resolves with whether a log grows faster than it may. */
  look(): Promise<boolean> {
    this.#next ??= this.#looking.catch(() => undefined).then(() => {
      this.#looking = this.#lookOnce();
      this.#next = null;
      return this.#looking;
    });
    return this.#next;
  }

  async #lookOnce(): Promise<boolean> {
    const sources = await this.#options.sources();
    let flooded = false;
    for (const source of sources) flooded = (await this.#lookAt(source)) || flooded;
    const known = new Set(sources.map(({ file }) => file));
    for (const [file, times] of this.#times) {
      if (known.has(file)) continue;
      this.#times.delete(file);
      times.remove();
    }
    return flooded;
  }

  async #lookAt(source: LogSource): Promise<boolean> {
    const { size, mtimeMs } = await stat(source.file).catch(() => ({ size: 0, mtimeMs: 0 }));
    const times = this.#timesOf(source);
    const before = times.end;
    // Somebody else has cut it: nothing is known of where what was.
    if (size < before) times.cut(before);
    const from = size < before ? 0 : before;
    if (size > from) this.#grown(source, times, from, size, before === 0 ? mtimeMs : this.#options.now());
    return size - from > this.#options.bytesMax;
  }

  #grown(source: LogSource, times: LineTimes, from: number, to: number, atMs: number): void {
    const { bytesMax, trim } = this.#options;
    times.note(to, Math.round(atMs));
    const written = times.at(to - 1, atMs);
    const cut = to > bytesMax ? trim(source.file, bytesMax) : 0;
    if (cut) times.cut(cut);
    const growth = { source, from: Math.max(0, from - cut), to: to - cut, lost: Math.max(0, cut - from), cut, ...written };
    for (const listener of this.#listeners) listener(growth);
  }

  #timesOf(source: LogSource): LineTimes {
    let times = this.#times.get(source.file);
    if (!times) this.#times.set(source.file, (times = new LineTimes(source.file)));
    return times;
  }

  #schedule(ms: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#run(), ms);
    this.#timer.unref();
  }

  async #run(): Promise<void> {
    let flooded = false;
    try {
      flooded = await this.look();
    } catch (error) {
      this.#options.onProblem('logs could not be looked after', error);
    }
    this.#schedule(flooded ? FLOOD_LOOK_MS : LOOK_MS);
  }
}
