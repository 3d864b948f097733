import { LeptonError, type Signature, type Tensor, type TensorSpec } from '../../core/index.ts';
import { type NativeInput, type NativeSession, type NativeTensor, type NativeTensors, type OnnxSession, type OnnxValue, openOnnxSession, readableMessage } from '../../onnx/index.ts';
import type { LoadedModel, TensorSet } from '../loaded-model.ts';
import { bytesOfNative, toNative } from './onnx-values.ts';

/** A failing input is its client's business and is reported to it; it must not fill the replica's log. */
const RUN_OPTIONS = { logSeverityLevel: 4 };

/** Opens an ONNX model (external data is read beside the file). Rejects with MODEL_INVALID; onnxruntime's own words are its cause. */
export async function openOnnxModel(file: string, signature: Signature, threads: number): Promise<LoadedModel> {
  const session = await openOnnxSession(file, threads);
  checkSide('input', signature.inputs, session.inputs);
  checkSide('output', signature.outputs, session.outputs);
  return new OnnxModel(session, signature);
}

class OnnxModel implements LoadedModel {
  readonly signature: Signature;
  readonly #native: NativeSession;
  readonly #inputs: ReadonlyMap<string, OnnxValue>;
  readonly #outputs: ReadonlyMap<string, OnnxValue>;
  readonly #allOutputs: Readonly<Record<string, null>>;

  constructor(session: OnnxSession, signature: Signature) {
    this.signature = signature;
    this.#native = session.native;
    this.#inputs = new Map(session.inputs.map((value) => [value.name, value]));
    this.#outputs = new Map(session.outputs.map((value) => [value.name, value]));
    this.#allOutputs = this.#fetches(signature.outputs.map((spec) => spec.name));
  }

  run(inputs: TensorSet, outputs: readonly string[]): Tensor[] {
    const feeds = Object.create(null) as Record<string, NativeInput>;
    for (const tensor of inputs) feeds[this.#inputs.get(tensor.name)?.runtimeName ?? tensor.name] = toNative(tensor);
    // The runtime computes nothing without an output.
    const isPartial = outputs.length > 0 && outputs.length < this.signature.outputs.length;
    const results = this.#run(feeds, isPartial ? this.#fetches(outputs) : this.#allOutputs);
    return outputs.map((name) => this.#output(name, results));
  }

  close(): void {
    this.#native.dispose();
  }

  #output(name: string, results: NativeTensors): Tensor {
    const { runtimeName, datatype } = this.#outputs.get(name) as OnnxValue & { datatype: Tensor['datatype'] };
    const value = results[runtimeName] as NativeTensor;
    return { name, datatype, shape: value.dims, data: bytesOfNative(value, datatype === 'BF16') };
  }

  #run(feeds: Readonly<Record<string, NativeInput>>, fetches: Readonly<Record<string, null>>): NativeTensors {
    try {
      return this.#native.run(feeds, fetches, RUN_OPTIONS);
    } catch (cause) {
      throw new LeptonError('MODEL_ERROR', this.#ownNames(readableMessage(cause)), { cause });
    }
  }

  #fetches(names: readonly string[]): Readonly<Record<string, null>> {
    const fetches = Object.create(null) as Record<string, null>;
    for (const name of names) fetches[(this.#outputs.get(name) as OnnxValue).runtimeName] = null;
    return fetches;
  }

  /** The runtime's message in the names that the model's author knows. */
  #ownNames(message: string): string {
    const widened = [...this.#inputs.values(), ...this.#outputs.values()].filter((value) => value.name !== value.runtimeName);
    return widened.reduce((text, value) => text.replaceAll(value.runtimeName, value.name), message);
  }
}

function checkSide(side: string, declared: readonly TensorSpec[], actual: readonly OnnxValue[]): void {
  for (const spec of declared) {
    const value = actual.find((candidate) => candidate.name === spec.name);
    if (!value) throw new LeptonError('MODEL_INVALID', `the signature names ${side} ${JSON.stringify(spec.name)}, the model has ${actual.map(({ name }) => name).join(', ') || 'none'}`);
    if (value.datatype !== spec.datatype) throw new LeptonError('MODEL_INVALID', `${side} ${JSON.stringify(spec.name)} is ${value.datatype ?? value.type}, the signature says ${spec.datatype}`);
  }
}
