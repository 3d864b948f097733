import { join } from 'node:path';
import { Child } from '../child.ts';
import type { BenchTensor } from '../requests/tensor.ts';

export interface RawLoad {
  readonly file: string;
  /** Inputs of one run each, taken in turn. */
  readonly samples: readonly (readonly BenchTensor[])[];
}

export interface RawRound {
  readonly runs: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** onnxruntime in a process of its own, with nothing around it. */
export class RawProcess {
  readonly #child = new Child(join(import.meta.dirname, 'raw-main.ts'));

  /** The outputs of each sample, in the model's order. */
  answers(load: RawLoad): Promise<BenchTensor[][]> {
    return this.#child.call('answers', load);
  }

  loop(load: RawLoad, milliseconds: number): Promise<RawRound> {
    return this.#child.call('loop', { ...load, milliseconds });
  }

  dispose(): Promise<void> {
    return this.#child.dispose();
  }
}
