import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ELEMENTS_MAX, elementCount, LeptonError, type TensorSpec } from '../../core/index.ts';
import { type OnnxValue, openOnnxSession } from '../../onnx/index.ts';
import type { Inspection } from '../types.ts';
import { checkExternalData, hasUnknownRank, modelFacts, readOnnxModel, type ValueInfo } from './onnx-model.ts';

/** Protobuf's own limit for one message. */
const MODEL_BYTES_MAX = 2 ** 31 - 1;

/** Reads the file's skeleton, then loads it as a worker would. MODEL_INVALID with the file and the reason if either fails. */
export async function inspectOnnx(directory: string, entry: string): Promise<Inspection> {
  try {
    return await inspect(directory, entry);
  } catch (error) {
    if (!(error instanceof LeptonError) || error.message.includes(entry)) throw error;
    throw new LeptonError(error.code, `${entry}: ${error.message}`, { cause: error });
  }
}

async function inspect(directory: string, entry: string): Promise<Inspection> {
  const file = join(directory, entry);
  const { size } = await stat(file);
  if (size > MODEL_BYTES_MAX) throw new LeptonError('MODEL_INVALID', `${entry} has ${size} bytes; an ONNX file has less than 2 GiB: export it with external data`);
  const model = readOnnxModel(entry, await readFile(file));
  await checkExternalData(directory, entry, model);
  const session = await openOnnxSession(file, 1);
  const infos = new Map<string, ValueInfo>([...model.graph.input, ...model.graph.output].map((info) => [info.name, info]));
  const inputs = session.inputs.map((value) => toSpec('input', value, infos.get(value.name)));
  const outputs = session.outputs.map((value) => toSpec('output', value, infos.get(value.name)));
  return { format: 'onnx', entry, signature: { inputs, outputs }, model: modelFacts(model) };
}

function toSpec(side: 'input' | 'output', value: OnnxValue, info: ValueInfo | undefined): TensorSpec {
  const { datatype, shape: sizes } = value;
  if (!datatype) throw new LeptonError('MODEL_INVALID', `${side} ${value.name} is ${value.type}, which cannot be served`);
  if (sizes.length === 0 && hasUnknownRank(info)) {
    if (side === 'input') throw new LeptonError('MODEL_INVALID', `input ${value.name} has no shape, not even a number of dimensions: export the model with shapes (free dimensions may stay symbolic)`);
    return { name: value.name, datatype, shape: [-1] };
  }
  checkSizes(side, value.name, sizes);
  const shape = sizes.map((size) => (typeof size === 'number' && size >= 0 ? size : -1));
  // Some exporters write every size that they don't know as `?`, which says nothing about two of them being equal.
  const names = sizes.map((size) => (typeof size === 'string' && size !== '?' ? size : ''));
  return { name: value.name, datatype, shape, ...(names.some((name) => name !== '') ? { dimensionNames: names } : {}) };
}

/** Sizes that are declared may still be impossible: nobody could send such a tensor, and products must not overflow later. */
function checkSizes(side: string, name: string, sizes: OnnxValue['shape']): void {
  const fixed = sizes.filter((size): size is number => typeof size === 'number');
  try {
    elementCount(fixed);
  } catch {
    throw new LeptonError('MODEL_INVALID', `${side} ${name} has the shape [${sizes.map((size) => size === '' ? '?' : size).join(',')}], which is more than the ${ELEMENTS_MAX} elements allowed`);
  }
}
