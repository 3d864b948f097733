/** A second of chance for each property of the codec and the doors. `SEED=… make test ONLY=test/fuzz` repeats a run, `make fuzz` goes on for longer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CODEC_PROPERTIES } from './codec-properties.ts';
import { DOOR_PROPERTIES } from './door-properties.ts';
import { Random, seedOf } from './random.ts';

const DURATION_MS = 1_000;
/** A case that takes longer has found something quadratic. */
const CASE_MS_MAX = 1_000;
const seed = seedOf(process.env['SEED']);

for (const [name, holds] of Object.entries({ ...CODEC_PROPERTIES, ...DOOR_PROPERTIES })) {
  test(`${name} (SEED=${seed})`, () => {
    const end = performance.now() + DURATION_MS;
    let cases = 0;
    for (; performance.now() < end; cases++) {
      const begun = performance.now();
      try {
        holds(Random.forCase(seed, cases));
      } catch (error) {
        throw new Error(`case ${cases} of SEED=${seed}: ${(error as Error).message}`, { cause: error });
      }
      const took = performance.now() - begun;
      assert.ok(took < CASE_MS_MAX, `case ${cases} of SEED=${seed} took ${took} ms`);
    }
    assert.ok(cases > 50, `${cases} cases`);
  });
}
