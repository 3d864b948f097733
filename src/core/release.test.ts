import assert from 'node:assert/strict';
import { test } from 'node:test';
import { releaseBytes } from './index.ts';

test('a large buffer’s memory is given back at once, a small one is left alone, twice is harmless', () => {
  const large = Buffer.allocUnsafeSlow(100_000);
  releaseBytes(large.subarray(1000));
  releaseBytes(large);
  assert.deepEqual([large.length, large.buffer.byteLength], [0, 0]);
  const small = Buffer.from('pooled');
  releaseBytes(small);
  assert.equal(small.toString(), 'pooled');
});
