import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { differenceOf, fit, isFault, numbersOf, sampleText, type TensorSpec, tensorOfText } from './tensors.ts';

const spec = (datatype: TensorSpec['datatype'], shape: number[]): TensorSpec => ({ name: 'x', datatype, shape });

describe('tensors of text', () => {
  it('take their shape from the lists', () => {
    assert.deepEqual(tensorOfText('[[1,2],[3,4.5]]', spec('FP32', [-1, 2])), { data: [1, 2, 3, 4.5], shape: [2, 2], datatype: 'FP32' });
    assert.deepEqual(tensorOfText('7', spec('INT64', [])), { data: [7], shape: [], datatype: 'INT64' });
    assert.deepEqual(tensorOfText('["a", "b"]', spec('BYTES', [-1])), { data: ['a', 'b'], shape: [2], datatype: 'BYTES' });
  });

  it('fit a flat list into the version’s shape', () => {
    assert.deepEqual(tensorOfText('[1,2,3,4]', spec('FP32', [-1, 2])), { data: [1, 2, 3, 4], shape: [2, 2], datatype: 'FP32' });
    assert.deepEqual(fit(6, [-1, -1, 3]), [1, 2, 3]);
    assert.equal(fit(5, [-1, 2]), undefined);
    assert.equal(fit(5, [2, 2]), undefined);
    assert.equal(fit(0, [0, -1]), undefined);
  });

  it('keep whole numbers beyond 2^53', () => {
    assert.deepEqual((tensorOfText('[9007199254740993]', spec('INT64', [1])) as { data: unknown }).data, [9007199254740993n]);
  });

  it('say what is wrong', () => {
    const kind = (text: string) => {
      const value = tensorOfText(text, spec('FP32', [-1, 2]));
      return isFault(value) ? value.kind : null;
    };
    assert.equal(kind('[[1,2],[3]]'), 'ragged');
    assert.equal(kind('[[1,2],3]'), 'ragged');
    assert.equal(kind('[1,'), 'json');
    assert.equal(kind(' '), 'empty');
    assert.equal(kind('['.repeat(40) + ']'.repeat(40)), 'deep');
    assert.equal(kind('['.repeat(200_000)), 'json');
  });

  it('begin with zeros of the right shape', () => {
    assert.equal(sampleText(spec('FP32', [-1, 2, 2])), '[[[0,0],[0,0]]]');
    assert.equal(sampleText(spec('BYTES', [1])), '[""]');
    assert.equal(sampleText(spec('INT64', [])), '0');
    assert.equal(sampleText(spec('FP32', [1, 3, 224, 224])), '');
  });
});

describe('outputs', () => {
  const output = (values: number[], shape = [values.length]) => ({ name: 'y', datatype: 'FP32' as const, shape, data: new Float32Array(values) });

  it('are compared element by element', () => {
    assert.deepEqual(differenceOf(output([1, 2, 3]), output([1, 2.5, 3])), { largest: 0.5, sameTop: true, equal: false });
    assert.deepEqual(differenceOf(output([3, 1]), output([1, 3])), { largest: 2, sameTop: false, equal: false });
    assert.deepEqual(differenceOf(output([1]), output([1])), { largest: 0, sameTop: null, equal: true });
    assert.deepEqual(differenceOf(output([1, 2]), output([1, 2], [1, 2])), { largest: null, sameTop: null, equal: false });
  });

  it('of 16 bits are numbers', () => {
    assert.deepEqual(numbersOf({ name: 'y', datatype: 'FP16', shape: [5], data: new Uint16Array([0x3c00, 0xc000, 0x0001, 0x7c00, 0x3555]) })?.slice(0, 4), [1, -2, 2 ** -24, Number.POSITIVE_INFINITY]);
    assert.deepEqual(numbersOf({ name: 'y', datatype: 'BF16', shape: [2], data: new Uint16Array([0x3f80, 0xc040]) }), [1, -3]);
  });
});
