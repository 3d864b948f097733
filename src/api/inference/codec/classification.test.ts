import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LeptonError, type Tensor } from '../../../core/index.ts';
import { sixDigits } from './classification.ts';
import { classify, decodeByteStrings } from './index.ts';

const floats = (values: readonly number[], shape = [values.length]): Tensor => ({ name: 'y', datatype: 'FP32', shape, data: new Uint8Array(Float32Array.from(values).buffer) });
const indexes = (tensor: Tensor): number[] => decodeByteStrings(tensor).map((bytes) => Number(Buffer.from(bytes).toString().split(':')[1]));

describe('classification', () => {
  test('the few highest of many are the same as of all, whatever their order', () => {
    const state = { seed: 7 };
    const values = Array.from({ length: 20_000 }, () => (state.seed = (state.seed * 16_807) % 2_147_483_647) % 1000);
    for (const order of [values, values.toSorted((a, b) => a - b), values.toSorted((a, b) => b - a)]) {
      const all = indexes(classify(floats(order), order.length, { batched: false }));
      for (const count of [1, 2, 5, 333]) assert.deepEqual(indexes(classify(floats(order), count, { batched: false })), all.slice(0, count));
    }
  });

  test('a million rising values take no noticeable time', () => {
    const begun = performance.now();
    assert.deepEqual(indexes(classify(floats(Array.from({ length: 1_000_000 }, (_, index) => index)), 3, { batched: false })), [999_999, 999_998, 999_997]);
    assert.ok(performance.now() - begun < 3000);
  });

  test('refuses what has no order, and more classes than its bound', () => {
    const refused = (tensor: Tensor, count: number, reason: RegExp) =>
      assert.throws(() => classify(tensor, count, { batched: true }), (error: unknown) => error instanceof LeptonError && error.code === 'INVALID_ARGUMENT' && reason.test(error.message));
    refused({ name: 'y', datatype: 'BYTES', shape: [0], data: new Uint8Array() }, 1, /'y' is BYTES, which has no order/);
    refused({ name: 'y', datatype: 'BOOL', shape: [1], data: new Uint8Array(1) }, 1, /BOOL/);
    refused({ name: 'y', datatype: 'UINT8', shape: [1100, 1000], data: new Uint8Array(1_100_000) }, 1000, /1100000 classes.*more than 1048576/);
  });

  test('floats are written as C does, ties to even', () => {
    for (const [value, text] of [[0.0078125, '0.007812'], [0.0234375, '0.023438'], [-0.0078125, '-0.007812'], [1e21, '1000000000000000000000.000000'], [999_999.9999999, '1000000.000000'], [-0, '-0.000000'], [Number.NEGATIVE_INFINITY, '-inf']] as const)
      assert.equal(sixDigits(value), text);
  });
});
