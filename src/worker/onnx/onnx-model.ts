import * as ort from 'onnxruntime-node';
import { LeptonError, type Signature, type Tensor, type TensorSpec } from '../../core/index.ts';
import type { LoadedModel, TensorSet } from '../loaded-model.ts';
import { readableMessage } from './onnx-message.ts';
import { fromOrt, servesDatatype, toOrt } from './onnx-values.ts';

/**
 * One run at a time on this replica's own threads: no spinning (it would burn the cores that other replicas need), no
 * parallel executor. Names as in ONNX Runtime's onnxruntime_session_options_config_keys.h.
 */
const sessionOptions = (threads: number): ort.InferenceSession.SessionOptions => ({
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  logSeverityLevel: 2,
  extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
});

/** A failing input is its client's business and is reported to it; it must not fill the replica's log. */
const RUN_OPTIONS: ort.InferenceSession.RunOptions = { logSeverityLevel: 4 };

/** Opens an ONNX model (external data is read beside the file). Rejects with MODEL_INVALID; onnxruntime's own words are its cause. */
export async function openOnnxModel(file: string, signature: Signature, threads: number): Promise<LoadedModel> {
  const unserved = [...signature.inputs, ...signature.outputs].find((spec) => !servesDatatype(spec.datatype));
  if (unserved) throw new LeptonError('MODEL_INVALID', `onnxruntime-node serves no ${unserved.datatype} tensors (${unserved.name})`);
  try {
    const session = await ort.InferenceSession.create(file, sessionOptions(threads));
    checkNames(session, signature);
    return new OnnxModel(session, signature);
  } catch (cause) {
    if (cause instanceof LeptonError) throw cause;
    throw new LeptonError('MODEL_INVALID', `onnxruntime cannot load the model: ${readableMessage(cause)}`, { cause });
  }
}

class OnnxModel implements LoadedModel {
  readonly signature: Signature;
  readonly #session: ort.InferenceSession;
  readonly #outputs: ReadonlyMap<string, TensorSpec>;

  constructor(session: ort.InferenceSession, signature: Signature) {
    this.#session = session;
    this.signature = signature;
    this.#outputs = new Map(signature.outputs.map((spec) => [spec.name, spec]));
  }

  async run(inputs: TensorSet, outputs: readonly string[]): Promise<Tensor[]> {
    const feeds = Object.create(null) as Record<string, ort.Tensor>;
    for (const tensor of inputs) feeds[tensor.name] = toOrt(tensor);
    const results = await this.#run(feeds, outputs);
    return outputs.map((name) => fromOrt(name, (this.#outputs.get(name) as TensorSpec).datatype, results[name] as ort.Tensor));
  }

  async #run(feeds: Record<string, ort.Tensor>, outputs: readonly string[]): Promise<ort.InferenceSession.ReturnType> {
    try {
      return await this.#session.run(feeds, outputs, RUN_OPTIONS);
    } catch (cause) {
      throw new LeptonError('MODEL_ERROR', readableMessage(cause), { cause });
    }
  }
}

function checkNames(session: ort.InferenceSession, signature: Signature): void {
  const check = (kind: string, declared: readonly TensorSpec[], actual: readonly string[]): void => {
    const missing = declared.find((spec) => !actual.includes(spec.name));
    if (missing) throw new LeptonError('MODEL_INVALID', `the signature names ${kind} ${JSON.stringify(missing.name)}, the model has ${actual.join(', ') || 'none'}`);
  };
  check('input', signature.inputs, session.inputNames);
  check('output', signature.outputs, session.outputNames);
}
