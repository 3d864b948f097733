/** Infer frames as the worker reads and writes them; nothing else here knows their form. */
import { DATATYPE_BYTES, type Datatype, elementCount, LeptonError, shapeFits, type Signature, type Tensor, type TensorSpec } from '../core/index.ts';
import { FRAME_BYTES_MAX, type InferFailureItem, type InferItem, type InferMessage, type InferResultItem, type InferResultMessage, type WireTensor } from '../wire/index.ts';
import type { TensorSet } from './loaded-model.ts';

/** Most items of one infer frame. */
const ITEMS_MAX = 1024;
/** What an answer's header may take besides its tensors. */
const ANSWER_BYTES_MAX = FRAME_BYTES_MAX - 2 ** 20;

/** One item that fits the signature. */
export interface CheckedItem {
  readonly inputs: TensorSet;
  /** Names of the outputs wanted, in the asker's order. */
  readonly outputs: readonly string[];
}

/** What goes back on the wire: the header and the tensors' bytes in its order. */
export interface InferAnswer {
  readonly header: InferResultMessage;
  readonly body: readonly Uint8Array[];
}

/** Milliseconds of one frame's parts, and the rows that ran together. */
export interface Timing {
  input: number;
  run: number;
  output: number;
  batch: number;
}

/** Reads infer frames of one signature. The gateway has checked the same against the signature that it knows; the worker trusts its own. */
export class InferReader {
  readonly #inputs: readonly TensorSpec[];
  readonly #outputNames: readonly string[];

  /** `outputNames`: all of them; the same list stands for an item that names none. */
  constructor(signature: Signature, outputNames: readonly string[]) {
    this.#inputs = signature.inputs;
    this.#outputNames = outputNames;
  }

  /** The frame's items, each one checked or refused. Throws INVALID_ARGUMENT when the frame itself makes no sense. */
  read(header: unknown, body: Uint8Array): (CheckedItem | LeptonError)[] {
    const items = (header as Partial<InferMessage> | undefined)?.items;
    if (!Array.isArray(items) || items.length === 0 || items.length > ITEMS_MAX) throw new LeptonError('INVALID_ARGUMENT', `an infer frame carries 1 to ${ITEMS_MAX} items`);
    const slicer = new BodySlicer(body);
    // Slices first: a refused item must not shift its neighbours' bytes.
    const sliced = (items as InferItem[]).map((item) => slicer.inputsOf(item));
    slicer.checkEnd();
    return sliced.map((inputs, index) => this.#check(inputs, (items[index] as InferItem).outputs));
  }

  #check(inputs: TensorSet, outputs: readonly string[] | undefined): CheckedItem | LeptonError {
    try {
      this.#checkInputs(inputs);
      if (outputs === undefined) return { inputs, outputs: this.#outputNames };
      const unknown = outputs.find((name) => !this.#outputNames.includes(name));
      if (unknown !== undefined) throw new LeptonError('INVALID_ARGUMENT', `output ${JSON.stringify(unknown)} is not one of ${this.#outputNames.join(', ')}`);
      return { inputs, outputs };
    } catch (error) {
      if (error instanceof LeptonError) return error;
      throw error;
    }
  }

  #checkInputs(inputs: TensorSet): void {
    const specs = this.#inputs;
    let inOrder = inputs.length === specs.length;
    for (const [index, tensor] of inputs.entries()) {
      // The usual client sends them in the signature's order.
      const here = specs[index];
      const spec = here?.name === tensor.name ? here : specs.find((candidate) => candidate.name === tensor.name);
      if (!spec) throw new LeptonError('INVALID_ARGUMENT', `input ${JSON.stringify(tensor.name)} is not one of ${namesOf(specs)}`);
      inOrder &&= spec === here;
      checkInput(tensor, spec);
    }
    if (inOrder) return;
    if (inputs.length !== specs.length || new Set(inputs.map((tensor) => tensor.name)).size !== specs.length) {
      throw new LeptonError('INVALID_ARGUMENT', `the model takes each of ${namesOf(specs)} once, got ${namesOf(inputs)}`);
    }
  }
}

const namesOf = (tensors: readonly { readonly name: string }[]): string => tensors.map((tensor) => tensor.name).join(', ');

/** Cuts the body into the items' tensors, in the order in which they are named. */
class BodySlicer {
  readonly #body: Uint8Array;
  #at = 0;

  constructor(body: Uint8Array) {
    this.#body = body;
  }

  inputsOf(item: InferItem): TensorSet {
    const { inputs, outputs } = item ?? {};
    const outputsFit = outputs === undefined || (Array.isArray(outputs) && outputs.every((name) => typeof name === 'string'));
    if (!Array.isArray(inputs) || !outputsFit) throw new LeptonError('INVALID_ARGUMENT', 'an item needs a list of inputs, and a list of names as outputs if any');
    return (inputs as WireTensor[]).map((tensor) => this.#take(tensor));
  }

  checkEnd(): void {
    if (this.#at !== this.#body.byteLength) throw new LeptonError('INVALID_ARGUMENT', `the body has ${this.#body.byteLength} bytes, its tensors ${this.#at}`);
  }

  #take(tensor: WireTensor): Tensor {
    const { name, datatype, shape, bytes } = tensor ?? {};
    const end = this.#at + bytes;
    if (!Number.isSafeInteger(bytes) || bytes < 0 || end > this.#body.byteLength) throw new LeptonError('INVALID_ARGUMENT', `tensor of ${String(bytes)} bytes does not fit a body of ${this.#body.byteLength}`);
    const data = this.#body.subarray(this.#at, end);
    this.#at = end;
    return { name, datatype: datatype as Datatype, shape, data };
  }
}

function checkInput({ name, datatype, shape, data }: Tensor, spec: TensorSpec): void {
  const field = (): string => `input ${JSON.stringify(name)}`;
  if (datatype !== spec.datatype) throw new LeptonError('INVALID_ARGUMENT', `${field()} is ${String(datatype)}, the model takes ${spec.datatype}`);
  if (!Array.isArray(shape) || !shapeFits(shape, spec.shape)) throw new LeptonError('INVALID_ARGUMENT', `${field()} has shape [${String(shape)}], the model takes [${spec.shape.join(',')}]`);
  const count = elementCount(shape, name);
  const size = DATATYPE_BYTES[spec.datatype];
  if (size > 0 && count * size !== data.byteLength) throw new LeptonError('INVALID_ARGUMENT', `${field()}: ${data.byteLength} bytes are not ${count} elements of ${spec.datatype}`);
}

/** Throws TOO_LARGE when the answer fits no frame. */
export function encodeAnswer(results: readonly (readonly Tensor[] | LeptonError)[], timing: Timing): InferAnswer {
  const body: Uint8Array[] = [];
  let bytes = 0;
  const items = results.map((result): InferResultItem | InferFailureItem => {
    if (result instanceof LeptonError) return { code: result.code, error: result.message };
    const outputs = result.map(({ name, datatype, shape, data }): WireTensor => {
      bytes += data.byteLength;
      body.push(data);
      return { name, datatype, shape, bytes: data.byteLength };
    });
    return { outputs };
  });
  if (bytes > ANSWER_BYTES_MAX) throw new LeptonError('TOO_LARGE', `the outputs take ${bytes} bytes; an answer is limited to ${ANSWER_BYTES_MAX}`);
  return {
    header: { items, runNs: nanoseconds(timing.run), inputNs: nanoseconds(timing.input), outputNs: nanoseconds(timing.output), batchSize: timing.batch },
    body,
  };
}

const nanoseconds = (milliseconds: number): number => Math.round(milliseconds * 1e6);
