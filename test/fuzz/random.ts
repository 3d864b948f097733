import { seededRandom } from '../../src/core/index.ts';

/** Small seeded generator of chance: one seed, one run. */
export class Random {
  /** From 0 up to and without 1. */
  readonly next: () => number;

  constructor(seed: number) {
    this.next = seededRandom(seed);
  }

  /** The generator of one case of a run, independent of how many cases came before it. */
  static forCase(seed: number, index: number): Random {
    return new Random(Math.imul(seed ^ 0x9e37_79b9, 0x85eb_ca6b) ^ Math.imul(index + 1, 0xc2b2_ae35));
  }

  /** A whole number from 0 up to and without `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }

  shuffled<T>(values: readonly T[]): T[] {
    const rest = [...values];
    return values.map(() => rest.splice(this.below(rest.length), 1)[0] as T);
  }
}

/** The seed that the environment asks for, or one of the day; printed by whoever uses it. */
export function seedOf(text: string | undefined): number {
  const seed = Number(text || Date.now() % 2 ** 31);
  if (!Number.isInteger(seed)) throw new Error(`SEED is '${text}', not a whole number`);
  return seed;
}
