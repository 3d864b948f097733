import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { byteElements, encodeByteElements, type Tensor } from '../core/index.ts';
import { mergeInputs, rowsOf, splitOutputs } from './batch.ts';

const ints = (name: string, shape: number[], ...values: number[]): Tensor => ({ name, datatype: 'INT32', shape, data: new Uint8Array(new Int32Array(values).buffer) });
const texts = (name: string, shape: number[], ...values: string[]): Tensor => ({ name, datatype: 'BYTES', shape, data: encodeByteElements(values) });
const numbers = (tensor: Tensor): number[] => [...new Int32Array(tensor.data.slice().buffer)];
const strings = (tensor: Tensor): string[] => byteElements(tensor).map((element) => Buffer.from(element).toString());

describe('batching rows', () => {
  it('merges along dimension 0 and splits back, rows of different counts and texts of different lengths', () => {
    const items = [
      [ints('a', [1, 2], 1, 2), texts('t', [1, 2], 'one', '')],
      [texts('t', [2, 2], 'two', 'drei', '四', 'V'), ints('a', [2, 2], 3, 4, 5, 6)],
    ];
    assert.deepEqual(items.map(rowsOf), [1, 2]);
    const merged = mergeInputs(items);
    assert.deepEqual(merged.map((tensor) => [tensor.name, tensor.shape]), [['a', [3, 2]], ['t', [3, 2]]]);
    const split = splitOutputs(merged, [1, 2]);
    assert.deepEqual(split.map((set) => numbers(set[0] as Tensor)), [[1, 2], [3, 4, 5, 6]]);
    assert.deepEqual(split.map((set) => strings(set[1] as Tensor)), [['one', ''], ['two', 'drei', '四', 'V']]);
    assert.deepEqual(split.map((set) => set.map((tensor) => tensor.shape)), [[[1, 2], [1, 2]], [[2, 2], [2, 2]]]);
  });

  it('does not copy a single item', () => {
    const item = [ints('a', [1], 1)];
    assert.equal(mergeInputs([item]), item);
  });

  it('keeps items without rows apart', () => {
    const split = splitOutputs(mergeInputs([[ints('a', [0, 2])], [ints('a', [1, 2], 7, 8)]]), [0, 1]);
    assert.deepEqual(split.map((set) => numbers(set[0] as Tensor)), [[], [7, 8]]);
  });

  it('refuses what does not fit together', () => {
    const one = [ints('a', [1, 2], 1, 2)];
    for (const other of [[ints('a', [1, 3], 1, 2, 3)], [ints('b', [1, 2], 1, 2)], [texts('a', [1, 2], '', '')], [ints('a', [2], 1, 2)]]) {
      assert.throws(() => mergeInputs([one, other]), { code: 'INVALID_ARGUMENT' });
    }
    assert.throws(() => rowsOf([ints('a', [1], 1), ints('b', [2], 1, 2)]), { code: 'INVALID_ARGUMENT' });
    assert.throws(() => rowsOf([ints('a', [], 1)]), { code: 'INVALID_ARGUMENT' });
  });

  it('refuses outputs that do not have the rows that went in', () => {
    assert.throws(() => splitOutputs([ints('y', [1, 2], 1, 2)], [1, 1]), { code: 'MODEL_ERROR' });
  });
});

describe('BYTES elements', () => {
  it('must agree with their lengths', () => {
    const good = encodeByteElements(['ab', 'c']);
    const cut = (data: Uint8Array, shape: number[]): Tensor => ({ name: 't', datatype: 'BYTES', shape, data });
    assert.deepEqual(strings(cut(good, [2])), ['ab', 'c']);
    for (const bad of [cut(good.subarray(0, -1), [2]), cut(good, [1]), cut(good, [3]), cut(good, [2 ** 39]), cut(new Uint8Array([255, 255, 255, 255]), [1])]) {
      assert.throws(() => byteElements(bad), { code: 'INVALID_ARGUMENT' });
    }
  });
});
