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
   * Runs once. `outputs` names those wanted, in the order in which they are returned. Rejects with INVALID_ARGUMENT when
   * the runtime cannot represent an input, and with MODEL_ERROR and the runtime's own words when the run fails.
   */
  run(inputs: TensorSet, outputs: readonly string[]): Promise<Tensor[]>;
}

/** Opens a model file. Rejects with LeptonError MODEL_INVALID when the runtime cannot load it. */
export type ModelOpener = (file: string, signature: Signature, threads: number) => Promise<LoadedModel>;
