import { CODEC_PROPERTIES } from './codec-properties.ts';
import { DOOR_PROPERTIES } from './door-properties.ts';
import { Random } from './random.ts';

/** Of the codec and the doors. Each throws when it does not hold for the request that chance makes. */
export const PROPERTIES = { ...CODEC_PROPERTIES, ...DOOR_PROPERTIES };

/** A case that takes longer has found something quadratic. */
const CASE_MS_MAX = 1_000;

/** Tries a property for so long and says how many cases held; throws what the first that did not says, and which it was. */
export function tryProperty(holds: (random: Random) => void, seed: number, durationMs: number): number {
  const end = performance.now() + durationMs;
  let cases = 0;
  for (; performance.now() < end; cases++) {
    const begun = performance.now();
    try {
      holds(Random.forCase(seed, cases));
    } catch (error) {
      throw new Error(`SEED=${seed} CASE=codec:${cases}: ${(error as Error).message}`, { cause: error });
    }
    const took = performance.now() - begun;
    if (took >= CASE_MS_MAX) throw new Error(`SEED=${seed} CASE=codec:${cases} took ${took} ms`);
  }
  return cases;
}
