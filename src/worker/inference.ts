import { asLeptonError, LeptonError, type Tensor } from '../core/index.ts';
import { mergeInputs, rowsOf, splitOutputs } from './batch.ts';
import { type CheckedItem, encodeAnswer, type InferAnswer, InferReader, type Timing } from './infer-wire.ts';
import { type LoadedModel, outputNames, type TensorSet } from './loaded-model.ts';

/** Outcome of one item: its outputs, or why there are none. */
type ItemResult = readonly Tensor[] | LeptonError;

const now = (): number => performance.now();

/**
 * Answers infer frames with one model. An item that does not fit the signature, or on which the model fails, gets its own
 * failure and leaves its neighbours alone.
 */
export class InferenceRunner {
  readonly #model: LoadedModel;
  readonly #batchable: boolean;
  readonly #reader: InferReader;
  readonly #outputNames: readonly string[];

  constructor(model: LoadedModel, batchable: boolean) {
    this.#model = model;
    this.#batchable = batchable;
    this.#outputNames = outputNames(model);
    this.#reader = new InferReader(model.signature, this.#outputNames);
  }

  /** Blocks while the model runs. Throws INVALID_ARGUMENT when the frame itself makes no sense, and TOO_LARGE when the answer fits no frame. */
  answer(header: unknown, body: Uint8Array): InferAnswer {
    const received = now();
    const items = this.#reader.read(header, body);
    const timing = { input: now() - received, run: 0, output: 0, batch: 0 };
    return encodeAnswer(items.length === 1 ? [this.#runAlone(items[0] as CheckedItem, timing)] : this.#runAll(items, timing), timing);
  }

  #runAll(items: readonly (CheckedItem | LeptonError)[], timing: Timing): ItemResult[] {
    const good = items.filter((item): item is CheckedItem => !(item instanceof LeptonError));
    const together = this.#batchable && good.length > 1 ? this.#runTogether(good, timing) : undefined;
    let index = 0;
    return items.map((item) => (together && !(item instanceof LeptonError) ? (together[index++] as Tensor[]) : this.#runAlone(item, timing)));
  }

  /** undefined when the batch cannot be merged or fails: then each item runs alone, so that one bad item fails only itself. */
  #runTogether(items: readonly CheckedItem[], timing: Timing): Tensor[][] | undefined {
    try {
      const start = now();
      const rows = items.map((item) => rowsOf(item.inputs));
      const merged = mergeInputs(items.map((item) => item.inputs));
      timing.input += now() - start;
      const names = this.#wanted(items);
      const outputs = this.#run(merged, names, timing);
      const splitStart = now();
      const split = splitOutputs(outputs, rows);
      const results = items.map((item, index) => pick(split[index] as Tensor[], names, item.outputs));
      timing.output += now() - splitStart;
      timing.batch = rows.reduce((sum, count) => sum + count, 0);
      return results;
    } catch {
      return undefined;
    }
  }

  #runAlone(item: CheckedItem | LeptonError, timing: Timing): ItemResult {
    if (item instanceof LeptonError) return item;
    try {
      timing.batch = Math.max(timing.batch, this.#batchable ? (item.inputs[0]?.shape[0] ?? 1) : 1);
      return this.#run(item.inputs, item.outputs, timing);
    } catch (error) {
      return asLeptonError(error);
    }
  }

  #run(inputs: TensorSet, outputs: readonly string[], timing: Timing): Tensor[] {
    const start = now();
    try {
      return this.#model.run(inputs, outputs);
    } finally {
      timing.run += now() - start;
    }
  }

  #wanted(items: readonly CheckedItem[]): readonly string[] {
    if (items.every((item) => item.outputs.length === this.#outputNames.length)) return this.#outputNames;
    return this.#outputNames.filter((name) => items.some((item) => item.outputs.includes(name)));
  }
}

/** The outputs that an item asked for, in its order, out of those that ran. */
function pick(outputs: Tensor[], names: readonly string[], wanted: readonly string[]): Tensor[] {
  return wanted === names ? outputs : wanted.map((name) => outputs[names.indexOf(name)] as Tensor);
}
