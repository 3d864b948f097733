import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { WrittenAt } from './log-line.ts';

/** Looks that are remembered of one file; beyond, every second of the older half goes. */
const LOOKS_MAX = 4096;

/**
 * When which part of a log was written, from looks at its size: lines that have no time of their own get that of the first
 * look that found them. Kept beside the log as `offset time` lines, so that it outlives control.
 */
export class LineTimes {
  readonly #file: string;
  #ends: number[] = [];
  #times: number[] = [];
  #sinceWritten = 0;

  constructor(logFile: string) {
    this.#file = `${logFile}.times`;
    this.#load();
  }

  /** Of the log when it was last looked at. */
  get end(): number {
    return this.#ends.at(-1) ?? 0;
  }

  /** The log has grown to `size` at the latest at `atMs`. */
  note(size: number, atMs: number): void {
    this.#ends.push(size);
    this.#times.push(Math.max(atMs, this.#times.at(-1) ?? 0));
    if (this.#ends.length > LOOKS_MAX) this.#thin();
    // A file that only grows would outgrow a small log.
    if (++this.#sinceWritten > LOOKS_MAX) return this.#rewrite();
    quietly(() => appendFileSync(this.#file, `${size} ${atMs}\n`, { mode: 0o600 }));
  }

  /** `bytes` have gone from the log's start. */
  cut(bytes: number): void {
    const first = this.#ends.findIndex((end) => end > bytes);
    this.#times = first === -1 ? [] : this.#times.slice(first);
    this.#ends = first === -1 ? [] : this.#ends.slice(first).map((end) => end - bytes);
    this.#rewrite();
  }

  /** Between which looks the byte at `offset` was written; one that nobody has looked at yet, until `nowMs`. */
  at(offset: number, nowMs: number): WrittenAt {
    let [low, high] = [0, this.#ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ends[middle] as number) > offset) high = middle;
      else low = middle + 1;
    }
    return { afterMs: this.#times[low - 1] ?? Number.NEGATIVE_INFINITY, untilMs: this.#times[low] ?? nowMs };
  }

  remove(): void {
    quietly(() => rmSync(this.#file, { force: true }));
  }

  #thin(): void {
    const half = this.#ends.length >> 1;
    const kept = (_: number, index: number): boolean => index >= half || index % 2 === 1;
    this.#ends = this.#ends.filter(kept);
    this.#times = this.#times.filter(kept);
  }

  #rewrite(): void {
    this.#sinceWritten = 0;
    quietly(() => writeFileSync(this.#file, this.#ends.map((end, index) => `${end} ${this.#times[index]}\n`).join(''), { mode: 0o600 }));
  }

  /** What does not grow is not of this log any more (it was cut by a control that died before it could say so), so none of it counts. */
  #load(): void {
    let text = '';
    try {
      text = readFileSync(this.#file, 'utf8');
    } catch {
      return;
    }
    for (const line of text.split('\n')) {
      const match = /^(\d{1,15}) (\d{1,15})$/.exec(line);
      if (!match) continue;
      const [end, time] = [Number(match[1]), Number(match[2])];
      if (end < this.end) {
        this.#ends = [];
        this.#times = [];
      }
      this.#ends.push(end);
      this.#times.push(time);
    }
    while (this.#ends.length > LOOKS_MAX) this.#thin();
  }
}

/** Times are worth less than what a full disk has to be kept for. */
function quietly(write: () => void): void {
  try {
    write();
  } catch {}
}
