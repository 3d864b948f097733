import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { scaleModel } from '../../src/testing/onnx-models.ts';
import { factorOf, scaleRequest, TestPlatform } from './harness.ts';

const KEYS = 2_000;
/** Requests in flight at once. */
const PARALLEL = 16;

describe('traffic', () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await TestPlatform.start();
    for (const factor of [1, 2, 3]) await platform.publish('scale', `v${factor}`, scaleModel(factor));
    await platform.api('PUT', '/services/scale?wait=60', {
      deployments: ['v1', 'v2', 'v3'].map((version) => ({ version: `scale:${version}` })),
      traffic: { weights: { v1: 90, v2: 10, v3: 0 } },
    });
  });
  after(() => platform.dispose());

  const setWeights = (weights: Record<string, number>): Promise<unknown> => platform.api('PUT', '/services/scale/traffic?wait=30', { traffic: { weights, sticky: { header: 'x-user' } } });

  /** Runs `count` calls, a few at once. */
  async function many<T>(count: number, call: (index: number) => Promise<T>): Promise<T[]> {
    const results: T[] = [];
    let next = 0;
    await Promise.all(Array.from({ length: PARALLEL }, async () => {
      for (let index = next++; index < count; index = next++) results[index] = await call(index);
    }));
    return results;
  }

  const versionsOfKeys = (): Promise<(string | undefined)[]> => many(KEYS, async (index) => (await platform.infer('scale/infer', scaleRequest(), { 'x-user': `user-${index}` })).version);

  it('splits 10,000 requests 90 to 10 within one per cent', async () => {
    const answers = await many(10_000, () => platform.infer('scale/infer', scaleRequest()));
    assert.deepEqual(answers.filter(({ status }) => status !== 200), []);
    for (const answer of answers) assert.equal(`v${factorOf(answer)}`, answer.version, 'the version named is the version that answered');
    const share = answers.filter(({ version }) => version === 'v2').length / answers.length;
    assert.ok(Math.abs(share - 0.1) <= 0.01, `v2 got ${(share * 100).toFixed(2)} %`);
    assert.equal(answers.filter(({ version }) => version === 'v3').length, 0, 'the dark version got nothing');
    assert.equal(new Set(answers.map(({ predictionId }) => predictionId)).size, answers.length, 'every prediction has an id of its own');
  });

  it('reaches the dark version by its name only', async () => {
    const answer = await platform.infer('scale/versions/v3/infer', scaleRequest());
    assert.deepEqual([answer.status, answer.version, factorOf(answer)], [200, 'v3', 3]);
  });

  it('keeps a sticky key on its version, and a change of weights moves only the keys that it must', async () => {
    await setWeights({ v1: 70, v2: 30, v3: 0 });
    const first = await versionsOfKeys();
    assert.deepEqual(await versionsOfKeys(), first, 'the same keys got the same versions');
    await setWeights({ v1: 50, v2: 50, v3: 0 });
    const second = await versionsOfKeys();
    const moves = movesBetween(first, second);
    assert.deepEqual(moves.filter((move) => move !== 'v1 → v2'), [], 'keys moved only from the loser to the gainer');
    assert.ok(Math.abs(moves.length / KEYS - 0.2) <= 0.05, `${((100 * moves.length) / KEYS).toFixed(1)} % of the keys moved, 20 % had to`);
    await setWeights({ v1: 30, v2: 50, v3: 20 });
    const misplaced = movesBetween(second, await versionsOfKeys()).filter((move) => !move.startsWith('v1') && !move.endsWith('v3'));
    assert.deepEqual(misplaced, [], 'keys left only the version that lost weight, or went to the one that gained');
  });

  function movesBetween(before: readonly (string | undefined)[], after: readonly (string | undefined)[]): string[] {
    return before.flatMap((from, index) => (from === after[index] ? [] : [`${from} → ${after[index]}`]));
  }

  it('tells a session, through version-less metadata, which version it gets', async () => {
    await setWeights({ v1: 34, v2: 33, v3: 33 });
    for (const user of ['a', 'b', 'c', 'd', 'e']) {
      const headers = { 'x-user': user };
      const metadata = await platform.infer('scale', undefined, headers);
      const answer = await platform.infer('scale/infer', scaleRequest(), headers);
      assert.equal(metadata.version, answer.version);
    }
  });

  it('answers pinned versions whatever the weights are', async () => {
    for (const factor of [1, 2, 3]) assert.equal(factorOf(await platform.infer(`scale/versions/v${factor}/infer`, scaleRequest())), factor);
  });
});
