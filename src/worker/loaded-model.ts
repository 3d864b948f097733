import { setImmediate as turn } from 'node:timers/promises';
import type { Signature, Tensor } from '../core/index.ts';

/** One item's inputs as a runtime takes them, and its outputs as it gives them: raw bytes, row-major, little-endian. */
export type TensorSet = readonly Tensor[];

/**
 * A model in memory, behind whatever runtime serves its format. The worker around it knows no format: batching, known
 * answers and profiling work on raw tensors.
 */
export interface LoadedModel {
  /** What the model takes and gives; the worker refuses inputs that do not fit before they reach `run`. */
  readonly signature: Signature;
  /**
   * Runs once, blocking. `outputs` names those wanted, in the order in which they are returned. Throws INVALID_ARGUMENT when
   * the runtime cannot represent an input, and MODEL_ERROR with the runtime's own words when the run fails.
   */
  run(inputs: TensorSet, outputs: readonly string[]): Tensor[];
  /** Gives its memory back. */
  close(): void;
}

/** Opens a model file. Rejects with LeptonError MODEL_INVALID when the runtime cannot load it. */
export type ModelOpener = (file: string, signature: Signature, threads: number) => Promise<LoadedModel>;

/** One run at load time, after whatever else waits (pings are to be answered while a model is measured). */
export async function runInTurn(model: LoadedModel, inputs: TensorSet, outputs: readonly string[] = outputNames(model)): Promise<Tensor[]> {
  await turn();
  return model.run(inputs, outputs);
}

export const outputNames = (model: LoadedModel): string[] => model.signature.outputs.map((output) => output.name);
