import type { Random } from './random.ts';

/** Something that takes bytes from strangers. */
export interface FuzzTarget {
  readonly name: string;
  /** One case; throws what should not have happened. */
  attack(random: Random): Promise<void>;
  close(): Promise<void>;
}

/** Longest wait for what an attack may expect, milliseconds; more is a hang. */
export const PATIENCE_MS = 10_000;
