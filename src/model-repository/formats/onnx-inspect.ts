import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import ort from 'onnxruntime-node';
import { type Datatype, LeptonError, type TensorSpec } from '../../core/index.ts';
import type { Inspection } from '../types.ts';
import { checkExternalData, hasUnknownRank, modelFacts, readOnnxModel, type ValueInfo } from './onnx-model.ts';

/** Protobuf's own limit for one message. */
const MODEL_BYTES_MAX = 2 ** 31 - 1;

/** onnxruntime-node's names for tensor types. */
const DATATYPE_OF: Readonly<Record<string, Datatype>> = {
  bool: 'BOOL', uint8: 'UINT8', uint16: 'UINT16', uint32: 'UINT32', uint64: 'UINT64', int8: 'INT8', int16: 'INT16', int32: 'INT32', int64: 'INT64',
  float16: 'FP16', float32: 'FP32', float64: 'FP64', string: 'BYTES',
};

/** What onnxruntime says about an input or output. */
interface ValueMetadata {
  readonly name: string;
  readonly isTensor: boolean;
  readonly type?: string;
  readonly shape?: readonly (number | string)[];
}

/** Reads the file's skeleton, then loads it as a worker would. MODEL_INVALID with the reason if either fails. */
export async function inspectOnnx(directory: string, entry: string): Promise<Inspection> {
  const file = join(directory, entry);
  const { size } = await stat(file);
  if (size > MODEL_BYTES_MAX) throw new LeptonError('MODEL_INVALID', `${entry} has ${size} bytes; an ONNX file has less than 2 GiB: export it with external data`);
  const model = readOnnxModel(entry, await readFile(file));
  await checkExternalData(directory, entry, model);
  const session = await load(file, entry);
  const infos = new Map<string, ValueInfo>([...model.graph.input, ...model.graph.output].map((info) => [info.name, info]));
  const inputs = (session.inputMetadata as readonly ValueMetadata[]).map((value) => toSpec('input', value, infos.get(value.name)));
  const outputs = (session.outputMetadata as readonly ValueMetadata[]).map((value) => toSpec('output', value, infos.get(value.name)));
  return { format: 'onnx', entry, signature: { inputs, outputs }, model: modelFacts(model) };
}

async function load(file: string, entry: string): Promise<ort.InferenceSession> {
  try {
    return await ort.InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 4 });
  } catch (cause) {
    // The runtime names the file by its whole path, which is a temporary one of ours.
    const reason = (cause instanceof Error ? cause.message : String(cause)).replaceAll(file, entry);
    throw new LeptonError('MODEL_INVALID', `onnxruntime cannot load ${entry}: ${reason}`, { cause });
  }
}

function toSpec(side: 'input' | 'output', value: ValueMetadata, info: ValueInfo | undefined): TensorSpec {
  const datatype = value.isTensor ? DATATYPE_OF[value.type ?? ''] : undefined;
  if (!datatype) throw new LeptonError('MODEL_INVALID', `${side} ${value.name} is ${value.isTensor ? `of type ${value.type}` : 'not a tensor'}, which cannot be served`);
  const sizes = value.shape ?? [];
  if (sizes.length === 0 && hasUnknownRank(info)) {
    if (side === 'input') throw new LeptonError('MODEL_INVALID', `input ${value.name} has no shape, not even a number of dimensions: export the model with shapes (free dimensions may stay symbolic)`);
    return { name: value.name, datatype, shape: [-1] };
  }
  const shape = sizes.map((size) => (typeof size === 'number' && size >= 0 ? size : -1));
  const names = sizes.map((size) => (typeof size === 'string' ? size : ''));
  return { name: value.name, datatype, shape, ...(names.some((name) => name !== '') ? { dimensionNames: names } : {}) };
}
