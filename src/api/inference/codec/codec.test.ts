import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Datatype, LeptonError, type Signature, type Tensor } from '../../../core/index.ts';
import { compileSignatureCheck, decodeRequest, encodeAnswer, type InferenceAnswer } from './index.ts';

const decode = (json: string, binary: Uint8Array | null = null) => {
  const head = Buffer.from(json);
  return decodeRequest('m', null, binary ? Buffer.concat([head, binary]) : head, binary ? head.length : null);
};
const refuses = (run: () => unknown, ...mentions: string[]) =>
  assert.throws(run, (error: unknown) => {
    assert.ok(error instanceof LeptonError, String(error));
    assert.equal(error.code, 'INVALID_ARGUMENT', error.message);
    for (const mention of mentions) assert.ok(error.message.includes(mention), `'${error.message}' does not mention ${mention}`);
    return true;
  });

describe('requests', () => {
  const deep = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
  const x = '{"name":"x","datatype":"FP32","shape":[1],"data":[1]}';

  for (const [why, body, mention] of [
    ['empty', '', 'JSON'],
    ['not an object', '[]', 'object'],
    ['no inputs', '{}', 'inputs'],
    ['inputs that are an object', '{"inputs":{}}', 'inputs'],
    ['an id that is a number', `{"id":5,"inputs":[${x}]}`, 'id'],
    ['parameters that are an array', `{"parameters":[],"inputs":[${x}]}`, 'parameters'],
    ['a parameter that is an object', `{"parameters":{"a":{}},"inputs":[${x}]}`, 'parameters.a'],
    ['an output asked for twice', `{"inputs":[${x}],"outputs":[{"name":"y"},{"name":"y"}]}`, 'twice'],
    ['a flag that is text', `{"inputs":[${x}],"outputs":[{"name":"y","parameters":{"binary_data":"yes"}}]}`, 'binary_data'],
    ['arrays nested 100,000 deep', `{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":${deep(100_000)}}]}`, 'x'],
    ['deep arrays beside long integers', `{"a":12345678901234567890,"inputs":${deep(100_000)}}`, 'deep'],
    ['deep arrays as parameters', `{"parameters":{"p":${deep(100_000)}},"inputs":[${x}]}`, 'parameters.p'],
  ] as const) {
    test(`refused: ${why}`, () => refuses(() => decode(body), mention));
  }

  test('a number out of range is told from what is no number', () => {
    const input = (data: string) => `{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[${data}]}]}`;
    refuses(() => decode(input('1e50')), "data of input 'x'[0] is 1e+50, not a number within its range (FP32)");
    for (const token of ['NaN', '-Infinity']) refuses(() => decode(input(token)), 'not JSON', 'NaN and infinities are written as "NaN"');
    refuses(() => decode(input('null')), "data of input 'x'[0] is null, not a number,", '(FP32)');
  });

  test('an integer of a million digits is refused at once', () => {
    const before = performance.now();
    for (const datatype of ['INT64', 'FP64']) refuses(() => decode(`{"inputs":[{"name":"x","datatype":"${datatype}","shape":[1],"data":[${'9'.repeat(1_000_000)}]}]}`), "'x'[0] is Infinity");
    assert.ok(performance.now() - before < 2000);
  });

  test('what is left out may be null, as many clients write it', () => {
    const request = decode('{"id":null,"parameters":null,"inputs":[{"name":"x","datatype":"FP32","shape":[1],"parameters":null,"data":[1]}],"outputs":null}');
    assert.deepEqual([request.id, request.parameters.size, request.outputs], ['', 0, null]);
  });

  test('keys that the protocol does not know are ignored; colons inside strings are no keys', () => {
    const request = decode('{"model_name":"m:1","more":{"a":[{"b":"c:d"}]},"id":"a:\\":b","inputs":[{"name":"x","datatype":"BYTES","shape":[2],"data":["{\\"k\\":1,\\"k\\":2}","::"]}]}');
    assert.deepEqual([request.id, request.inputs.length], ['a:":b', 1]);
  });

  test('10 MB of deep, quoted and escaped text are walked in no time', () => {
    const text = JSON.stringify({ inputs: [], extra: JSON.stringify({ 'a:b': '\\"'.repeat(3_000_000) }) });
    const begun = performance.now();
    decode(text);
    assert.ok(performance.now() - begun < 5000);
  });

  test('names such as __proto__ are names like others', () => {
    const request = decode('{"parameters":{"__proto__":1},"inputs":[{"name":"__proto__","datatype":"FP32","shape":[1],"data":[1]}]}');
    assert.equal(request.inputs[0]?.name, '__proto__');
    assert.equal(request.parameters.get('__proto__'), 1);
    refuses(() => decode('{"__proto__":{"inputs":[]}}'), 'inputs');
  });

  test('binary sections must add up', () => {
    const input = (size: unknown, shape = '[1]') => `{"inputs":[{"name":"x","datatype":"FP32","shape":${shape},"parameters":{"binary_data_size":${size}}}]}`;
    refuses(() => decode(input(4), Buffer.alloc(3)), '3 are left');
    refuses(() => decode(input(4), Buffer.alloc(5)), '1 bytes');
    refuses(() => decode(input(8), Buffer.alloc(8)), '8 bytes', 'needs 4');
    refuses(() => decode(input(-1), Buffer.alloc(4)), '-1');
    refuses(() => decode(input('"4"'), Buffer.alloc(4)), 'binary_data_size');
    refuses(() => decode('{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1],"parameters":{"binary_data_size":4}}]}', Buffer.alloc(4)), 'both');
    refuses(() => decodeRequest('m', null, Buffer.from('{}'), 3), 'inference-header-content-length');
  });

  test('byte strings and booleans are checked in binary form too', () => {
    const input = (datatype: string, shape: string, size: number) => `{"inputs":[{"name":"x","datatype":"${datatype}","shape":${shape},"parameters":{"binary_data_size":${size}}}]}`;
    refuses(() => decode(input('BYTES', '[1]', 5), Buffer.from([9, 0, 0, 0, 65])), 'byte strings');
    refuses(() => decode(input('BYTES', '[2]', 5), Buffer.from([1, 0, 0, 0, 65])), '2 byte strings');
    refuses(() => decode(input('BYTES', '[1]', 5), Buffer.from([255, 255, 255, 255, 65])), 'byte strings');
    refuses(() => decode(input('BOOL', '[2]', 2), Buffer.from([1, 2])), 'x', '2');
  });
});

describe('JSON that would take the memory of many requests', () => {
  const read = (text: string) => decodeRequest('m', null, Buffer.from(text), null);
  test('is refused for its depth before it is parsed, brackets in strings apart', () => {
    refuses(() => read('['.repeat(2_000_000)), 'nested more than 10000 deep');
    refuses(() => read(`{"a":`.repeat(200_000)), 'nested more than 10000 deep');
    const brackets = JSON.stringify(`${'['.repeat(300_000)}\\"`);
    assert.equal(read(`{"id":${brackets},"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":[1]}]}`).inputs.length, 1);
  });
  test('is refused for its length', () => assert.throws(() => read(`"${'x'.repeat(64 * 2 ** 20)}"`), (error: LeptonError) => error.code === 'TOO_LARGE'));
});

describe('signature', () => {
  const signature: Signature = {
    inputs: [{ name: 'a', datatype: 'FP32', shape: [-1, 2], dimensionNames: ['n', ''] }, { name: 'b', datatype: 'FP32', shape: [-1], dimensionNames: ['n'] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1] }],
  };
  const check = compileSignatureCheck('m', 'v1', signature);
  const tensor = (name: string, shape: number[], datatype: Datatype = 'FP32'): Tensor => ({ name, datatype, shape, data: new Uint8Array(shape.reduce((a, b) => a * b, 4)) });
  const request = (inputs: Tensor[], outputs: string[] | null = null) => ({ model: 'm', version: null, id: '', parameters: new Map(), inputs, outputs: outputs?.map((name) => ({ name, binary: false })) ?? null, binaryByDefault: false });

  test('puts inputs into the order of the signature', () => {
    assert.deepEqual(check(request([tensor('b', [3]), tensor('a', [3, 2])])).map((input) => input.name), ['a', 'b']);
  });

  for (const [why, inputs, outputs, mentions] of [
    ['unknown input', [tensor('a', [1, 2]), tensor('bb', [1])], null, ["'bb'", "did you mean 'b'"]],
    ['missing input', [tensor('a', [1, 2])], null, ["'b' is missing", 'expects 2 inputs but got 1']],
    ['input given twice', [tensor('a', [1, 2]), tensor('a', [1, 2])], null, ['twice']],
    ['datatype', [tensor('a', [1, 2], 'INT32'), tensor('b', [1])], null, ['INT32', 'FP32']],
    ['rank', [tensor('a', [2]), tensor('b', [1])], null, ['[2]', '[-1,2]']],
    ['fixed size', [tensor('a', [1, 3]), tensor('b', [1])], null, ['[1,3]', '[-1,2]']],
    ['dimensions of one name that differ', [tensor('a', [2, 2]), tensor('b', [3])], null, ["'n'", '3', '2']],
    ['unknown output', [tensor('a', [1, 2]), tensor('b', [1])], ['z'], ["'z'"]],
  ] as const) {
    test(`refused: ${why}`, () => refuses(() => check(request([...inputs], outputs ? [...outputs] : null)), ...mentions));
  }
  test('refused: more rows than declared; as many are taken', () => {
    const bounded = compileSignatureCheck('m', 'v1', signature, 8);
    assert.equal(bounded(request([tensor('a', [8, 2]), tensor('b', [8])])).length, 2);
    refuses(() => bounded(request([tensor('a', [9, 2]), tensor('b', [9])])), "'a' has 9 rows", 'at most 8');
  });

  test('of a model that does not say what it takes: any datatype and rank passes, names are still checked', () => {
    const untyped = compileSignatureCheck('m', 'v1', { inputs: [{ name: 'x', datatype: 'FP32', shape: [-1], untyped: true }], outputs: [] });
    const request = (name: string, datatype: string, shape: number[]) => decodeRequest('m', null, Buffer.from(JSON.stringify({ inputs: [{ name, datatype, shape, data: [1, 2] }] })), null);
    assert.equal(untyped(request('x', 'INT64', [1, 2, 1]))[0]?.datatype, 'INT64');
    assert.throws(() => untyped(request('y', 'FP32', [2])), /unexpected inference input 'y'/);
  });
});

describe('answers', () => {
  const answer = (outputs: Tensor[]): InferenceAnswer => ({ model: 'm', version: 'v', id: '', predictionId: 'p', outputs, timing: { queueMs: 0, batchMs: 0, runMs: 0, totalMs: 0, batchSize: 1 } });
  const request = decode('{"id":"q","inputs":[]}');

  test('are JSON with all digits', () => {
    const int64: Tensor = { name: 'y', datatype: 'INT64', shape: [1], data: new Uint8Array(new BigInt64Array([9007199254740993n]).buffer) };
    const { json, binary } = encodeAnswer(request, answer([int64]));
    assert.equal(json, '{"model_name":"m","model_version":"v","id":"q","parameters":{"lepton-prediction-id":"p"},"outputs":[{"name":"y","datatype":"INT64","shape":[1],"data":[9007199254740993]}]}');
    assert.equal(binary.length, 0);
  });

  test('mix JSON and binary outputs as asked', () => {
    const output = (name: string): Tensor => ({ name, datatype: 'UINT8', shape: [2], data: Uint8Array.of(1, 2) });
    const mixed = decode('{"inputs":[],"outputs":[{"name":"p","parameters":{"binary_data":true}},{"name":"q"}]}');
    const { json, binary } = encodeAnswer(mixed, answer([output('p'), output('q')]));
    assert.deepEqual(JSON.parse(json).outputs, [{ name: 'p', datatype: 'UINT8', shape: [2], parameters: { binary_data_size: 2 } }, { name: 'q', datatype: 'UINT8', shape: [2], data: [1, 2] }]);
    assert.deepEqual(binary, [Uint8Array.of(1, 2)]);
  });

  test('carry what JSON numbers cannot as strings, and say which bytes it cannot carry at all', () => {
    const float: Tensor = { name: 'y', datatype: 'FP32', shape: [2], data: new Uint8Array(new Float32Array([1, Number.NaN]).buffer) };
    assert.deepEqual(JSON.parse(encodeAnswer(request, answer([float])).json).outputs[0].data, [1, 'NaN']);
    const bytes: Tensor = { name: 'y', datatype: 'BYTES', shape: [1], data: Uint8Array.of(1, 0, 0, 0, 0xff) };
    refuses(() => encodeAnswer(request, answer([bytes])), "output 'y'[0] is not UTF-8", 'binary_data');
  });
});
