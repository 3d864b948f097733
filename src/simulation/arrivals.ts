import { seededRandom } from '../core/index.ts';
import type { ArrivalPattern } from './trace.ts';

const DAY_SECONDS = 86_400;

/** Requests of one stream, tick by tick; the same for the same seed. */
export class ArrivalStream {
  readonly #pattern: ArrivalPattern;
  readonly #random: () => number;
  readonly #tickSeconds: number;
  #bursting = false;
  #switchAt = 0;

  constructor(pattern: ArrivalPattern, seed: number, tickSeconds: number) {
    this.#pattern = pattern;
    this.#random = seededRandom(seed);
    this.#tickSeconds = tickSeconds;
    if (pattern.kind === 'bursts') this.#switchAt = this.#exponential(pattern.everySeconds);
  }

  /** Requests in this tick; ticks are asked for in order. */
  next(tick: number): number {
    if (this.#pattern.kind === 'recorded') return this.#pattern.counts.get(tick) ?? 0;
    return poisson(this.#rateAt(tick * this.#tickSeconds) * this.#tickSeconds, this.#random);
  }

  #rateAt(seconds: number): number {
    const pattern = this.#pattern;
    switch (pattern.kind) {
      case 'poisson':
        return pattern.rate;
      case 'day':
        return pattern.rate * Math.max(0, 1 + pattern.swing * Math.cos((2 * Math.PI * (seconds - pattern.peakHour * 3600)) / DAY_SECONDS));
      case 'step':
        return pattern.rate * (seconds >= pattern.atSeconds ? pattern.factor : 1);
      case 'bursts': {
        while (seconds >= this.#switchAt) {
          this.#bursting = !this.#bursting;
          this.#switchAt += this.#exponential(this.#bursting ? pattern.lengthSeconds : pattern.everySeconds);
        }
        return this.#bursting ? pattern.burstRate : pattern.rate;
      }
      case 'recorded':
        return 0;
    }
  }

  #exponential(mean: number): number {
    return -mean * Math.log(1 - this.#random());
  }
}

const NORMAL_FROM = 50;

/** A Poisson number: Knuth's product for small means, the rounded normal for large ones. */
export function poisson(mean: number, random: () => number): number {
  if (mean <= 0) return 0;
  if (mean > NORMAL_FROM) return Math.max(0, Math.round(mean + Math.sqrt(mean) * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())));
  const limit = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > limit; product *= random()) count++;
  return count;
}
