import { seededRandom } from '../../src/core/index.ts';
import { addSubModel } from '../../src/testing/onnx-models.ts';
import { type BenchTensor, tensorOf } from '../requests/tensor.ts';

/** A model that is measured, and where it comes from. */
export interface ModelEntry {
  readonly name: 'toy' | 'image' | 'magika';
  readonly about: string;
  readonly licence: string;
  /** A PyPI wheel and the file in it, or the bytes that we make ourselves. */
  readonly source: { readonly wheel: string; readonly path: string; readonly sha256: string } | { readonly make: () => Uint8Array };
  /** Inputs of one row each, all different. */
  readonly samples: () => readonly (readonly BenchTensor[])[];
}

const SAMPLES = 8;

function samples(make: (random: () => number) => readonly BenchTensor[]): () => readonly (readonly BenchTensor[])[] {
  return () => {
    const random = seededRandom(7);
    return Array.from({ length: SAMPLES }, () => make(random));
  };
}

export const MODELS: readonly ModelEntry[] = [
  {
    name: 'toy',
    about: 'adds and subtracts two INT32[1,16] (Triton’s “simple”)',
    licence: 'ours',
    source: { make: () => addSubModel({ batch: true }) },
    samples: samples((random) => ['INPUT0', 'INPUT1'].map((name) => tensorOf(name, [1, 16], Int32Array.from({ length: 16 }, () => Math.floor(random() * 1000))))),
  },
  {
    name: 'image',
    about: 'text direction of an image, FP32[1,3,48,192] (PP-OCR mobile v2.0 classifier)',
    licence: 'Apache-2.0',
    source: { wheel: 'rapidocr-onnxruntime==1.4.4', path: 'rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx', sha256: 'e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c' },
    samples: samples((random) => [tensorOf('x', [1, 3, 48, 192], Float32Array.from({ length: 3 * 48 * 192 }, () => random() * 2 - 1))]),
  },
  {
    name: 'magika',
    about: 'type of a file, INT32[1,2048] (Magika standard_v3_2)',
    licence: 'Apache-2.0',
    source: { wheel: 'magika==0.6.1', path: 'magika/models/standard_v3_2/model.onnx', sha256: 'ba4f372744331c0088d7c9b8b4fd702f4bc2bdddbeecde27488fceeadf71c3ce' },
    samples: samples((random) => [tensorOf('bytes', [1, 2048], Int32Array.from({ length: 2048 }, () => Math.floor(random() * 257)))]),
  },
];
