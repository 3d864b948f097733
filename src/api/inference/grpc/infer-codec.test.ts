import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LeptonError, seededRandom } from '../../../core/index.ts';
import type { InferenceAnswer, InferenceRequest } from '../codec/index.ts';
import { decodeInferRequest, identityOf } from './infer-request.ts';
import { encodeInferResponse, encodeStreamError, encodeStreamResponse } from './infer-response.ts';
import type { MessageBytes } from './server/index.ts';
import { decodeMessage, encodeMessage, INFERENCE_PROTO, parseSchema } from './schema/index.ts';

const Request = parseSchema(INFERENCE_PROTO).lookupType('inference.ModelInferRequest');

const encode = (value: object): Buffer => encodeMessage('inference.ModelInferRequest', value);
const joined = (message: MessageBytes): Buffer => (message instanceof Uint8Array ? Buffer.from(message) : Buffer.concat(message));
const typed = (datatype: string, shape: number[], contents: object): Buffer => encode({ model_name: 'm', inputs: [{ name: 'x', datatype, shape, contents }] });
const raw = (datatype: string, shape: number[], bytes: Uint8Array): Buffer => encode({ model_name: 'm', inputs: [{ name: 'x', datatype, shape }], raw_input_contents: [bytes] });
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const dataOf = (bytes: Uint8Array): string => hex(decodeInferRequest(bytes).inputs[0]!.data);

function refuses(bytes: Uint8Array, pattern: RegExp): void {
  assert.throws(() => decodeInferRequest(bytes), (error) => error instanceof LeptonError && error.grpcStatus === 3 && pattern.test(error.message) || assert.fail(String(error)));
}

/** Fields by hand. */
const varint = (value: bigint | number): number[] => {
  const bytes: number[] = [];
  for (let rest = BigInt.asUintN(64, BigInt(value)); ; rest >>= 7n) {
    if (rest < 128n) return [...bytes, Number(rest)];
    bytes.push(Number(rest & 127n) | 128);
  }
};
const field = (number: number, wire: number, ...bytes: number[]): number[] => [...varint((number << 3) | wire), ...bytes];
const chunk = (number: number, bytes: readonly number[] | string): number[] => {
  const body = [...Buffer.from(bytes as string)];
  return field(number, 2, ...varint(body.length), ...body);
};

describe('values of requests', () => {
  for (const [datatype, contents, expected] of [
    ['BOOL', { bool_contents: [true, false] }, '0100'],
    ['INT8', { int_contents: [-128, 127] }, '807f'],
    ['INT16', { int_contents: [-32768, 32767] }, '0080ff7f'],
    ['INT32', { int_contents: [-2147483648, 2147483647] }, '00000080ffffff7f'],
    ['INT64', { int64_contents: ['-9223372036854775808', '9007199254740993'] }, '00000000000000800100000000002000'],
    ['UINT8', { uint_contents: [0, 255] }, '00ff'],
    ['UINT16', { uint_contents: [0, 65535] }, '0000ffff'],
    ['UINT32', { uint_contents: [0, 4294967295] }, '00000000ffffffff'],
    ['UINT64', { uint64_contents: ['18446744073709551615', '9007199254740993'] }, 'ffffffffffffffff0100000000002000'],
    ['FP32', { fp32_contents: [-0, Number.NaN] }, '000000800000c07f'],
    ['FP64', { fp64_contents: [Number.POSITIVE_INFINITY, 0.1] }, '000000000000f07f9a9999999999b93f'],
    ['BYTES', { bytes_contents: [Buffer.from([0xff, 0]), Buffer.alloc(0)] }, '02000000ff0000000000'],
  ] as const) {
    test(`${datatype}: typed and raw contents are the same bytes`, () => {
      assert.equal(dataOf(typed(datatype, [2], contents)), expected);
      assert.equal(dataOf(raw(datatype, [2], Buffer.from(expected, 'hex'))), expected);
    });
  }

  test('half floats only come raw', () => {
    for (const datatype of ['FP16', 'BF16']) {
      assert.equal(dataOf(raw(datatype, [2], Buffer.from('003c00bc', 'hex'))), '003c00bc');
      refuses(typed(datatype, [2], { fp32_contents: [1, 2] }), new RegExp(`input 'x': ${datatype} only travels in raw_input_contents`));
    }
  });

  test('empty tensors and scalars, either way', () => {
    for (const bytes of [typed('FP32', [0, 4], {}), raw('FP32', [0, 4], Buffer.alloc(0)), encode({ model_name: 'm', inputs: [{ name: 'x', datatype: 'FP32', shape: [0, 4] }] })]) assert.equal(dataOf(bytes), '');
    assert.equal(dataOf(typed('INT8', [], { int_contents: [7] })), '07');
    assert.equal(dataOf(raw('INT8', [], Buffer.of(7))), '07');
    assert.equal(dataOf(raw('BYTES', [0], Buffer.alloc(0))), '');
  });

  for (const [why, bytes, pattern] of [
    ['an integer out of range', typed('UINT8', [2], { uint_contents: [1, 256] }), /uint_contents of input 'x'\[1\] is 256/],
    ['an integer too long for its field', Buffer.from([...chunk(1, 'm'), ...chunk(5, [...chunk(1, 'x'), ...chunk(2, 'INT32'), ...chunk(3, [1]), ...chunk(5, chunk(2, varint(2n ** 40n)))])]), /1099511627776/],
    ['another count than the shape', typed('FP32', [3], { fp32_contents: [1, 2] }), /2 elements, but shape \[3\] needs 3/],
    ['another field', typed('FP32', [1], { fp64_contents: [1] }), /fp32_contents, not fp64_contents/],
    ['two fields', typed('FP32', [1], { fp32_contents: [1], int_contents: [1] }), /fp32_contents, not int_contents/],
    ['raw and typed contents', encode({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1], contents: { fp32_contents: [1] } }], raw_input_contents: [Buffer.alloc(4)] }), /contents field must not be specified when using raw_input_contents for 'x'/],
    ['more raw contents than inputs', encode({ inputs: [{ name: 'x', datatype: 'INT8', shape: [1] }], raw_input_contents: [Buffer.of(1), Buffer.of(1)] }), /2 entries for 1 inputs/],
    ['an unknown datatype', raw('FP31', [1], Buffer.alloc(4)), /datatype of input 'x': "FP31"/],
    ['a negative size', raw('INT8', [-1], Buffer.of(1)), /-1/],
    ['a size beyond 2^53', raw('INT8', ['9007199254740993'] as unknown as number[], Buffer.of(1)), /9007199254740993/],
    ['sizes whose product overflows', raw('INT8', [2 ** 31, 2 ** 31, 2 ** 31], Buffer.of(1)), /elements/],
    ['a BOOL that is neither', raw('BOOL', [1], Buffer.of(2)), /not 0 or 1/],
    ['byte strings cut short', raw('BYTES', [1], Buffer.of(5, 0, 0, 0, 1)), /byte strings/],
    ['a parameter without value', encode({ parameters: { a: {} } }), /parameters\.a has no value/],
    ['shared memory', encode({ inputs: [{ name: 'x', datatype: 'INT8', shape: [1], parameters: { shared_memory_region: { string_param: 'r' } } }] }), null],
    ['an output twice', encode({ outputs: [{ name: 'y' }, { name: 'y' }] }), /output 'y' is asked for twice/],
    ['a classification that is no count', encode({ outputs: [{ name: 'y', parameters: { classification: { int64_param: -1 } } }] }), /classification is -1/],
    ['more inputs than allowed', encode({ inputs: Array(1025).fill({ name: 'x' }) }), /more than 1024/],
  ] as const) {
    test(`refused: ${why}`, () => {
      if (pattern) refuses(bytes, pattern);
      else assert.throws(() => decodeInferRequest(bytes), /shared memory/);
    });
  }

  test('parameters of every kind, names such as __proto__ among them', () => {
    const request = decodeInferRequest(Buffer.from([
      ...encode({ model_name: 'm', parameters: { a: { bool_param: false }, b: { int64_param: '-9007199254740993' }, c: { string_param: 'ü' }, d: { double_param: 0.5 }, e: { uint64_param: '18446744073709551615' } } }),
      ...chunk(4, [...chunk(1, '__proto__'), ...chunk(2, field(2, 0, 5))]),
    ]));
    assert.deepEqual([...request.parameters], [['a', false], ['b', -9007199254740993n], ['c', 'ü'], ['d', 0.5], ['e', 18446744073709551615n], ['__proto__', 5]]);
  });

  test('what was asked of outputs', () => {
    const { outputs } = decodeInferRequest(encode({ outputs: [{ name: 'y', parameters: { classification: { int64_param: 3 } } }, { name: 'z' }] }));
    assert.deepEqual(outputs?.map(({ name, classification }) => [name, classification ?? 0]), [['y', 3], ['z', 0]]);
  });
});

describe('the wire format of requests', () => {
  test('the last of a repeated scalar counts, messages merge, packed and unpacked add up', () => {
    const contents = (...bytes: number[]): number[] => chunk(5, bytes);
    const input = [...chunk(1, 'first'), ...chunk(1, 'x'), ...chunk(2, 'INT64'), ...field(3, 0, 2), ...chunk(3, [2]), ...contents(...chunk(3, [1, 2])), ...contents(...field(3, 0, 3), ...chunk(3, [4]))];
    const request = decodeInferRequest(Buffer.from([...chunk(1, 'one'), ...chunk(5, input), ...chunk(1, 'two')]));
    assert.deepEqual([request.model, request.inputs[0]?.name, request.inputs[0]?.shape], ['two', 'x', [2, 2]]);
    assert.deepEqual([...new BigInt64Array(new Uint8Array(request.inputs[0]!.data).buffer)], [1n, 2n, 3n, 4n]);
    const floats = [...chunk(1, 'x'), ...chunk(2, 'FP32'), ...chunk(3, [4]), ...contents(...field(6, 5, 0, 0, 128, 63), ...chunk(6, [0, 0, 0, 64, 0, 0, 64, 64])), ...contents(...field(6, 5, 0, 0, 128, 64))];
    const [tensor] = decodeInferRequest(Buffer.from(chunk(5, floats))).inputs;
    assert.deepEqual([...new Float32Array(new Uint8Array(tensor!.data).buffer)], [1, 2, 3, 4]);
  });

  test('unknown fields of every wire type are skipped, groups too', () => {
    const unknown = [...field(99, 0, 5), ...field(99, 1, ...Array(8).fill(1)), ...chunk(99, 'text'), ...field(99, 5, 1, 2, 3, 4), ...field(99, 3), ...field(1, 0, 7), ...field(7, 3), ...field(7, 4), ...field(99, 4)];
    const request = decodeInferRequest(Buffer.from([...unknown, ...chunk(1, 'm'), ...unknown]));
    assert.equal(request.model, 'm');
  });

  for (const [why, bytes, pattern] of [
    ['a length beyond the end', [0x0a, 5, 0x61], /ModelInferRequest\.model_name: announces 5 bytes, but only 1 are left/],
    ['a wrong wire type', field(1, 0, 5), /ModelInferRequest\.model_name: wire type 0 \(varint\)/],
    ['a wrong wire type inside', chunk(5, field(2, 5, 1, 2, 3, 4)), /inputs\[0\]\.datatype: wire type 5/],
    ['a number without end', chunk(5, [0x18, ...Array(11).fill(0xff)]), /inputs\[0\]\.shape: has a number of more than 64 bits/],
    ['a number cut short', chunk(5, [0x18, 0xff]), /inputs\[0\]\.shape: ends in the middle/],
    ['a number cut short within a packed field', chunk(5, chunk(3, [1, 0x80])), /inputs\[0\]\.shape: ends in the middle/],
    ['floats cut short', chunk(5, chunk(5, chunk(6, [1, 2, 3]))), /fp32_contents.*3 bytes/],
    ['field number 0', [0x02, 0], /field number 0/],
    ['a tag of more than 32 bits', [0x8a, 0x80, 0x80, 0x80, 0x80, 0x01, 0], /tag of more than 32 bits/],
    ['wire type 6', field(50, 6), /field 50: wire type 6/],
    ['an end without a group', field(50, 4), /field 50: wire type 4/],
    ['a group without end', field(50, 3), /does not end/],
    ['a group that ends as another', [...field(50, 3), ...field(51, 4)], /did not begin/],
    ['100,000 nested groups', Array(100_000).fill(0x93).flatMap((byte) => [byte, 0x03]), /nest deeper than 100/],
    ['a name that is not UTF-8', chunk(5, chunk(1, [0xc3, 0x28])), /inputs\[0\]\.name: is not UTF-8/],
    ['a surrogate in UTF-8', chunk(3, [0xed, 0xa0, 0x80]), /id: is not UTF-8/],
    ['a parameter that is not UTF-8', chunk(4, [...chunk(1, 'k'), ...chunk(2, chunk(3, [0xff]))]), /parameters\.'k'\.string_param: is not UTF-8/],
  ] as const) test(`refused: ${why}`, () => refuses(Buffer.from(bytes), pattern));

  test('cut at every byte, a request is refused or shorter, never a fault; its id is still told', () => {
    const whole = encode({ model_name: 'model', model_version: 'v', id: 'id-7', parameters: { p: { int64_param: 5 } }, inputs: [{ name: 'x', datatype: 'FP32', shape: [300], parameters: { q: { string_param: 'r' } } }], outputs: [{ name: 'y' }], raw_input_contents: [Buffer.alloc(1200)] });
    for (let length = 0; length < whole.length; length++) {
      try {
        decodeInferRequest(whole.subarray(0, length));
      } catch (error) {
        assert.ok(error instanceof LeptonError && error.code === 'INVALID_ARGUMENT', String(error));
      }
    }
    assert.deepEqual(identityOf(whole.subarray(0, whole.length - 1)), { model: 'model', id: 'id-7' });
    assert.deepEqual(identityOf(Buffer.of(0xff)), { model: null, id: '' });
  });
});

/** Whole numbers of chance that are the same each time. */
function seeded(seed: number): (below: number) => number {
  const next = seededRandom(seed);
  return (below) => Math.floor(next() * below);
}

/** What protobufjs makes of the bytes, in the form of our own; null: refused. */
function reference(bytes: Uint8Array): unknown {
  let message: any;
  try {
    message = Request.toObject(Request.decode(bytes), { longs: String, defaults: true, oneofs: true, bytes: String });
  } catch {
    return null;
  }
  return message;
}

/** A protobuf reader's own view of what our codec read, for those requests that are also valid requests. */
function seenBy(request: InferenceRequest): object {
  const parameters = (map: InferenceRequest['parameters']) => Object.fromEntries([...map].map(([name, value]) => [name, String(value)]));
  return { model: request.model, version: request.version ?? '', id: request.id, parameters: parameters(request.parameters), inputs: request.inputs.map(({ name, datatype, shape, data }) => [name, datatype, shape.map(String), Buffer.from(data).toString('base64')]), outputs: (request.outputs ?? []).map(({ name }) => name) };
}

function expectedOf(message: any): object {
  const parameters = Object.fromEntries(Object.entries<any>(message.parameters).map(([name, value]) => [name, String(value[value.parameter_choice])]));
  return { model: message.model_name, version: message.model_version, id: message.id, parameters, inputs: message.inputs.map((input: any, index: number) => [input.name, input.datatype, input.shape, message.raw_input_contents[index] ?? '']), outputs: message.outputs.map((output: any) => output.name) };
}

describe('beside protobufjs', () => {
  const random = seeded(20_261_125);
  const text = (): string => ['', 'x', 'INPUT0', 'grüße', '名前', '__proto__', 'a'.repeat(random(200))][random(7)] as string;
  const request = (): object => {
    const inputs = Array.from({ length: random(4) }, () => ({ name: text(), datatype: 'INT8', shape: Array.from({ length: random(4) }, () => random(4)) }));
    const parameter = (): object => [{ bool_param: random(2) === 1 }, { int64_param: String(-(2n ** BigInt(random(63)))) }, { uint64_param: String(2n ** BigInt(random(64))) }, { string_param: text() }, { double_param: random(1000) / 8 }][random(5)] as object;
    return {
      model_name: text(), model_version: text(), id: text(),
      parameters: Object.fromEntries(Array.from({ length: random(3) }, (_, index) => [`p${index}`, parameter()])),
      inputs: inputs.map((input) => ({ ...input, ...(random(2) && { parameters: { [`q${random(9)}`]: parameter() } }) })),
      outputs: Array.from({ length: random(3) }, (_, index) => ({ name: `y${index}` })),
      raw_input_contents: inputs.map(({ shape }) => Buffer.alloc(shape.reduce((product, size) => product * size, 1), random(256))),
    };
  };

  test('2,000 valid requests are read alike', () => {
    for (let round = 0; round < 2000; round++) {
      const bytes = encode(request());
      assert.deepEqual(seenBy(decodeInferRequest(bytes)), expectedOf(reference(bytes)));
    }
  });

  test('20,000 damaged ones are read alike or refused by both; only what we refuse on purpose differs', () => {
    const purpose = /wire type|elements|needs|entries for|must not be specified|datatype|no value|whole number|names more|more than 64 bits|asked for twice|dimension|entries, more than/;
    let refused = 0;
    let alike = 0;
    for (let round = 0; round < 20_000; round++) {
      const bytes = Buffer.from(encode(request()));
      for (let damage = random(3); damage >= 0 && bytes.length; damage--) bytes[random(bytes.length)] = random(256);
      const damaged = random(4) ? bytes : bytes.subarray(0, random(bytes.length + 1));
      const expected = reference(damaged);
      try {
        const seen = seenBy(decodeInferRequest(damaged));
        assert.notEqual(expected, null, `only protobufjs refuses ${hex(damaged)}`);
        assert.deepEqual(seen, expectedOf(expected), hex(damaged));
        alike++;
      } catch (error) {
        if (!(error instanceof LeptonError)) throw error;
        assert.equal(error.code, 'INVALID_ARGUMENT', `${error.code}: ${error.message}`);
        if (expected !== null) assert.match(error.message, purpose, hex(damaged));
        refused++;
      }
    }
    assert.ok(refused > 1000 && alike > 1000, `${refused} refused, ${alike} alike`);
  });

  test('answers are read by it as they were meant', () => {
    for (const size of [0, 1, 127, 128, 16_384, 16_385, 300_000]) {
      const data = Buffer.alloc(size, 7);
      const answer: InferenceAnswer = {
        model: 'mödel', version: 'v1', id: 'i'.repeat(size % 1000), predictionId: 'p'.repeat(36),
        outputs: [{ name: 'y'.repeat(130), datatype: 'UINT8', shape: [size], data }, { name: 'scalar', datatype: 'INT8', shape: [], data: Buffer.of(1) }, { name: 'huge', datatype: 'FP32', shape: [0, 2 ** 40], data }],
        timing: { queueMs: 0, batchMs: 0, runMs: 0, totalMs: 0, batchSize: 1 },
      };
      const expected = {
        model_name: 'mödel', model_version: 'v1', id: answer.id,
        outputs: [{ name: 'y'.repeat(130), datatype: 'UINT8', shape: [String(size)] }, { name: 'scalar', datatype: 'INT8', shape: [] }, { name: 'huge', datatype: 'FP32', shape: ['0', String(2 ** 40)] }],
      };
      const check = (response: any): void => {
        const { model_name, model_version, id } = response;
        assert.deepEqual({ model_name, model_version, id, outputs: response.outputs.map(({ name, datatype, shape }: any) => ({ name, datatype, shape })) }, expected);
        assert.equal(response.parameters['lepton-prediction-id'].string_param, 'p'.repeat(36));
        assert.deepEqual(response.raw_output_contents.map(hex), [hex(data), '01', hex(data)]);
      };
      check(decodeMessage('inference.ModelInferResponse', joined(encodeInferResponse(answer))));
      const streamed = decodeMessage<any>('inference.ModelStreamInferResponse', joined(encodeStreamResponse(answer)));
      check(streamed.infer_response);
      assert.equal(streamed.infer_response.parameters.triton_final_response.bool_param, true);
    }
    const refusal = decodeMessage<any>('inference.ModelStreamInferResponse', encodeStreamError('nicht da: 名', 'q'));
    assert.deepEqual([refusal.error_message, refusal.infer_response.id], ['nicht da: 名', 'q']);
  });
});
