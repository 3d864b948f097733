import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LogLinearHistogram, seededRandom } from '../../core/index.ts';
import type { VersionFeedback } from '../feedback/index.ts';
import { Sample } from '../samples/index.ts';
import { compare, type Side } from './compare.ts';
import { proportion, proportionDifference, quantileEstimate, slowerProbability } from './intervals.ts';

const gaussian = (random: () => number): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
/** Requests of about `medianUs` with a spread of a third. */
function side(version: string, seed: number, { count = 1000, medianUs = 2000, faults = 0, correct = null as [number, number] | null, cpuUs = 300 } = {}): Side {
  const random = seededRandom(seed);
  const histogram = new LogLinearHistogram();
  for (let request = 0; request < count; request++) histogram.observe(medianUs * Math.exp(0.33 * gaussian(random)));
  const sample = new Sample();
  sample.addCounts('total', histogram);
  sample.add('succeeded', count);
  sample.add('failed', faults);
  sample.add('faults', faults);
  sample.add('cpuUs', cpuUs * count);
  sample.add('cpuElapsedUs', 1e9);
  const feedback = correct && ({ version, correct: { correct: correct[0], count: correct[1], accuracy: correct[0] / correct[1] }, reward: null } as unknown as VersionFeedback);
  return { version, sample, feedback };
}
const outcome = (a: Side, b: Side, about: string) => compare(a, b).findings.find((one) => one.about === about)?.outcome;

describe('intervals', () => {
  it('of shares are Wilson’s and Newcombe’s, as published', () => {
    // Newcombe 1998, example (a): 56/70 and 48/80.
    const [first, second] = [proportion(56, 70), proportion(48, 80)];
    assert.ok(first && second);
    assert.ok(Math.abs(second.low - 0.4904) < 5e-4 && Math.abs(second.high - 0.7004) < 5e-4, JSON.stringify(second));
    const gap = proportionDifference(second, first);
    assert.ok(Math.abs(gap.value - 0.2) < 1e-9 && Math.abs(gap.low - 0.0524) < 5e-4 && Math.abs(gap.high - 0.3339) < 5e-4, JSON.stringify(gap));
  });

  it('of quantiles and of being slower hold what is true about 95 times of 100', () => {
    let [medianHeld, slowerHeld] = [0, 0];
    const rounds = 200;
    for (let round = 1; round <= rounds; round++) {
      const [a, b] = [side('a', round, { count: 300 }), side('b', 10_000 + round, { count: 300 })].map(({ sample }) => sample.distribution('total'));
      assert.ok(a && b);
      const median = quantileEstimate(a, 0.5);
      if (median && median.low <= 2000 && 2000 <= median.high) medianHeld++;
      const slower = slowerProbability(a, b);
      if (slower && slower.low <= 0.5 && 0.5 <= slower.high) slowerHeld++;
    }
    assert.ok(medianHeld >= rounds * 0.88, `median: ${medianHeld}`);
    assert.ok(slowerHeld >= rounds * 0.9, `slower: ${slowerHeld}`);
  });
});

describe('comparison', () => {
  it('finds the slower version, and which of the two it is', () => {
    assert.equal(outcome(side('v1', 1), side('v2', 2, { medianUs: 3000 }), 'latency'), 'worse');
    assert.equal(outcome(side('v1', 1, { medianUs: 3000 }), side('v2', 2), 'latency'), 'better');
    assert.match(compare(side('v1', 1), side('v2', 2, { medianUs: 3000 })).verdict, /^v2 is worse than v1 in latency\. .*median latency [\d.]+ ms \([\d.]+ to [\d.]+\) of v2 against/);
  });

  it('sees no difference where there is none', () => {
    const same = compare(side('v1', 1, { count: 5000 }), side('v2', 2, { count: 5000 }));
    assert.deepEqual(same.findings.map(({ about, outcome: found }) => [about, found]), [['latency', 'same'], ['faults', 'same'], ['cost', 'same']]);
    assert.match(same.verdict, /^v1 and v2 do not differ by more than chance/);
  });

  it('finds failures, wrong answers and cost', () => {
    assert.equal(outcome(side('v1', 1), side('v2', 2, { faults: 30 }), 'faults'), 'worse');
    assert.equal(outcome(side('v1', 1), side('v2', 2, { faults: 1 }), 'faults'), 'same', 'one of a thousand may be chance');
    assert.equal(outcome(side('v1', 1, { correct: [900, 1000] }), side('v2', 2, { correct: [800, 1000] }), 'accuracy'), 'worse');
    assert.equal(outcome(side('v1', 1), side('v2', 2, { cpuUs: 600 }), 'cost'), 'worse');
    assert.match(compare(side('v1', 1, { correct: [800, 1000] }), side('v2', 2, { correct: [900, 1000], medianUs: 9000 })).verdict, /^v2 is better in accuracy, worse in latency than v1/);
  });

  it('says how much is missing in place of guessing', () => {
    const few = compare(side('v1', 1, { count: 4 }), side('v2', 2));
    assert.deepEqual(few.findings, []);
    assert.equal(few.verdict, 'not enough data: about 26 more requests to v1.');
    const { verdict, findings } = compare(side('v1', 1, { correct: [18, 20] }), side('v2', 2, { correct: [16, 20] }));
    assert.equal(findings[0]?.outcome, 'unknown');
    const more = Number(/about (\d+) more answers with feedback/.exec(verdict)?.[1]);
    // For 90 and 80 of 100 the interval of the difference is as wide as the difference at about 96 each.
    assert.ok(more > 60 && more < 100, verdict);
  });

  it('of nothing is not an error', () => {
    const nothing: Side = { version: 'v1', sample: new Sample(), feedback: null };
    const found = compare(nothing, { ...nothing, version: 'v2' });
    assert.equal(found.verdict, 'not enough data: about 30 more requests to v1. not enough data: about 30 more requests to v2.');
    assert.equal(found.a.latency, null);
  });
});
