import { type Datatype, DATATYPE_BYTES, elementCount, LeptonError, type Signature, shapeFits, type Tensor, type TensorSpec, asLeptonError } from '../core/index.ts';
import { FRAME_BYTES_MAX, type InferItem, type InferMessage, type InferResultItem, type InferFailureItem, type InferResultMessage, type WireTensor } from '../wire/index.ts';
import { mergeInputs, rowsOf, splitOutputs } from './batch.ts';
import type { LoadedModel, TensorSet } from './loaded-model.ts';

/** Most items of one infer frame. */
const ITEMS_MAX = 1024;

/** What goes back on the wire: the header and the tensors' bytes in its order. */
export interface InferAnswer {
  readonly header: InferResultMessage;
  readonly body: readonly Uint8Array[];
}

interface CheckedItem {
  readonly inputs: TensorSet;
  /** Names of the outputs wanted, in the asker's order. */
  readonly outputs: readonly string[];
}

/** Outcome of one item: its outputs, or why there are none. */
type ItemResult = readonly Tensor[] | LeptonError;

const now = (): number => performance.now();
const nanoseconds = (milliseconds: number): number => Math.round(milliseconds * 1e6);

/**
 * Answers infer frames with one model. Never rejects for the sake of one item: an item that does not fit the signature,
 * or on which the model fails, gets its own failure and leaves its neighbours alone.
 */
export class InferenceRunner {
  readonly #model: LoadedModel;
  readonly #batchable: boolean;
  readonly #inputs: ReadonlyMap<string, TensorSpec>;
  readonly #outputNames: readonly string[];

  constructor(model: LoadedModel, batchable: boolean) {
    this.#model = model;
    this.#batchable = batchable;
    this.#inputs = specsByName(model.signature);
    this.#outputNames = model.signature.outputs.map((spec) => spec.name);
  }

  /** Throws INVALID_ARGUMENT when the frame itself makes no sense, and TOO_LARGE when the answer fits no frame. */
  async answer(header: unknown, body: Uint8Array): Promise<InferAnswer> {
    const received = now();
    const items = readItems(header);
    const slices = sliceBody(items, body);
    const checked = items.map((item, index) => attempt(() => this.#check(item, slices[index] as TensorSet)));
    const timing = { input: now() - received, run: 0, output: 0, batch: 0 };
    const results = await this.#runAll(checked, timing);
    return encodeAnswer(results, timing);
  }

  #check(item: InferItem, inputs: TensorSet): CheckedItem {
    checkInputs(inputs, this.#inputs);
    const unknown = item.outputs?.find((name) => !this.#outputNames.includes(name));
    if (unknown !== undefined) throw new LeptonError('INVALID_ARGUMENT', `output ${JSON.stringify(unknown)} is not one of ${this.#outputNames.join(', ')}`);
    return { inputs, outputs: item.outputs ?? this.#outputNames };
  }

  async #runAll(checked: readonly (CheckedItem | LeptonError)[], timing: Timing): Promise<ItemResult[]> {
    const good = checked.filter((item): item is CheckedItem => !(item instanceof LeptonError));
    const together = this.#batchable && good.length > 1 ? await this.#runTogether(good, timing) : undefined;
    const results: ItemResult[] = [];
    let index = 0;
    for (const item of checked) {
      if (item instanceof LeptonError) results.push(item);
      else results.push(together ? (together[index++] as Tensor[]) : await this.#runAlone(item, timing));
    }
    return results;
  }

  /** undefined when the batch cannot be merged or fails: then each item runs alone, so that one bad item fails only itself. */
  async #runTogether(items: readonly CheckedItem[], timing: Timing): Promise<Tensor[][] | undefined> {
    try {
      const start = now();
      const rows = items.map((item) => rowsOf(item.inputs));
      const merged = mergeInputs(items.map((item) => item.inputs));
      timing.input += now() - start;
      const names = this.#wanted(items);
      const outputs = await this.#run(merged, names, timing);
      const splitStart = now();
      const split = splitOutputs(outputs, rows);
      const results = items.map((item, index) => item.outputs.map((name) => (split[index] as Tensor[])[names.indexOf(name)] as Tensor));
      timing.output += now() - splitStart;
      timing.batch = rows.reduce((sum, count) => sum + count, 0);
      return results;
    } catch {
      return undefined;
    }
  }

  async #runAlone(item: CheckedItem, timing: Timing): Promise<ItemResult> {
    try {
      timing.batch = Math.max(timing.batch, this.#batchable ? (item.inputs[0]?.shape[0] ?? 1) : 1);
      return await this.#run(item.inputs, item.outputs, timing);
    } catch (error) {
      return asLeptonError(error);
    }
  }

  async #run(inputs: TensorSet, outputs: readonly string[], timing: Timing): Promise<Tensor[]> {
    const start = now();
    try {
      return await this.#model.run(inputs, outputs);
    } finally {
      timing.run += now() - start;
    }
  }

  #wanted(items: readonly CheckedItem[]): readonly string[] {
    if (items.every((item) => item.outputs === this.#outputNames)) return this.#outputNames;
    return this.#outputNames.filter((name) => items.some((item) => item.outputs.includes(name)));
  }
}

interface Timing {
  input: number;
  run: number;
  output: number;
  batch: number;
}

function attempt<Value>(produce: () => Value): Value | LeptonError {
  try {
    return produce();
  } catch (error) {
    return asLeptonError(error);
  }
}

const specsByName = (signature: Signature): ReadonlyMap<string, TensorSpec> => new Map(signature.inputs.map((spec) => [spec.name, spec]));

function readItems(header: unknown): readonly InferItem[] {
  const items = (header as Partial<InferMessage> | undefined)?.items;
  if (!Array.isArray(items) || items.length === 0 || items.length > ITEMS_MAX) throw new LeptonError('INVALID_ARGUMENT', `an infer frame carries 1 to ${ITEMS_MAX} items`);
  for (const item of items as InferItem[]) {
    const outputsFit = item?.outputs === undefined || (Array.isArray(item.outputs) && item.outputs.every((name) => typeof name === 'string'));
    if (!Array.isArray(item?.inputs) || !outputsFit) throw new LeptonError('INVALID_ARGUMENT', 'an item needs a list of inputs, and a list of names as outputs if any');
  }
  return items as InferItem[];
}

/** Cuts the body into the items' tensors, in the order in which they are named. */
function sliceBody(items: readonly InferItem[], body: Uint8Array): TensorSet[] {
  let at = 0;
  const take = (tensor: WireTensor): Tensor => {
    const bytes = tensor?.bytes;
    if (!Number.isSafeInteger(bytes) || bytes < 0 || at + bytes > body.byteLength) throw new LeptonError('INVALID_ARGUMENT', `tensor of ${String(bytes)} bytes does not fit a body of ${body.byteLength}`);
    const data = body.subarray(at, at + bytes);
    at += bytes;
    return { name: tensor.name, datatype: tensor.datatype as Datatype, shape: tensor.shape, data };
  };
  const sliced = items.map((item) => item.inputs.map(take));
  if (at !== body.byteLength) throw new LeptonError('INVALID_ARGUMENT', `the body has ${body.byteLength} bytes, its tensors ${at}`);
  return sliced;
}

/** The gateway has checked all this against the signature that it knows; the worker trusts its own. */
function checkInputs(inputs: TensorSet, specs: ReadonlyMap<string, TensorSpec>): void {
  for (const tensor of inputs) {
    const spec = specs.get(tensor.name);
    if (!spec) throw new LeptonError('INVALID_ARGUMENT', `input ${JSON.stringify(tensor.name)} is not one of ${[...specs.keys()].join(', ')}`);
    checkInput(tensor, spec);
  }
  if (inputs.length !== specs.size || new Set(inputs.map((tensor) => tensor.name)).size !== specs.size) {
    throw new LeptonError('INVALID_ARGUMENT', `the model takes each of ${[...specs.keys()].join(', ')} once, got ${inputs.map((tensor) => tensor.name).join(', ')}`);
  }
}

function checkInput(tensor: Tensor, spec: TensorSpec): void {
  const field = `input ${JSON.stringify(tensor.name)}`;
  if (tensor.datatype !== spec.datatype) throw new LeptonError('INVALID_ARGUMENT', `${field} is ${String(tensor.datatype)}, the model takes ${spec.datatype}`);
  if (!Array.isArray(tensor.shape) || !shapeFits(tensor.shape, spec.shape)) throw new LeptonError('INVALID_ARGUMENT', `${field} has shape [${String(tensor.shape)}], the model takes [${spec.shape.join(',')}]`);
  const count = elementCount(tensor.shape, field);
  const size = DATATYPE_BYTES[spec.datatype];
  if (size > 0 && count * size !== tensor.data.byteLength) throw new LeptonError('INVALID_ARGUMENT', `${field}: ${tensor.data.byteLength} bytes are not ${count} elements of ${spec.datatype}`);
}

function encodeAnswer(results: readonly ItemResult[], timing: Timing): InferAnswer {
  const start = now();
  const body: Uint8Array[] = [];
  const items = results.map((result): InferResultItem | InferFailureItem => {
    if (result instanceof LeptonError) return { code: result.code, error: result.message };
    return { outputs: result.map((tensor) => encodeTensor(tensor, body)) };
  });
  const bytes = body.reduce((sum, part) => sum + part.byteLength, 0);
  if (bytes > FRAME_BYTES_MAX - 2 ** 20) throw new LeptonError('TOO_LARGE', `the outputs take ${bytes} bytes; an answer is limited to ${FRAME_BYTES_MAX - 2 ** 20}`);
  timing.output += now() - start;
  return {
    header: { items, runNs: nanoseconds(timing.run), inputNs: nanoseconds(timing.input), outputNs: nanoseconds(timing.output), batchSize: timing.batch },
    body,
  };
}

function encodeTensor(tensor: Tensor, body: Uint8Array[]): WireTensor {
  body.push(tensor.data);
  return { name: tensor.name, datatype: tensor.datatype, shape: tensor.shape, bytes: tensor.data.byteLength };
}
