import type { RawProcess } from '../raw/raw-process.ts';
import type { Expectation } from '../load/expectation.ts';
import type { PreparedRequest } from '../load/plan.ts';
import { modelInfer } from '../requests/grpc.ts';
import { v2Binary, v2Json } from '../requests/http.ts';
import { type BenchTensor, numbersOf, stackRows } from '../requests/tensor.ts';
import { MODELS, type ModelEntry } from './catalogue.ts';
import { fetchModel } from './fetch.ts';

/** A model on disk, its inputs, and what raw onnxruntime answers to them. */
export interface BenchModel {
  readonly entry: ModelEntry;
  readonly file: string;
  readonly samples: readonly (readonly BenchTensor[])[];
  readonly answers: readonly (readonly BenchTensor[])[];
}

export async function loadModel(name: ModelEntry['name'], cache: string, raw: RawProcess): Promise<BenchModel> {
  const entry = MODELS.find((model) => model.name === name) as ModelEntry;
  const file = await fetchModel(entry, cache);
  const samples = entry.samples();
  return { entry, file, samples, answers: await raw.answers({ file, samples }) };
}

/** Samples of `rows` rows each. */
export function batches({ samples }: BenchModel, rows: number): readonly (readonly BenchTensor[])[] {
  const row = (index: number): readonly BenchTensor[] => samples[index % samples.length] as readonly BenchTensor[];
  return samples.map((sample, at) => sample.map((_, input) => stackRows(Array.from({ length: rows }, (_, offset) => row(at + offset)[input] as BenchTensor))));
}

function prepare(model: BenchModel, encode: (inputs: readonly BenchTensor[]) => Uint8Array, expect: (outputs: readonly BenchTensor[]) => Expectation): PreparedRequest[] {
  return model.samples.map((inputs, index) => ({ bytes: encode(inputs), expect: expect(model.answers[index] as readonly BenchTensor[]) }));
}

function tail(outputs: readonly BenchTensor[]): Expectation {
  const { datatype, data } = outputs.at(-1) as BenchTensor;
  return { kind: 'tail', datatype, bytes: data };
}

export const binaryRequests = (model: BenchModel, path: string): PreparedRequest[] => prepare(model, (inputs) => v2Binary(path, inputs), tail);
export const jsonRequests = (model: BenchModel, path: string): PreparedRequest[] => prepare(model, (inputs) => v2Json(path, inputs), (outputs) => ({ kind: 'json', path: ['outputs', 0, 'data'], values: numbersOf(outputs[0] as BenchTensor) }));
export const grpcRequests = (model: BenchModel, service: string, version: string): PreparedRequest[] => prepare(model, (inputs) => modelInfer(service, version, inputs), tail);
