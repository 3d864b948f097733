import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LOG_LINEAR_BUCKETS, LOG_LINEAR_ERROR, LogLinearHistogram, logLinearIndex, logLinearLowerBound, logLinearQuantile } from './log-linear.ts';
import { seededRandom } from './random.ts';

describe('log-linear histogram', () => {
  it('puts every value between the bounds of its bucket, and no bucket is wider than the error', () => {
    const random = seededRandom(1);
    const values = [0, 1, 15, 16, 17, 31, 32, 33, 2 ** 31, 2 ** 32 - 1, ...Array.from({ length: 20_000 }, () => Math.floor(2 ** (random() * 32)))];
    for (const value of values) {
      const index = logLinearIndex(value);
      const [lower, upper] = [logLinearLowerBound(index), logLinearLowerBound(index + 1)];
      assert.ok(lower <= value && value < upper, `${value} in [${lower}, ${upper})`);
      assert.ok(upper - lower <= Math.max(1, lower * LOG_LINEAR_ERROR), `[${lower}, ${upper}) is narrow`);
      assert.ok(index >= 0 && index < LOG_LINEAR_BUCKETS);
    }
  });

  it('takes what is out of range to its ends', () => {
    assert.equal(logLinearIndex(-5), 0);
    assert.equal(logLinearIndex(Number.NaN), 0);
    assert.equal(logLinearIndex(2 ** 40), LOG_LINEAR_BUCKETS - 1);
    assert.equal(logLinearIndex(Number.POSITIVE_INFINITY), LOG_LINEAR_BUCKETS - 1);
  });

  it('gives quantiles within the error of the exact ones', () => {
    const random = seededRandom(7);
    const histogram = new LogLinearHistogram();
    // Latencies of two kinds: most about 2 ms, a tail to 300 ms.
    const values = Array.from({ length: 50_000 }, () => Math.floor(random() < 0.9 ? 1500 + random() * 1000 : 20_000 + random() ** 3 * 280_000)).sort((a, b) => a - b);
    for (const value of values) histogram.observe(value);
    for (const share of [0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999]) {
      const exact = values[Math.ceil(share * values.length) - 1] as number;
      const found = logLinearQuantile(histogram.counts, share) as number;
      assert.ok(Math.abs(found - exact) <= exact * LOG_LINEAR_ERROR, `p${share * 100}: ${found} for ${exact}`);
    }
    assert.equal(histogram.count, values.length);
    assert.equal(histogram.sum, values.reduce((sum, value) => sum + value, 0));
  });

  it('knows no quantile of nothing', () => {
    assert.equal(logLinearQuantile(new LogLinearHistogram().counts, 0.5), null);
  });
});
