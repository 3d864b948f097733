import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Datatype, DATATYPE_BYTES, DATATYPES, joinByteElements, LeptonError, seededRandom, type Signature, type Tensor, type TensorSpec } from '../../core/index.ts';
import { DATA_LOCATION_EXTERNAL, ModelProto, OnnxType } from '../../model-repository/formats/onnx-proto.ts';
import { encodeModel, identityModel, writeModelDirectory } from '../../testing/onnx-models.ts';
import type { LoadedModel } from '../loaded-model.ts';
import { openOnnxModel } from './onnx-model.ts';

const spec = (name: string, datatype: Datatype, shape: readonly number[] = [-1]): TensorSpec => ({ name, datatype, shape });
const numbers = (name: string, datatype: Datatype, shape: readonly number[], array: { readonly buffer: ArrayBufferLike; readonly byteOffset: number; readonly byteLength: number }): Tensor => ({ name, datatype, shape, data: new Uint8Array(array.buffer, array.byteOffset, array.byteLength) });
const bytes = (name: string, shape: readonly number[], elements: readonly (string | Buffer)[]): Tensor => ({ name, datatype: 'BYTES', shape, data: joinByteElements(elements.map((element) => (typeof element === 'string' ? Buffer.from(element) : element))) });
const hex = ({ data }: Tensor): string => Buffer.from(data).toString('hex');
const bits16 = (tensor: Tensor | undefined): Uint16Array => new Uint16Array(Uint8Array.from((tensor as Tensor).data).buffer);
const int = (name: string, value: number): object => ({ name, type: 2, i: value });
const STRING_OPSETS = { '': 20, 'ai.onnx.ml': 3 };

/** Text, and bytes that are none, of every sort that used to be refused or changed on the way. */
const HARD_ELEMENTS: readonly Buffer[] = ['', '00', '610062', 'efbbbf61', 'c0af', 'eda080', 'f4908080', 'fffe', 'f4808080', 'f48083bf', 'e282', '80', 'f09fa689'].map((text) => Buffer.from(text, 'hex'));

describe('ONNX models', () => {
  let root: string;
  let serial = 0;
  before(async () => void (root = await mkdtemp(join(tmpdir(), 'lepton-onnx-'))));
  after(() => rm(root, { recursive: true, force: true }));

  async function open(model: Uint8Array, inputs: readonly TensorSpec[], outputs: readonly TensorSpec[], files: Readonly<Record<string, Uint8Array>> = {}): Promise<LoadedModel> {
    const directory = join(root, String(++serial));
    const file = await writeModelDirectory(directory, model);
    for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content);
    return openOnnxModel(file, { inputs, outputs } as Signature, 1);
  }
  const identity = (datatype: Datatype, shape: readonly number[]): Promise<LoadedModel> => open(identityModel(datatype, shape.map((size, axis) => (size === -1 ? `d${axis}` : size))), [spec('x', datatype, shape)], [spec('y', datatype, shape)]);
  const only = (outputs: readonly Tensor[]): Tensor => {
    assert.equal(outputs.length, 1);
    return outputs[0] as Tensor;
  };

  describe('every datatype', () => {
    for (const datatype of DATATYPES.filter((each) => each !== 'BYTES' && each !== 'BOOL')) {
      it(`${datatype} comes back bit for bit, at any alignment`, async () => {
        const size = DATATYPE_BYTES[datatype];
        const model = await identity(datatype, [-1]);
        const random = seededRandom(3);
        for (const offset of [0, 1, 2, 3, 5]) {
          const pool = Uint8Array.from({ length: 64 * size + offset }, () => Math.floor(random() * 256));
          if (datatype === 'BF16') quietNans(pool, offset);
          const input = { name: 'x', datatype, shape: [64], data: pool.subarray(offset) };
          const output = only(model.run([input], ['y']));
          assert.deepEqual([output.datatype, output.shape, hex(output)], [datatype, [64], hex(input)]);
        }
      });

      it(`${datatype} is carried empty, as a scalar and with 32 dimensions`, async () => {
        const size = DATATYPE_BYTES[datatype];
        for (const shape of [[0], [3, 0, 2], [], new Array<number>(32).fill(1), [...new Array<number>(31).fill(1), 3]]) {
          const model = await identity(datatype, shape.map(() => -1));
          const data = Uint8Array.from({ length: shape.reduce((count, dimension) => count * dimension, 1) * size }, (_, index) => index + 1);
          const output = only(model.run([{ name: 'x', datatype, shape, data }], ['y']));
          assert.deepEqual([output.shape, hex(output)], [shape, Buffer.from(data).toString('hex')]);
        }
      });
    }

    it('keeps NaN, infinities, -0 and the smallest numbers in floats', async () => {
      const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 5e-324, 1e-45, 2 ** -24];
      for (const [datatype, array] of [['FP64', Float64Array.from(values)], ['FP32', Float32Array.from(values)], ['FP16', Float16Array.from(values)]] as const) {
        const input = numbers('x', datatype, [7], array);
        assert.equal(hex(only((await identity(datatype, [-1])).run([input], ['y']))), hex(input));
      }
      const halves = Uint16Array.of(0x7fc1, 0xffc1, 0x7f80, 0xff80, 0x8000, 0x0001, 0x8001);
      const out = bits16(only((await identity('BF16', [-1])).run([numbers('x', 'BF16', [7], halves)], ['y'])));
      assert.ok([...out.subarray(0, 2)].every((value) => (value & 0x7fff) > 0x7f80), 'NaN stays NaN');
      assert.deepEqual([...out.subarray(2)], [...halves.subarray(2)]);
    });

    it('BOOL computes, and refuses bytes that do not fit the shape', async () => {
      const model = await open(encodeModel({ name: 'not', inputs: [{ name: 'x', datatype: 'BOOL', shape: ['n'] }], outputs: [{ name: 'y', datatype: 'BOOL', shape: ['n'] }], nodes: [{ opType: 'Not', input: ['x'], output: ['y'] }] }), [spec('x', 'BOOL')], [spec('y', 'BOOL')]);
      assert.equal(hex(only(model.run([{ name: 'x', datatype: 'BOOL', shape: [3], data: Uint8Array.of(1, 0, 1) }], ['y']))), '000100');
      assert.throws(() => model.run([{ name: 'x', datatype: 'BOOL', shape: [4], data: Uint8Array.of(1, 0, 1) }], ['y']), /3 bytes are not 4 elements/);
    });

    it('gives outputs whose shape depends on the data', async () => {
      const model = await open(
        encodeModel({ name: 'nonzero', inputs: [{ name: 'x', datatype: 'INT64', shape: ['n'] }], outputs: [{ name: 'y', datatype: 'INT64', shape: [1, 'k'] }], nodes: [{ opType: 'NonZero', input: ['x'], output: ['y'] }] }),
        [spec('x', 'INT64')], [spec('y', 'INT64', [1, -1])],
      );
      const places = (...values: bigint[]): unknown => {
        const output = only(model.run([numbers('x', 'INT64', [values.length], BigInt64Array.from(values))], ['y']));
        return [output.shape, [...new BigInt64Array(Uint8Array.from(output.data).buffer)]];
      };
      assert.deepEqual(places(0n, -9_007_199_254_740_993n, 0n, 1n), [[1, 2], [1n, 3n]]);
      assert.deepEqual(places(0n, 0n), [[1, 0], []]);
    });
  });

  it('keeps outputs apart from inputs, from each other and from later runs', async () => {
    const value = (name: string) => ({ name, datatype: 'FP32' as const, shape: ['n'] });
    const model = await open(
      encodeModel({ name: 'same', inputs: [value('x')], outputs: [value('y'), value('z'), value('x2')], nodes: [{ opType: 'Identity', input: ['x'], output: ['y'] }, { opType: 'Identity', input: ['y'], output: ['z'] }, { opType: 'Add', input: ['x', 'x'], output: ['x2'] }] }),
      [spec('x', 'FP32')], [spec('y', 'FP32'), spec('z', 'FP32'), spec('x2', 'FP32')],
    );
    const input = Float32Array.of(1, 2, 3);
    const first = model.run([numbers('x', 'FP32', [3], input)], ['x2', 'y', 'z']);
    const before = first.map(hex);
    (first[1] as Tensor).data.fill(0xff);
    input.fill(9);
    model.run([numbers('x', 'FP32', [3], input)], ['y', 'z', 'x2']);
    assert.deepEqual([hex(first[0] as Tensor), hex(first[2] as Tensor)], [before[0], before[2]]);
  });

  it('takes and gives tensors of any name', async () => {
    for (const name of ['__proto__', 'constructor', ' ', 'ü/0:1']) {
      const out = `${name}2`;
      const value = (each: string) => ({ name: each, datatype: 'UINT8' as const, shape: ['n'] });
      for (const [input, output] of [[name, out], [out, name]] as const) {
        const model = await open(encodeModel({ name: 'names', inputs: [value(input)], outputs: [value(output)], nodes: [{ opType: 'Identity', input: [input], output: [output] }] }), [spec(input, 'UINT8')], [spec(output, 'UINT8')]);
        assert.equal(hex(only(model.run([{ name: input, datatype: 'UINT8', shape: [2], data: Uint8Array.of(1, 2) }], [output]))), '0102');
      }
    }
  });

  it('refuses a signature that is not the model’s', async () => {
    await assert.rejects(open(identityModel('FP32'), [spec('x', 'FP64')], [spec('y', 'FP32')]), /input "x" is FP32, the signature says FP64/);
    await assert.rejects(open(identityModel('FP32'), [spec('x', 'FP32')], [spec('z', 'FP32')]), /names output "z", the model has y/);
  });

  describe('bfloat16', () => {
    it('converts by the model’s own operators', async () => {
      const model = await open(
        encodeModel({
          name: 'casts', inputs: [{ name: 'f', datatype: 'FP32', shape: ['n'] }, { name: 'b', datatype: 'BF16', shape: ['n'] }], outputs: [{ name: 'fb', datatype: 'BF16', shape: ['n'] }, { name: 'bf', datatype: 'FP32', shape: ['n'] }],
          nodes: [{ opType: 'Cast', input: ['f'], output: ['fb'], attribute: [int('to', OnnxType.BFLOAT16)] }, { opType: 'Cast', input: ['b'], output: ['bf'], attribute: [int('to', OnnxType.FLOAT)] }],
        }),
        [spec('f', 'FP32'), spec('b', 'BF16')], [spec('fb', 'BF16'), spec('bf', 'FP32')],
      );
      // 1 + 2⁻⁸ is half way between two bfloat16 and goes to the even one; π to 3.140625.
      const [fb, bf] = model.run([numbers('b', 'BF16', [4], Uint16Array.of(0x3f80, 0x4049, 0x0001, 0xff80)), numbers('f', 'FP32', [4], Float32Array.of(1 + 2 ** -8, Math.PI, 1 + 3 * 2 ** -8, -1e39))], ['fb', 'bf']);
      assert.deepEqual([...bits16(fb)], [0x3f80, 0x4049, 0x3f82, 0xff80]);
      assert.deepEqual([...new Float32Array(Uint8Array.from((bf as Tensor).data).buffer)], [1, 3.140625, 2 ** -133, Number.NEGATIVE_INFINITY]);
    });

    it('concatenates, passes an input straight on, and reaches into subgraphs', async () => {
      const value = (name: string) => ({ name, datatype: 'BF16' as const, shape: ['n'] });
      const branch = (name: string, from: string): object => ({ name, type: 5, g: { name, node: [{ opType: 'Identity', input: [from], output: [`${name}_out`] }], output: [{ name: `${name}_out`, type: { tensorType: { elemType: OnnxType.BFLOAT16, shape: { dim: [{ dimParam: 'n' }] } } } }] } });
      const model = await open(
        encodeModel({
          name: 'parts', inputs: [value('a'), value('b'), { name: 'which', datatype: 'BOOL', shape: [] }], outputs: [value('ab'), value('chosen'), value('a')],
          nodes: [{ opType: 'Concat', input: ['a', 'b'], output: ['ab'], attribute: [int('axis', 0)] }, { opType: 'If', input: ['which'], output: ['chosen'], attribute: [branch('then_branch', 'a'), branch('else_branch', 'b')] }],
        }),
        [spec('a', 'BF16'), spec('b', 'BF16'), spec('which', 'BOOL', [])], [spec('ab', 'BF16'), spec('chosen', 'BF16'), spec('a', 'BF16')],
      );
      const which = (on: number): Tensor => ({ name: 'which', datatype: 'BOOL', shape: [], data: Uint8Array.of(on) });
      const [a, b] = [numbers('a', 'BF16', [2], Uint16Array.of(1, 0x8000)), numbers('b', 'BF16', [1], Uint16Array.of(0x7f7f))];
      assert.deepEqual(model.run([a, b, which(1)], ['ab', 'chosen', 'a']).map((output) => [...bits16(output)]), [[1, 0x8000, 0x7f7f], [1, 0x8000], [1, 0x8000]]);
      assert.deepEqual(model.run([a, b, which(0)], ['chosen']).map((output) => [...bits16(output)]), [[0x7f7f]]);
    });

    it('takes no name that the model has, and reports errors in the model’s own', async () => {
      const value = (name: string, shape: (string | number)[] = ['n']) => ({ name, datatype: 'BF16' as const, shape });
      const model = await open(
        encodeModel({ name: 'x:fp32:1', inputs: [value('x', ['n', 2]), value('x:fp32', ['n', 2])], outputs: [value('y', ['m', 2])], nodes: [{ opType: 'Concat', input: ['x', 'x:fp32'], output: ['y'], attribute: [int('axis', 0)] }] }),
        [spec('x', 'BF16', [-1, 2]), spec('x:fp32', 'BF16', [-1, 2])], [spec('y', 'BF16', [-1, 2])],
      );
      const good = numbers('x', 'BF16', [1, 2], Uint16Array.of(1, 2));
      assert.deepEqual([...bits16(only(model.run([good, { ...good, name: 'x:fp32' }], ['y'])))], [1, 2, 1, 2]);
      assert.throws(() => model.run([{ ...good, shape: [2] }, { ...good, name: 'x:fp32' }], ['y']), (error) => error instanceof LeptonError && /input: x Got/.test(error.message));
    });

    it('loads with external data', async () => {
      const model = ModelProto.toObject(ModelProto.decode(encodeModel({ name: 'external', inputs: [{ name: 'x', datatype: 'BF16', shape: ['n'] }], outputs: [{ name: 'y', datatype: 'BF16', shape: ['m'] }], nodes: [{ opType: 'Concat', input: ['x', 'w'], output: ['y'], attribute: [int('axis', 0)] }] })), { longs: Number }) as { graph: { initializer: unknown[] } };
      model.graph.initializer = [{ name: 'w', dims: [256], dataType: OnnxType.BFLOAT16, dataLocation: DATA_LOCATION_EXTERNAL, externalData: [{ key: 'location', value: 'w.bin' }, { key: 'offset', value: '0' }, { key: 'length', value: '512' }] }];
      const weights = Uint16Array.from({ length: 256 }, (_, index) => 0x3f80 + index % 64);
      const loaded = await open(ModelProto.encode(ModelProto.fromObject(model)).finish(), [spec('x', 'BF16')], [spec('y', 'BF16')], { 'w.bin': new Uint8Array(weights.buffer) });
      assert.deepEqual([...bits16(only(loaded.run([numbers('x', 'BF16', [1], Uint16Array.of(0x4000))], ['y'])))], [0x4000, ...weights]);
    });
  });

  describe('BYTES', () => {
    const hard = (): Tensor => bytes('x', [HARD_ELEMENTS.length], HARD_ELEMENTS);
    const text = (name: string, shape: readonly (string | number)[] = ['n']) => ({ name, datatype: 'BYTES' as const, shape });

    it('go through identity, gather, reshape, split, where and a loop byte for byte', async () => {
      const count = HARD_ELEMENTS.length;
      const int64 = (name: string, values: number[]): object => ({ name, dims: [values.length], dataType: OnnxType.INT64, rawData: new Uint8Array(BigInt64Array.from(values, BigInt).buffer) });
      const order = [...HARD_ELEMENTS.keys()].reverse();
      const inner = (name: string, elemType: number, dim: object[] = []): object => ({ name, type: { tensorType: { elemType, shape: { dim } } } });
      // Three rounds, each of which turns the order.
      const body = {
        name: 'body', node: [{ opType: 'Identity', input: ['going'], output: ['goes_on'] }, { opType: 'Gather', input: ['turned', 'order'], output: ['turned_again'] }],
        input: [inner('round', OnnxType.INT64), inner('going', OnnxType.BOOL), inner('turned', OnnxType.STRING, [{ dimParam: 'n' }])], output: [inner('goes_on', OnnxType.BOOL), inner('turned_again', OnnxType.STRING, [{ dimParam: 'n' }])],
      };
      const model = await open(
        encodeModel({
          name: 'moves', inputs: [text('x')], outputs: [text('same'), text('reversed'), text('square', [1, count]), text('head'), text('tail'), text('where'), text('looped')],
          nodes: [
            { opType: 'Identity', input: ['x'], output: ['same'] }, { opType: 'Gather', input: ['x', 'order'], output: ['reversed'] }, { opType: 'Reshape', input: ['x', 'shape'], output: ['square'] },
            { opType: 'Split', input: ['x', 'sizes'], output: ['head', 'tail'], attribute: [int('axis', 0)] }, { opType: 'Where', input: ['mask', 'x', 'reversed'], output: ['where'] },
            { opType: 'Loop', input: ['rounds', '', 'x'], output: ['looped'], attribute: [{ name: 'body', type: 5, g: body }] },
          ],
          initializers: [int64('order', order), int64('shape', [1, count]), int64('sizes', [5, count - 5]), int64('rounds', [3]), { name: 'mask', dims: [count], dataType: OnnxType.BOOL, rawData: Uint8Array.from(order, (index) => index % 2) }],
        }),
        [spec('x', 'BYTES')], [spec('same', 'BYTES'), spec('reversed', 'BYTES'), spec('square', 'BYTES', [1, count]), spec('head', 'BYTES'), spec('tail', 'BYTES'), spec('where', 'BYTES'), spec('looped', 'BYTES')],
      );
      const reversed = order.map((index) => HARD_ELEMENTS[index] as Buffer);
      const expected = [HARD_ELEMENTS, reversed, HARD_ELEMENTS, HARD_ELEMENTS.slice(0, 5), HARD_ELEMENTS.slice(5), order.map((index, place) => (index % 2 ? HARD_ELEMENTS[place] : reversed[place]) as Buffer), reversed];
      const outputs = model.run([hard()], ['same', 'reversed', 'square', 'head', 'tail', 'where', 'looped']);
      for (const [index, output] of outputs.entries()) assert.equal(hex(output), hex(bytes('', [], expected[index] as Buffer[])), output.name);
    });

    it('join byte for byte, and are told apart', async () => {
      const model = await open(
        encodeModel({ name: 'join', opsets: STRING_OPSETS, inputs: [text('x'), text('z')], outputs: [text('joined'), text('unique')], nodes: [{ opType: 'StringConcat', input: ['x', 'z'], output: ['joined'] }, { opType: 'Unique', input: ['x'], output: ['unique'], attribute: [int('sorted', 0)] }] }),
        [spec('x', 'BYTES'), spec('z', 'BYTES')], [spec('joined', 'BYTES'), spec('unique', 'BYTES')],
      );
      const others = [...HARD_ELEMENTS].reverse();
      const [joined, unique] = model.run([hard(), bytes('z', [others.length], others)], ['joined', 'unique']);
      assert.equal(hex(joined as Tensor), hex(bytes('', [], HARD_ELEMENTS.map((element, index) => Buffer.concat([element, others[index] as Buffer])))));
      assert.equal(hex(unique as Tensor), hex(hard()));
    });

    it('are the true text to a model’s own string operators', async () => {
      const model = await open(
        encodeModel({
          name: 'words', opsets: STRING_OPSETS, inputs: [text('x')], outputs: [text('upper'), text('parts', ['n', 'k']), { name: 'count', datatype: 'INT64', shape: ['n'] }, { name: 'code', datatype: 'INT64', shape: ['n'] }],
          nodes: [
            { opType: 'StringNormalizer', input: ['x'], output: ['upper'], attribute: [{ name: 'case_change_action', type: 3, s: Buffer.from('UPPER') }, { name: 'locale', type: 3, s: Buffer.from('C.UTF-8') }] },
            { opType: 'StringSplit', input: ['x'], output: ['parts', 'count'], attribute: [{ name: 'delimiter', type: 3, s: Buffer.from('→') }] },
            { opType: 'LabelEncoder', domain: 'ai.onnx.ml', input: ['x'], output: ['code'], attribute: [{ name: 'keys_strings', type: 8, strings: [Buffer.from('łódź→🦉'), Buffer.from('b')] }, { name: 'values_int64s', type: 7, ints: [41, 42] }, int('default_int64', -1)] },
          ],
        }),
        [spec('x', 'BYTES')], [spec('upper', 'BYTES'), spec('parts', 'BYTES', [-1, -1]), spec('count', 'INT64'), spec('code', 'INT64')],
      );
      const [parts, count, code] = model.run([bytes('x', [4], ['łódź→🦉', 'b', '', Buffer.from('ff00', 'hex')])], ['parts', 'count', 'code']);
      assert.deepEqual([(parts as Tensor).shape, hex(parts as Tensor)], [[4, 2], hex(bytes('', [], ['łódź', '🦉', 'b', '', '', '', Buffer.from('ff00', 'hex'), '']))]);
      const int64s = (tensor: Tensor | undefined): number[] => [...new BigInt64Array(Uint8Array.from((tensor as Tensor).data).buffer)].map(Number);
      assert.deepEqual([int64s(count), int64s(code)], [[2, 1, 0, 1], [41, 42, -1, -1]]);
      assert.equal(hex(only(model.run([bytes('x', [2], ['ab', 'C'])], ['upper']))), hex(bytes('', [], ['AB', 'C'])));
    });

    it('are counted as words', async () => {
      const model = await open(
        encodeModel({
          name: 'tfidf', inputs: [text('x')], outputs: [{ name: 'y', datatype: 'FP32', shape: [3] }],
          nodes: [{ opType: 'TfIdfVectorizer', input: ['x'], output: ['y'], attribute: [int('max_gram_length', 1), int('min_gram_length', 1), int('max_skip_count', 0), { name: 'mode', type: 3, s: Buffer.from('TF') }, { name: 'ngram_counts', type: 7, ints: [0] }, { name: 'ngram_indexes', type: 7, ints: [0, 1, 2] }, { name: 'pool_strings', type: 8, strings: ['ä', 'b', 'c'].map((word) => Buffer.from(word)) }] }],
        }),
        [spec('x', 'BYTES')], [spec('y', 'FP32', [3])],
      );
      assert.deepEqual([...new Float32Array(Uint8Array.from(only(model.run([bytes('x', [4], ['ä', 'c', 'ä', Buffer.of(0xe4)])], ['y'])).data).buffer)], [2, 0, 1]);
    });

    it('are carried empty, as a scalar and with 32 dimensions; lengths that disagree are refused', async () => {
      for (const [shape, elements] of [[[0], []], [[2, 0], []], [[], ['a']], [new Array<number>(32).fill(1), ['']]] as const) {
        const model = await identity('BYTES', shape.map(() => -1));
        const input = bytes('x', shape, elements);
        const output = only(model.run([input], ['y']));
        assert.deepEqual([output.shape, hex(output)], [shape, hex(input)]);
      }
      const model = await identity('BYTES', [-1]);
      for (const data of ['01000000', '0100000041ff', 'ffffffff41', '000000']) assert.throws(() => model.run([{ name: 'x', datatype: 'BYTES', shape: [1], data: Buffer.from(data, 'hex') }], ['y']), /length-prefixed/);
    });
  });
});

/** Sets the quiet bit of NaNs among random halves: the runtime gives them its own payload, so only their being NaN is comparable. */
function quietNans(pool: Uint8Array, offset: number): void {
  for (let at = offset; at + 1 < pool.length; at += 2) if (((pool[at + 1] as number) & 0x7f) === 0x7f && (pool[at] as number) >= 0x80) pool[at + 1] = 0x40;
}
