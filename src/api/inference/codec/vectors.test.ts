import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { type Datatype, DATATYPES, LeptonError, type Tensor } from '../../../core/index.ts';
import { rendezvous } from '../traffic/rendezvous.ts';
import { classify, decodeRequest } from './index.ts';
import { tensorDataToJson } from './tensor-to-json.ts';

interface TensorVector {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: string;
  readonly hex: string;
}
interface Refusal {
  readonly why: string;
  readonly status: number;
  readonly error: string;
}
interface Vectors {
  readonly tensors: readonly TensorVector[];
  readonly answers: readonly TensorVector[];
  readonly refused: readonly (Refusal & { readonly input: string })[];
  readonly refusedRequests: readonly (Refusal & { readonly body?: string; readonly bodyHex?: string; readonly headerLength?: number })[];
  readonly classification: readonly (Omit<TensorVector, 'data'> & { readonly count: number; readonly batched: boolean; readonly labels?: readonly string[]; readonly classes: readonly string[]; readonly classesShape: readonly number[] })[];
  readonly sticky: readonly { readonly weights: Record<string, number>; readonly key: string; readonly version: string }[];
}
const VECTORS = JSON.parse(await readFile(new URL('../../../../protocol/inference-v2.json', import.meta.url), 'utf8')) as Vectors;

const hexOf = (tensor: Tensor): string => Buffer.from(tensor.data).toString('hex');
const input = ({ datatype, shape }: Omit<TensorVector, 'data' | 'hex'>, rest: string): string => `{"inputs":[{"name":"x","datatype":"${datatype}","shape":[${shape}],${rest}}]}`;
const decodeOne = (json: string, binary?: Uint8Array): Tensor => {
  const head = Buffer.from(json);
  return decodeRequest('m', null, binary ? Buffer.concat([head, binary]) : head, binary ? head.length : null).inputs[0] as Tensor;
};
const tensorOf = ({ datatype, shape, hex }: Omit<TensorVector, 'data'>): Tensor => ({ name: 'y', datatype, shape, data: Buffer.from(hex, 'hex') });
const refusedAs = ({ status, error }: Refusal) => (thrown: unknown) => {
  assert.ok(thrown instanceof LeptonError, String(thrown));
  assert.equal(thrown.httpStatus, status);
  assert.ok(thrown.message.startsWith(error), thrown.message);
  return true;
};

describe('golden vectors: tensors', () => {
  for (const [index, vector] of VECTORS.tensors.entries()) {
    test(`${index}: ${vector.datatype} [${vector.shape}] ${vector.data.slice(0, 40)}`, () => {
      const tensor = decodeOne(input(vector, `"data":${vector.data}`));
      assert.equal(hexOf(tensor), vector.hex);
      const bytes = Buffer.from(vector.hex, 'hex');
      assert.equal(hexOf(decodeOne(input(vector, `"parameters":{"binary_data_size":${bytes.length}}`), bytes)), vector.hex);
      // What we write we read back to the same bytes.
      assert.equal(hexOf(decodeOne(input(vector, `"data":${tensorDataToJson(tensor)}`))), vector.hex);
    });
  }
  test('every datatype is there', () => assert.deepEqual(new Set(VECTORS.tensors.map(({ datatype }) => datatype)), new Set(DATATYPES)));
  for (const vector of VECTORS.answers) test(`answer ${vector.datatype} ${vector.data}`, () => assert.equal(tensorDataToJson(tensorOf(vector)), vector.data));
});

describe('golden vectors: refusals', () => {
  for (const vector of VECTORS.refused) test(`input: ${vector.why}`, () => assert.throws(() => decodeOne(`{"inputs":[${vector.input}]}`), refusedAs(vector)));
  for (const vector of VECTORS.refusedRequests) {
    const body = vector.body === undefined ? Buffer.from(vector.bodyHex as string, 'hex') : Buffer.from(vector.body);
    test(`request: ${vector.why}`, () => assert.throws(() => decodeRequest('m', null, body, vector.headerLength ?? null), refusedAs(vector)));
  }
});

describe('golden vectors: classification', () => {
  for (const vector of VECTORS.classification) {
    test(`${vector.datatype} [${vector.shape}] → ${vector.classes.join(' ')}`, () => {
      const classes = classify(tensorOf(vector), vector.count, vector);
      assert.deepEqual([classes.datatype, classes.shape], ['BYTES', vector.classesShape]);
      assert.deepEqual(JSON.parse(tensorDataToJson(classes)), vector.classes);
    });
  }
});

test('golden vectors: sticky decisions', () => {
  for (const { weights, key, version } of VECTORS.sticky) assert.equal(rendezvous(Object.entries(weights), key), version, key);
});
