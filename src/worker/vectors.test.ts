import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { LeptonError, type Signature, type Tensor } from '../core/index.ts';
import { encodeFrameHead, type FailureMessage, FrameDecoder, FrameType, type InferResultMessage, type WorkerStatus } from '../wire/index.ts';
import { InferenceRunner } from './inference.ts';
import type { LoadedModel } from './loaded-model.ts';

interface InferVector {
  readonly name: string;
  readonly model: keyof typeof MODELS;
  readonly batchable: boolean;
  readonly signature: Signature;
  readonly header: unknown;
  readonly bodyHex: string;
  readonly result?: Pick<InferResultMessage, 'items' | 'batchSize'>;
  readonly resultHex?: string;
  readonly failure?: FailureMessage;
}
interface Vectors {
  readonly infer: readonly InferVector[];
  readonly status: readonly WorkerStatus[];
}
const vectors = JSON.parse(await readFile(new URL('../../protocol/worker.json', import.meta.url), 'utf8')) as Vectors;

const floats = ({ data }: Tensor): Float32Array => new Float32Array(Uint8Array.from(data).buffer);
const MODELS = {
  double: (x: Tensor) => new Uint8Array(floats(x).map((value) => value * 2).buffer),
  identity: (x: Tensor) => x.data,
  picky: (x: Tensor) => {
    if (floats(x).includes(7)) throw new LeptonError('MODEL_ERROR', '7 is not allowed');
    return x.data;
  },
};

function runnerOf({ model, signature, batchable }: InferVector): InferenceRunner {
  const run: LoadedModel['run'] = ([x], outputs) => outputs.map((name) => ({ ...(x as Tensor), name, data: MODELS[model](x as Tensor) }));
  return new InferenceRunner({ signature, run, close: () => undefined }, batchable);
}

describe('the worker (golden vectors in protocol/worker.json)', () => {
  // ONNX models always say what they take.
  for (const vector of vectors.infer.filter(({ signature }) => !signature.inputs.some(({ untyped }) => untyped))) {
    it(`answers: ${vector.name}`, () => {
      const answer = () => runnerOf(vector).answer(vector.header ?? undefined, Buffer.from(vector.bodyHex, 'hex'));
      if (vector.failure) return assert.throws(answer, { code: vector.failure.code, message: vector.failure.error });
      const { header, body } = answer();
      assert.deepEqual({ items: header.items, batchSize: header.batchSize }, vector.result);
      assert.equal(Buffer.concat(body).toString('hex'), vector.resultHex);
    });
  }

  it('says its status in these words', () => {
    for (const status of vectors.status) {
      assert.deepEqual(new FrameDecoder().push(encodeFrameHead(FrameType.status, 0, status, 0)).map(({ header }) => header), [status]);
      assert.equal(status.phase === 'ready', status.profile !== undefined);
    }
  });
});
