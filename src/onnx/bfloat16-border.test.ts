import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ModelProto, OnnxType } from '../model-repository/formats/onnx-proto.ts';
import { encodeModel, identityModel } from '../testing/onnx-models.ts';
import { widenBorder } from './bfloat16-border.ts';
import { lengthDelimited, varintField } from './wire-format.ts';

const decode = (model: Uint8Array): any => ModelProto.toObject(ModelProto.decode(model), { longs: Number, arrays: true });

describe('the bfloat16 border', () => {
  it('puts a cast before and after, under names that the model does not have', () => {
    const { model, inputs, outputs } = widenBorder(identityModel('BF16', ['n', 3]));
    const { graph } = decode(model);
    assert.deepEqual([...inputs, ...outputs], [['x', 'x:fp32'], ['y', 'y:fp32']]);
    assert.deepEqual(graph.node.map((node: { opType: string; input: string[]; output: string[] }) => [node.opType, ...node.input, ...node.output]), [['Cast', 'x:fp32', 'x'], ['Identity', 'x', 'y'], ['Cast', 'y', 'y:fp32']]);
    assert.deepEqual(graph.input[0].type.tensorType, { elemType: OnnxType.FLOAT, shape: { dim: [{ dimParam: 'n' }, { dimValue: 3 }] } });
  });

  it('leaves everything else as it is, fields that we do not know too', () => {
    const stranger = Buffer.concat([varintField(4_000, 2 ** 40), lengthDelimited(4_001, 'unknown')]);
    const plain = Buffer.concat([identityModel('FP32'), stranger]);
    assert.deepEqual(decode(widenBorder(plain).model), decode(plain));
    assert.ok(Buffer.from(widenBorder(plain).model).includes(stranger));
  });

  it('leaves an input with a stored value alone, which is no input of the session', () => {
    const value = (name: string) => ({ name, datatype: 'BF16' as const, shape: [1] });
    const model = encodeModel({ name: 'default', inputs: [value('x'), value('w')], outputs: [value('y')], nodes: [{ opType: 'Concat', input: ['x', 'w'], output: ['y'], attribute: [{ name: 'axis', type: 2, i: 0 }] }], initializers: [{ name: 'w', dims: [1], dataType: OnnxType.BFLOAT16, rawData: Uint8Array.of(0, 0) }] });
    assert.deepEqual([...widenBorder(model).inputs.keys()], ['x']);
  });

  it('imports ONNX’s own operators where they are missing, and refuses versions without bfloat16', () => {
    const model = (opsets: Record<string, number>): Uint8Array => encodeModel({ name: 'm', opsets, inputs: [{ name: 'x', datatype: 'BF16', shape: [1] }], outputs: [{ name: 'x', datatype: 'BF16', shape: [1] }], nodes: [] });
    assert.deepEqual(decode(widenBorder(model({ 'ai.onnx.ml': 3 })).model).opsetImport, [{ domain: 'ai.onnx.ml', version: 3 }, { version: 13 }]);
    assert.throws(() => widenBorder(model({ '': 12 })), /operator set 13 or newer, the model has 12/);
  });

  it('refuses bytes that are no message', () => {
    for (const bytes of [Uint8Array.of(0x3a, 5, 1), Uint8Array.of(0x3b), new Uint8Array(12).fill(0xff), Uint8Array.of(0x08)]) assert.throws(() => widenBorder(bytes), /damaged|no graph/);
  });
});
