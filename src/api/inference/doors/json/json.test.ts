import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Datatype, LeptonError, type Signature, type Tensor, type TensorSpec, type VersionRoute } from '../../../../core/index.ts';
import { versionRoute } from '../../../../testing/gateway-fixture.ts';
import { rowsToJson, tensorsToJson } from './nested-json.ts';
import { tensorFromNested } from './nested-tensor.ts';
import { parseBody } from './parse.ts';
import { tensorsFromInputs, tensorsFromInstances } from './signature-tensors.ts';

const refuses = (run: () => unknown, ...mentions: string[]): void => {
  assert.throws(run, (error: unknown) => {
    assert.ok(error instanceof LeptonError, String(error));
    assert.equal(error.code, 'INVALID_ARGUMENT', error.message);
    for (const mention of mentions) assert.ok(error.message.includes(mention), `'${error.message}' does not mention ${mention}`);
    return true;
  });
};
const spec = (name: string, datatype: Datatype = 'FP32', shape: number[] = [-1, 2]): TensorSpec => ({ name, datatype, shape });
const route = (...inputs: TensorSpec[]): VersionRoute => versionRoute('v1', [], { signature: { inputs, outputs: [] } satisfies Signature });
const parse = (text: string): unknown => parseBody(Buffer.from(text));
const floats = (tensor: Tensor | undefined): number[] => Array.from(new Float32Array(new Uint8Array(tensor?.data ?? []).buffer));

describe('a body', () => {
  test('may hold the words of TensorFlow Serving and Python for what is not finite, but not in strings', () => {
    assert.deepEqual(parse('{"a": [NaN,NaN , -Infinity,Inf,-Inf,-NaN], "b":Infinity, "c":"[NaN, \\", NaN]", "d":"\\\\"}'), { a: ['NaN', 'NaN', '-Infinity', 'Infinity', '-Infinity', 'NaN'], b: 'Infinity', c: '[NaN, ", NaN]', d: '\\' });
    for (const text of ['{NaN:1}', '{"a":1,NaN:2}', '{"a":+Infinity}', '{"a":NaNs}', '{"a":nan}', '{"a":"NaN}', 'NaN']) refuses(() => parse(text), 'request');
  });
  test('keeps every digit of whole numbers, beside those words too', () => assert.deepEqual(parse('{"a":[9007199254740993,NaN]}'), { a: [9007199254740993n, 'NaN'] }));
  test('says no key twice, at any depth', () => {
    for (const text of ['{"a":1,"a":2}', '{"instances":[{"x":1,"x":2}]}', '{"a":[[{"b":1,"\\u0062":2}]]}']) refuses(() => parse(text), 'twice');
    assert.deepEqual(parse('{"a":{"a":":"},"b":"a:b"}'), { a: { a: ':' }, b: 'a:b' });
  });
  for (const [why, text] of [['nothing', ''], ['no object', '[1]'], ['cut short', '{"a":[1'], ['objects nested 100,000 deep', '{"a":'.repeat(100_000)]] as const) test(`refused: ${why}`, () => refuses(() => parse(text)));
  test('refused: not UTF-8', () => refuses(() => parseBody(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])), 'UTF-8'));
});

describe('instances', () => {
  test('are rows: values, lists, or objects by input name in any order', () => {
    const [scalars] = tensorsFromInstances(route(spec('x', 'FP32', [-1])), [1, 2, 3]);
    assert.deepEqual([scalars?.shape, floats(scalars)], [[3], [1, 2, 3]]);
    const [nested] = tensorsFromInstances(route(spec('x', 'FP32', [-1, 2, 2])), [[[1, 2], [3, 4]]]);
    assert.deepEqual([nested?.shape, floats(nested)], [[1, 2, 2], [1, 2, 3, 4]]);
    const both = tensorsFromInstances(route(spec('a'), spec('b', 'FP32', [-1])), [{ b: 5, a: [1, 2] }, { a: [3, 4], b: 6 }]);
    assert.deepEqual(both.map((tensor) => [tensor.name, tensor.shape, floats(tensor)]), [['a', [2, 2], [1, 2, 3, 4]], ['b', [2], [5, 6]]]);
  });
  test('of bytes are text or base64', () => {
    const [tensor] = tensorsFromInstances(route(spec('x', 'BYTES', [-1])), ['é', { b64: 'AP8=' }, { b64: 'AP8' }]);
    assert.equal(Buffer.from(tensor?.data ?? []).toString('hex'), '02000000c3a90200000000ff0200000000ff');
  });
  const two = route(spec('a'), spec('b'));
  for (const [why, where, instances, mentions] of [
    ['no list', two, {}, ['instances must be a list']],
    ['empty', two, [], ['instances is empty']],
    ['a row that is shorter', route(spec('x')), [[1, 2], [3, 4], [5]], ['instances[2] has 1 elements, where 2', 'as in instances[0]']],
    ['a row that is deeper', route(spec('x')), [[1, 2], [3, [4]]], ['instances[1][1] is a list of 1']],
    ['a row that is a value', route(spec('x')), [[1, 2], 3], ['instances[1] is 3']],
    ['a value that is no number', route(spec('x')), [[1, 2], [3, 'four']], ['instances[1][1] is "four"', 'FP32']],
    ['a whole number out of range', route(spec('x', 'INT8')), [{ x: [1, 300] }], ['instances[0].x[1] is 300', '-128 to 127']],
    ['a float out of range', route(spec('x')), [[1e39, 0]], ['instances[0][0] is 1e+39']],
    ['null', route(spec('x')), [[null, 0]], ['instances[0][0] is null']],
    ['values for two inputs', two, [[1, 2]], ["takes 2 ('a', 'b')"]],
    ['values after objects', two, [{ a: [1, 2], b: [1, 2] }, [1, 2]], ['instances[1] is an array of 2']],
    ['an input too few in one row', two, [{ a: [1, 2], b: [1, 2] }, { a: [1, 2] }], ["instances[1] lacks 'b'"]],
    ['an input that is none', two, [{ a: [1, 2], b: [1, 2], c: 1 }], ["instances[0] has 'c', which is no input"]],
    ['inherited names', route(spec('constructor')), [{}], ["lacks 'constructor'"]],
    ['no base64', route(spec('x', 'BYTES', [-1])), [{ b64: 'é' }], ['instances[0].b64', 'base64']],
    ['base64 for a number', route(spec('x', 'FP32', [-1])), [{ b64: 'AA==' }], ['instances[0] is an object']],
    ['half a surrogate pair', route(spec('x', 'BYTES', [-1])), ['\ud800'], ['instances[0]', 'surrogate']],
  ] as const) test(`refused: ${why}`, () => refuses(() => tensorsFromInstances(where, instances), ...mentions));
  test('named __proto__ are inputs like others', () => {
    const [tensor] = tensorsFromInstances(route(spec('__proto__')), (parse('{"instances":[{"__proto__":[1,2]}]}') as { instances: unknown }).instances);
    assert.deepEqual(floats(tensor), [1, 2]);
  });
});

describe('inputs', () => {
  test('are whole tensors: a scalar, lists, or an object by name', () => {
    assert.deepEqual(tensorsFromInputs(route(spec('x', 'FP32', [])), 5).map((tensor) => [tensor.shape, floats(tensor)]), [[[], [5]]]);
    assert.deepEqual(tensorsFromInputs(route(spec('a'), spec('s', 'FP32', [])), { s: 7, a: [[1, 2]] }).map(({ name, shape }) => [name, shape]), [['a', [1, 2]], ['s', []]]);
    assert.deepEqual(tensorFromNested(spec('x'), [[], []], 'inputs').shape, [2, 0]);
  });
  test('ragged, deep or unknown ones are refused', () => {
    refuses(() => tensorsFromInputs(route(spec('x')), [[1, 2], [3]]), 'inputs[1] has 1 elements');
    refuses(() => tensorsFromInputs(route(spec('x')), { y: [[1, 2]] }), "lacks 'x' and has 'y'");
    refuses(() => tensorsFromInputs(route(spec('x')), JSON.parse('['.repeat(100_000) + ']'.repeat(100_000))), '32 deep');
    refuses(() => tensorsFromInputs(route(spec('x', 'INT64', [-1])), [2n ** 63n]), 'inputs[0] is 9223372036854775808');
  });
});

test('a model that does not say what it takes gets what numpy would make of the values', () => {
  const untyped = route({ ...spec('x'), untyped: true });
  for (const [values, datatype] of [[[1, 2], 'INT64'], [[1, 2n ** 60n], 'INT64'], [[1, 2.5], 'FP64'], [[1, 'NaN'], 'FP64'], [[true, false], 'BOOL'], [['a', { b64: 'AA==' }], 'BYTES']] as const) {
    assert.deepEqual(tensorsFromInputs(untyped, values).map((tensor) => [tensor.datatype, tensor.shape]), [[datatype, [2]]]);
  }
  refuses(() => tensorsFromInputs(untyped, [1, 'a']), 'inputs[1] is "a"');
});

describe('an answer', () => {
  const of = (datatype: Datatype, shape: number[], values: { readonly buffer: ArrayBufferLike }, name = 'y'): Tensor => ({ name, datatype, shape, data: new Uint8Array(values.buffer) });
  test('writes floats as floats, with the digits of their datatype', () => {
    assert.equal(tensorsToJson([of('FP32', [7], new Float32Array([0.1, 3, -0, 1e-7, 16777216, 0.87654321, 1e30]))]), '[0.1,3.0,-0.0,1e-7,16777216.0,0.876543224,1e+30]');
    assert.equal(tensorsToJson([of('FP64', [3], new Float64Array([0.1, 3, 1e300]))]), '[0.1,3.0,1e+300]');
    assert.equal(tensorsToJson([of('FP32', [3], new Float32Array([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]))]), '[NaN,Infinity,-Infinity]');
  });
  test('every float32 is read back as itself', () => {
    const values = Float32Array.from({ length: 5000 }, (_, index) => Math.sin(index) * 10 ** ((index % 60) - 30));
    assert.deepEqual(Float32Array.from(JSON.parse(tensorsToJson([of('FP32', [5000], values)])) as number[]), values);
  });
  test('keeps 64-bit integers, booleans, scalars and empty tensors', () => {
    assert.equal(tensorsToJson([of('INT64', [1, 2], new BigInt64Array([-(2n ** 63n), 9007199254740993n]))]), '[[-9223372036854775808,9007199254740993]]');
    assert.equal(tensorsToJson([of('BOOL', [2], Uint8Array.of(1, 0))]), '[true,false]');
    assert.equal(tensorsToJson([of('INT32', [], new Int32Array([7]))]), '7');
    assert.deepEqual([[0, 4], [2, 0], [2, 0, 3]].map((shape) => tensorsToJson([of('INT32', shape, new Int32Array())])), ['[]', '[[],[]]', '[[],[]]']);
  });
  test('writes bytes as text, or as base64 where the name or the bytes ask for it', () => {
    const bytes = of('BYTES', [2], Uint8Array.of(1, 0, 0, 0, 0x41, 1, 0, 0, 0, 0xff));
    assert.equal(tensorsToJson([bytes]), '["A",{"b64":"/w=="}]');
    assert.equal(tensorsToJson([{ ...bytes, name: 'image_bytes' }]), '[{"b64":"QQ=="},{"b64":"/w=="}]');
  });
  test('of several outputs has their names, by tensor or by row', () => {
    const outputs = [of('INT32', [2], new Int32Array([1, 2]), 'a"'), of('INT32', [2, 2], new Int32Array([3, 4, 5, 6]), '__proto__')];
    assert.equal(tensorsToJson(outputs), '{"a\\"":[1,2],"__proto__":[[3,4],[5,6]]}');
    assert.equal(rowsToJson(outputs, 2), '[{"a\\"":1,"__proto__":[3,4]},{"a\\"":2,"__proto__":[5,6]}]');
    assert.equal(rowsToJson(outputs.slice(1), 2), '[[3,4],[5,6]]');
  });
});
