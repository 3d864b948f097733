import type { VersionFeedback } from '../feedback/index.ts';
import type { Distribution, Sample } from '../samples/index.ts';
import { cumulative, type Estimate, mean, meanDifference, neededFor, proportion, proportionDifference, quantileEstimate, slowerProbability } from './intervals.ts';
import { type Finding, verdictOf } from './verdict.ts';

/** What one version did over the window, and what was said of its answers. */
export interface Side {
  readonly version: string;
  readonly sample: Sample;
  readonly feedback: VersionFeedback | null;
}

export interface SideFigures {
  readonly version: string;
  readonly requests: number;
  /** Milliseconds; null: no request was answered. */
  readonly latency: { readonly mean: number; readonly p50: Estimate; readonly p95: Estimate; readonly p99: Estimate; readonly distribution: readonly { readonly upTo: number; readonly share: number }[] } | null;
  /** Share of requests that failed through no fault of client or load. */
  readonly faults: Estimate | null;
  readonly errors: Readonly<Record<string, number>>;
  /** Share of answers that were right, of those that feedback judged, since ever. */
  readonly accuracy: (Estimate & { readonly count: number }) | null;
  /** Mean reward, since ever. */
  readonly reward: (Estimate & { readonly count: number }) | null;
  /** CPU seconds of its workers for 1,000 answered requests. */
  readonly cpuSecondsPer1000: number | null;
}

export interface Comparison {
  readonly a: SideFigures;
  readonly b: SideFigures;
  /** That a request to b takes longer than one to a; 0.5: no difference. */
  readonly slowerProbability: Estimate | null;
  readonly faultsDifference: Estimate | null;
  readonly accuracyDifference: Estimate | null;
  readonly rewardDifference: Estimate | null;
  readonly findings: readonly Finding[];
  /** In plain words. */
  readonly verdict: string;
}

/** Below this nothing is said of a version. */
export const REQUESTS_MIN = 30;

/** Compares two versions. Intervals are of 95 % and take requests as independent of each other. Pure. */
export function compare(sideA: Side, sideB: Side): Comparison {
  const [a, b] = [figures(sideA), figures(sideB)];
  const [latencyA, latencyB] = [sideA, sideB].map(({ sample }) => sample.distribution('total'));
  const compared = {
    a, b,
    slowerProbability: latencyA && latencyB ? slowerProbability(latencyA, latencyB) : null,
    faultsDifference: difference(a.faults, b.faults, proportionDifference),
    accuracyDifference: difference(a.accuracy, b.accuracy, proportionDifference),
    rewardDifference: difference(a.reward, b.reward, meanDifference),
  };
  const needed = { accuracy: neededAnswers(a.accuracy, b.accuracy, compared.accuracyDifference), reward: neededRewards(sideA.feedback, sideB.feedback, compared.rewardDifference) };
  return { ...compared, ...verdictOf(compared, needed) };
}

function figures({ version, sample, feedback }: Side): SideFigures {
  const [succeeded, failed] = [sample.get('succeeded'), sample.get('failed')];
  const total = sample.distribution('total');
  const { correct, reward } = feedback ?? { correct: null, reward: null };
  const accuracy = correct && proportion(correct.correct, correct.count);
  const rewards = reward && mean(reward.mean, reward.deviation, reward.count);
  return {
    version,
    requests: succeeded + failed,
    latency: total && succeeded ? latencyOf(total, succeeded) : null,
    faults: proportion(sample.get('faults'), succeeded + failed),
    errors: Object.fromEntries(sample.errors),
    accuracy: accuracy && { ...accuracy, count: correct.count },
    reward: rewards && { ...rewards, count: reward.count },
    cpuSecondsPer1000: succeeded && sample.get('cpuElapsedUs') ? sample.get('cpuUs') / 1000 / succeeded : null,
  };
}

function latencyOf(total: Distribution, succeeded: number): SideFigures['latency'] {
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((share) => inMs(quantileEstimate(total, share) as Estimate)) as [Estimate, Estimate, Estimate];
  return { mean: total.sum / succeeded / 1000, p50, p95, p99, distribution: cumulative(total).map(({ upTo, share }) => ({ upTo: upTo / 1000, share })) };
}

const inMs = ({ value, low, high }: Estimate): Estimate => ({ value: value / 1000, low: low / 1000, high: high / 1000 });
const difference = (a: Estimate | null, b: Estimate | null, of: (a: Estimate, b: Estimate) => Estimate): Estimate | null => (a && b ? of(a, b) : null);

type Counted = SideFigures['accuracy'];

/** Judged answers that are missing on the side that has fewer, should the difference be what it looks like. */
function neededAnswers(a: Counted, b: Counted, gap: Estimate | null): number | null {
  if (!a || !b || !gap) return null;
  const variance = ({ value }: Estimate): number => Math.max(value * (1 - value), 0.01);
  return neededFor(gap.value, variance(a), variance(b)) - Math.min(a.count, b.count);
}

function neededRewards(a: VersionFeedback | null, b: VersionFeedback | null, gap: Estimate | null): number | null {
  if (!a?.reward || !b?.reward || !gap) return null;
  return neededFor(gap.value, (a.reward.deviation ?? 0) ** 2, (b.reward.deviation ?? 0) ** 2) - Math.min(a.reward.count, b.reward.count);
}
