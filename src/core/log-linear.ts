/**
 * Log-linear histograms over whole numbers below 2^32 (HdrHistogram's layout): exact below 16, then each power of two
 * in 16 equal buckets, so a bucket is never wider than a sixteenth of its lower bound. Histograms of any windows and
 * processes add up by adding counts.
 */
const SUB_BITS = 4;
const SUB_BUCKETS = 1 << SUB_BITS;
const VALUE_MAX = 2 ** 32 - 1;

export const LOG_LINEAR_BUCKETS = SUB_BUCKETS * (32 - SUB_BITS + 1);
/** Widest bucket, as a share of the values in it: no quantile is further off. */
export const LOG_LINEAR_ERROR = 1 / SUB_BUCKETS;

/** The bucket of a value; negative ones count as 0, larger than 2^32 − 1 as that. */
export function logLinearIndex(value: number): number {
  const whole = value >= VALUE_MAX ? VALUE_MAX : value > 0 ? value >>> 0 : 0;
  if (whole < SUB_BUCKETS) return whole;
  const exponent = 31 - Math.clz32(whole);
  return ((exponent - SUB_BITS + 1) << SUB_BITS) + ((whole >>> (exponent - SUB_BITS)) & (SUB_BUCKETS - 1));
}

/** The smallest value of a bucket; of the one after the last: 2^32. */
export function logLinearLowerBound(index: number): number {
  if (index < SUB_BUCKETS) return index;
  const exponent = (index >> SUB_BITS) + SUB_BITS - 1;
  return (SUB_BUCKETS + (index & (SUB_BUCKETS - 1))) * 2 ** (exponent - SUB_BITS);
}

/**
 * The value below which a share `quantile` (0 to 1) of what was counted lies, interpolated within its bucket; null when
 * nothing was counted.
 */
export function logLinearQuantile(counts: ArrayLike<number>, quantile: number): number | null {
  let total = 0;
  for (let index = 0; index < counts.length; index++) total += counts[index] as number;
  if (total === 0) return null;
  const rank = Math.min(1, Math.max(0, quantile)) * total;
  let below = 0;
  for (let index = 0; index < counts.length; index++) {
    const count = counts[index] as number;
    if (count > 0 && below + count >= rank) {
      const [lower, upper] = [logLinearLowerBound(index), logLinearLowerBound(index + 1)];
      return lower + ((rank - below) / count) * (upper - lower);
    }
    below += count;
  }
  return null;
}

/** Counts since it was last taken, and the sum of what was counted. */
export class LogLinearHistogram {
  readonly counts = new Uint32Array(LOG_LINEAR_BUCKETS);
  count = 0;
  sum = 0;

  observe(value: number): void {
    const index = logLinearIndex(value);
    this.counts[index] = (this.counts[index] as number) + 1;
    this.count++;
    this.sum += value;
  }

  reset(): void {
    if (this.count === 0) return;
    this.counts.fill(0);
    this.count = 0;
    this.sum = 0;
  }
}
