import { logLinearLowerBound, logLinearQuantile } from '../../core/index.ts';
import type { Distribution } from '../samples/index.ts';

/** A figure with its 95 % confidence interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Of the normal distribution, two-sided 95 %. */
const Z = 1.959964;

/** A share, by Wilson's score interval (1927); holds for small counts and shares near 0 and 1. Null of nothing. */
export function proportion(hits: number, count: number): Estimate | null {
  if (count <= 0) return null;
  const share = hits / count;
  const centre = (share + Z ** 2 / (2 * count)) / (1 + Z ** 2 / count);
  const half = (Z / (1 + Z ** 2 / count)) * Math.sqrt((share * (1 - share)) / count + Z ** 2 / (4 * count ** 2));
  return { value: share, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/** How much larger the second share is, by Newcombe's hybrid score interval (1998, method 10). */
export function proportionDifference(a: Estimate, b: Estimate): Estimate {
  const value = b.value - a.value;
  return { value, low: value - Math.hypot(b.value - b.low, a.high - a.value), high: value + Math.hypot(b.high - b.value, a.value - a.low) };
}

/** Mean of rewards; null below two. */
export function mean(value: number, deviation: number | null, count: number): Estimate | null {
  if (deviation === null || count < 2) return null;
  const half = (Z * deviation) / Math.sqrt(count);
  return { value, low: value - half, high: value + half };
}

/** How much larger the second mean is: unequal variances, large counts. */
export function meanDifference(a: Estimate, b: Estimate): Estimate {
  const value = b.value - a.value;
  const half = Math.hypot(a.high - a.value, b.high - b.value);
  return { value, low: value - half, high: value + half };
}

/** A quantile with the order statistics around it (distribution-free, binomial by its normal approximation). Null of nothing. */
export function quantileEstimate({ counts }: Distribution, share: number): Estimate | null {
  const count = counts.reduce((sum, one) => sum + one, 0);
  const value = logLinearQuantile(counts, share);
  if (value === null) return null;
  const half = Z * Math.sqrt((share * (1 - share)) / count);
  return { value, low: logLinearQuantile(counts, share - half) as number, high: logLinearQuantile(counts, share + half) as number };
}

/**
 * How probable it is that a request to the second takes longer than one to the first, ties half (Mann and Whitney 1947), with
 * the standard error under ties of Hanley and McNeil (1982). 0.5: no difference.
 */
export function slowerProbability(a: Distribution, b: Distribution): Estimate | null {
  const [countA, countB] = [a, b].map(({ counts }) => counts.reduce((sum, one) => sum + one, 0)) as [number, number];
  if (!countA || !countB) return null;
  let [below, wins] = [0, 0];
  for (let bucket = 0; bucket < a.counts.length; bucket++) {
    const [inA, inB] = [a.counts[bucket] as number, b.counts[bucket] as number];
    wins += inB * (below + inA / 2);
    below += inA;
  }
  const value = wins / (countA * countB);
  const [q1, q2] = [value / (2 - value), (2 * value ** 2) / (1 + value)];
  const variance = (value * (1 - value) + (countB - 1) * (q1 - value ** 2) + (countA - 1) * (q2 - value ** 2)) / (countA * countB);
  const half = Z * Math.sqrt(Math.max(0, variance));
  return { value, low: Math.max(0, value - half), high: Math.min(1, value + half) };
}

/** A distribution as cumulative shares, for drawing: at most one point a bucket. */
export function cumulative({ counts }: Distribution): { readonly upTo: number; readonly share: number }[] {
  const count = counts.reduce((sum, one) => sum + one, 0);
  let below = 0;
  const points: { upTo: number; share: number }[] = [];
  counts.forEach((inBucket, bucket) => {
    if (inBucket === 0) return;
    below += inBucket;
    points.push({ upTo: logLinearLowerBound(bucket + 1), share: below / count });
  });
  return points;
}

/** So many in each group would make an interval of a difference as wide as the difference itself: then it is told from nothing. */
export function neededFor(difference: number, varianceA: number, varianceB: number): number {
  return difference === 0 ? Number.POSITIVE_INFINITY : Math.ceil((Z ** 2 * (varianceA + varianceB)) / difference ** 2);
}
