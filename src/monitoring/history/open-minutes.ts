import { Sample } from '../samples/index.ts';
import type { SeriesSample } from './blobs.ts';

export const MINUTE = 60;
export const HOUR = 3600;

/** One piece of what a series did, with the second at which its period begins. */
export interface Piece {
  readonly at: number;
  readonly bytes: Uint8Array;
}

const startOf = (at: number, period: number): number => Math.floor(at / period) * period;

/** Samples by minute and series that are not in an hour's rows yet: those of this hour, and what came late. */
export class OpenMinutes {
  readonly #minutes = new Map<number, Map<number, Uint8Array[]>>();
  readonly #sample = new Sample();

  add(at: number, samples: readonly SeriesSample[]): void {
    const start = startOf(at, MINUTE);
    let minute = this.#minutes.get(start);
    if (!minute) this.#minutes.set(start, (minute = new Map()));
    for (const { series, bytes } of samples) {
      const pieces = minute.get(series);
      if (pieces) pieces.push(bytes);
      else minute.set(series, [bytes]);
    }
  }

  /** Starts of the hours that it holds something of, in order. */
  hours(): readonly number[] {
    return [...new Set([...this.#minutes.keys()].map((minute) => startOf(minute, HOUR)))].sort((a, b) => a - b);
  }

  seriesOf(hour: number): ReadonlySet<number> {
    const found = new Set<number>();
    for (let minute = hour; minute < hour + HOUR; minute += MINUTE) for (const series of this.#minutes.get(minute)?.keys() ?? []) found.add(series);
    return found;
  }

  /** What it holds of one series from `from` until before `to`. */
  pieces(series: number, from: number, to: number): Piece[] {
    const found: Piece[] = [];
    for (const [at, minute] of this.#minutes) if (at >= from && at < to) for (const bytes of minute.get(series) ?? []) found.push({ at, bytes });
    return found;
  }

  /** What it holds of one series in the minute that begins at `start`. */
  minute(series: number, start: number): readonly Uint8Array[] {
    return this.#minutes.get(start)?.get(series) ?? [];
  }

  /** Makes one sample of the pieces of each minute that was over before `now`, so that memory holds few. */
  collapse(now: number): void {
    for (const [at, minute] of this.#minutes) {
      if (at + MINUTE > now) continue;
      for (const [series, pieces] of minute) if (pieces.length > 1) minute.set(series, [mergeEncoded(pieces, this.#sample)]);
    }
  }

  forget(hour: number): void {
    for (let minute = hour; minute < hour + HOUR; minute += MINUTE) this.#minutes.delete(minute);
  }
}

/** One encoded sample of several; `scratch` is written over. */
export function mergeEncoded(pieces: readonly Uint8Array[], scratch: Sample): Uint8Array {
  scratch.reset();
  for (const bytes of pieces) scratch.addEncoded(bytes);
  return scratch.encode();
}
