/** Properties of the codec: against an oracle that shares no code with it, and against anything. */
import assert from 'node:assert/strict';
import { decodeRequest, encodeAnswer, type InferenceAnswer, type InferenceRequest } from '../../src/api/inference/codec/index.ts';
import { DATATYPE_BYTES, LeptonError, type Tensor } from '../../src/core/index.ts';
import { asTensor, type MadeTensor } from './made-tensors.ts';
import { type MadeRequest, makeRequest } from './made-requests.ts';
import { mutateBytes, mutateJson } from './mutate.ts';
import type { Random } from './random.ts';

const REFUSALS = ['INVALID_ARGUMENT', 'UNSUPPORTED', 'TOO_LARGE'];

/** Each throws when it does not hold for the request that chance makes. */
export const CODEC_PROPERTIES: Readonly<Record<string, (random: Random) => void>> = {
  'a good request, however it is spelled, means what the oracle says': (random) => {
    const made = makeRequest(random);
    const decoded = decode(made);
    assert.equal(decoded.id, made.id);
    assert.deepEqual(decoded.inputs.map(plain), made.inputs.map(({ name, datatype, shape, bytes }) => ({ name, datatype, shape, hex: bytes.toString('hex') })));
  },
  'an answer says what the oracle says, and in binary its very bytes': (random) => {
    const { inputs, id } = makeRequest(random);
    for (const binaryByDefault of [true, false]) {
      const request: InferenceRequest = { model: 'm', version: null, id, parameters: new Map(), inputs: [], outputs: null, binaryByDefault };
      const { json, binary } = encodeAnswer(request, answerOf(id, inputs.map(asTensor)));
      const parsed = JSON.parse(json, keepTokens as never) as { id?: string; model_version: string; outputs: { name: string; datatype: string; shape: string[]; data?: string[]; parameters?: { binary_data_size: string } }[] };
      assert.deepEqual([parsed.id ?? '', parsed.model_version], [id, 'v1']);
      assert.deepEqual(parsed.outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape: shape.map(Number) })), inputs.map(({ name, datatype, shape }) => ({ name, datatype, shape })));
      if (binaryByDefault) assert.equal(Buffer.concat(binary).toString('hex'), Buffer.concat(inputs.map(({ bytes }) => bytes)).toString('hex'));
      else for (const [index, made] of inputs.entries()) assertTokens(made, parsed.outputs[index]?.data ?? []);
    }
  },
  'changed JSON is refused with a reason, or means something whole': (random) => {
    const { body, jsonBytes } = makeRequest(random);
    const json = JSON.parse(body.toString('utf8', 0, jsonBytes ?? body.length)) as unknown;
    const text = Buffer.from(JSON.stringify(mutateJson(random, json)) ?? '');
    tryDecode(Buffer.concat([text, jsonBytes === null ? Buffer.alloc(0) : body.subarray(jsonBytes)]), jsonBytes === null ? null : text.length);
  },
  'changed bytes are refused with a reason, or mean something whole': (random) => {
    const { body, jsonBytes } = makeRequest(random);
    tryDecode(mutateBytes(random, body), random.chance(0.1) ? random.below(body.length * 2) : jsonBytes);
  },
};

function decode({ body, jsonBytes }: MadeRequest): InferenceRequest {
  return decodeRequest('m', null, body, jsonBytes);
}

/** A size of -0 is the size 0. */
const plain = ({ name, datatype, shape, data }: Tensor): object => ({ name, datatype, shape: shape.map((size) => size + 0), hex: Buffer.from(data).toString('hex') });
const answerOf = (id: string, outputs: readonly Tensor[]): InferenceAnswer => ({ model: 'm', version: 'v1', id, predictionId: '00000000-0000-4000-8000-000000000000', outputs, timing: { queueMs: 0, batchMs: 0, runMs: 0, totalMs: 0, batchSize: 1 } });
/** Numbers as they are written. */
const keepTokens = (_key: string, value: unknown, { source }: { source?: string }): unknown => (typeof value === 'number' || typeof value === 'boolean' ? source : value);

function assertTokens({ datatype, tokens, name }: MadeTensor, written: readonly string[]): void {
  assert.equal(written.length, tokens.length, name);
  tokens.forEach((token, index) => {
    const found = written[index] as string;
    if (datatype === 'BYTES') assert.equal(found, JSON.parse(token));
    // Another spelling of the same number is as good, with its sign.
    else if (/FP|BF/.test(datatype)) assert.ok(Object.is(Number(found), Number(token)), `${found} for ${token}`);
    else assert.equal(found, token);
  });
}

function tryDecode(body: Buffer, jsonBytes: number | null): void {
  let request: InferenceRequest;
  try {
    request = decodeRequest('m', null, body, jsonBytes);
  } catch (error) {
    assert.ok(error instanceof LeptonError && REFUSALS.includes(error.code), `not a refusal: ${(error as Error).stack}`);
    assert.ok(error.message.length >= 8 && error.message.length < 2_000, `a reason of ${error.message.length} characters`);
    return;
  }
  for (const tensor of request.inputs) assertWhole(tensor);
  assertReturns(request);
}

function assertWhole({ datatype, shape, data }: Tensor): void {
  // A size of -0 would make the product -0.
  const elements = shape.reduce((product, size) => product * size, 1) + 0;
  assert.ok(shape.every((size) => Number.isSafeInteger(size) && size >= 0));
  if (datatype !== 'BYTES') return assert.equal(data.byteLength, elements * DATATYPE_BYTES[datatype]);
  let at = 0;
  for (let element = 0; element < elements; element++) at += 4 + Buffer.from(data).readUInt32LE(at);
  assert.equal(at, data.byteLength);
}

/** What was accepted can be written as an answer and, read again, is the same. */
function assertReturns(request: InferenceRequest): void {
  const outputs = request.inputs;
  const { json, binary } = encodeAnswer({ ...request, outputs: null, binaryByDefault: true }, answerOf(request.id, outputs));
  const asRequest = Buffer.from(json.replace('"outputs":', '"inputs":'));
  const again = decodeRequest('m', null, Buffer.concat([asRequest, ...binary]), binary.length ? asRequest.length : null);
  assert.deepEqual(again.inputs.map(plain), outputs.map(plain));
}
