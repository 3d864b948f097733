/** A second of chance for each property of the codec and the doors. `SEED=… make test ONLY=test/fuzz` repeats a run, `make fuzz` goes on for longer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROPERTIES, tryProperty } from './properties.ts';
import { seedOf } from './random.ts';

const DURATION_MS = 1_000;
const seed = seedOf(process.env['SEED']);

for (const [name, holds] of Object.entries(PROPERTIES)) {
  test(`${name} (SEED=${seed})`, () => {
    const cases = tryProperty(holds, seed, DURATION_MS);
    assert.ok(cases > 50, `${cases} cases`);
  });
}
