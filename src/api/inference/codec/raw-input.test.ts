import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Datatype, LeptonError, type Signature, type TensorSpec } from '../../../core/index.ts';
import { compileSignatureCheck, decodeRequest } from './index.ts';

const signatureOf = (inputs: readonly TensorSpec[]): Signature => ({ inputs, outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }] });
const x = (shape: readonly number[], datatype: Datatype = 'FP32'): TensorSpec => ({ name: 'x', datatype, shape });
const send = (inputs: readonly TensorSpec[], body: Uint8Array) => compileSignatureCheck('m', 'v1', signatureOf(inputs))(decodeRequest('m', null, body, 0));

describe('a raw binary request', () => {
  for (const [shape, bytes, wanted] of [[[4], 16, [4]], [[-1, 4], 16, [1, 4]], [[-1, 4], 32, [2, 4]], [[-1, -1], 12, [1, 3]], [[2, -1], 24, [2, 3]], [[-1, 4], 0, [0, 4]], [[], 4, []]] as const) {
    test(`of ${bytes} bytes for [${shape}] is [${wanted}]`, () => {
      const [tensor] = send([x(shape)], new Uint8Array(bytes));
      assert.deepEqual([tensor?.name, tensor?.datatype, tensor?.shape, tensor?.data.byteLength], ['x', 'FP32', wanted, bytes]);
    });
  }

  test('of BYTES is its one element', () => {
    const [tensor] = send([x([-1, 1], 'BYTES')], Buffer.from('héllo'));
    assert.deepEqual([tensor?.shape, Buffer.from(tensor?.data ?? []).toString('hex')], [[1, 1], `06000000${Buffer.from('héllo').toString('hex')}`]);
  });

  test('is answered in binary form', () => assert.equal(decodeRequest('m', null, new Uint8Array(4), 0).binaryByDefault, true));

  for (const [why, inputs, bytes, mention] of [
    ['two inputs', [x([1]), { ...x([1]), name: 'z' }], 4, /one input, but model 'm' version 'v1' has 2/],
    ['more than one free dimension', [x([-1, -1, -1])], 4, /\[-1,-1,-1\].*more than one dimension is free/],
    ['a free dimension that is not the batch', [x([2, -1, -1])], 8, /more than one dimension is free/],
    ['a length that fills no row', [x([-1, 4])], 20, /5 elements does not fill the shape \[-1,4\]/],
    ['a fraction of an element', [x([-1])], 5, /1.25 elements/],
    ['another size than the shape', [x([4])], 12, /12 bytes, but FP32 \[4\] needs 16/],
    ['several BYTES', [x([2], 'BYTES')], 4, /one BYTES element.*\[2\]/],
  ] as const) {
    test(`is refused: ${why}`, () => assert.throws(() => send(inputs, new Uint8Array(bytes)), (error: unknown) => error instanceof LeptonError && error.code === 'INVALID_ARGUMENT' && mention.test(error.message)));
  }
});
