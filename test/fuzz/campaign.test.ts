/** A few seconds of chance against everything that listens. `SEED=… make test ONLY=test/fuzz` repeats a run, `make fuzz` goes on for longer. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Serving } from '../hostile/support/serving.ts';
import { runCampaign } from './campaign.ts';
import { seedOf } from './random.ts';

const DURATION_MS = 5_000;
const seed = seedOf(process.env['SEED']);

let serving: Serving;
before(async () => {
  serving = await Serving.start({ requestReceiveTimeoutMs: 1500 });
});
after(() => serving.close());

test(`HTTP, gRPC, the worker and the gateway take anything (SEED=${seed})`, async () => {
  const { cases, findings } = await runCampaign(serving, { seed, durationMs: DURATION_MS });
  assert.deepEqual(findings, []);
  for (const [name, count] of Object.entries(cases)) assert.ok(count > 20, `${count} cases of ${name}`);
});
