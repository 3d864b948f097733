/** Reading of an ONNX file's skeleton, before anything native touches it. All refusals are MODEL_INVALID with the name concerned. */
import { stat } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { type Datatype, LeptonError } from '../../core/index.ts';
import { knownKind } from './file-kinds.ts';
import { DATA_LOCATION_EXTERNAL, ModelSkeleton, OnnxType } from './onnx-proto.ts';

type Int64 = number | { toString(): string };

interface StringPair {
  readonly key: string;
  readonly value: string;
}
interface OnnxTensor {
  readonly name: string;
  readonly dataLocation: number;
  readonly externalData: readonly StringPair[];
}
interface SparseTensor {
  readonly values: OnnxTensor | null;
  readonly indices: OnnxTensor | null;
}
interface Attribute {
  readonly t: OnnxTensor | null;
  readonly g: OnnxGraph | null;
  readonly tensors: readonly OnnxTensor[];
  readonly graphs: readonly OnnxGraph[];
  readonly sparseTensor: SparseTensor | null;
  readonly sparseTensors: readonly SparseTensor[];
}
interface OnnxNode {
  readonly attribute: readonly Attribute[];
}
export interface ValueInfo {
  readonly name: string;
  readonly type: { readonly tensorType: { readonly elemType: number; readonly shape: object | null } | null } | null;
}
interface OnnxGraph {
  readonly name: string;
  readonly node: readonly OnnxNode[];
  readonly initializer: readonly OnnxTensor[];
  readonly sparseInitializer: readonly SparseTensor[];
  readonly input: readonly ValueInfo[];
  readonly output: readonly ValueInfo[];
}
export interface OnnxModel {
  readonly irVersion: Int64;
  readonly producerName: string;
  readonly producerVersion: string;
  readonly graph: OnnxGraph | null;
  readonly opsetImport: readonly { readonly domain: string; readonly version: Int64 }[];
  readonly functions: readonly { readonly node: readonly OnnxNode[]; readonly attributeProto: readonly Attribute[] }[];
}

const invalid = (message: string, cause?: unknown): LeptonError => new LeptonError('MODEL_INVALID', message, { cause });

/** Decodes and checks the skeleton: a graph with outputs, every input and output a tensor that can be served. */
export function readOnnxModel(entry: string, bytes: Uint8Array): OnnxModel & { graph: OnnxGraph } {
  if (bytes.byteLength === 0) throw invalid(`${entry} is empty`);
  let model: OnnxModel;
  try {
    model = ModelSkeleton.decode(bytes) as unknown as OnnxModel;
  } catch (cause) {
    throw invalid(`${entry} is not an ONNX model, or is damaged: ${knownKind(bytes) ?? (cause instanceof Error ? cause.message : String(cause))}`, cause);
  }
  const { graph } = model;
  if (!graph || Number(model.irVersion) < 1) throw invalid(`${entry} is not an ONNX model: ${knownKind(bytes) ?? `it has no ${graph ? 'IR version' : 'graph'}`}`);
  if (graph.output.length === 0) throw invalid(`${entry}: the graph ${JSON.stringify(graph.name)} has no outputs`);
  checkNames('input', graph.input);
  checkNames('output', graph.output);
  const given = new Set(graph.initializer.map((tensor) => tensor.name));
  for (const input of graph.input) if (!given.has(input.name)) checkServable('input', input);
  for (const output of graph.output) checkServable('output', output);
  // As it is, not a copy: fields that the file leaves out have their defaults on the prototype.
  return model as OnnxModel & { graph: OnnxGraph };
}

function checkNames(side: string, values: readonly ValueInfo[]): void {
  const seen = new Set<string>();
  for (const { name } of values) {
    if (name === '') throw invalid(`an ${side} has no name`);
    if (seen.has(name)) throw invalid(`the graph has two ${side}s named ${JSON.stringify(name)}`);
    seen.add(name);
  }
}

/** Datatypes that models can be served with; none of complex numbers and those of 4 and 8 bits. */
const SERVABLE: Readonly<Record<number, Datatype>> = {
  [OnnxType.BOOL]: 'BOOL', [OnnxType.UINT8]: 'UINT8', [OnnxType.UINT16]: 'UINT16', [OnnxType.UINT32]: 'UINT32', [OnnxType.UINT64]: 'UINT64',
  [OnnxType.INT8]: 'INT8', [OnnxType.INT16]: 'INT16', [OnnxType.INT32]: 'INT32', [OnnxType.INT64]: 'INT64',
  [OnnxType.FLOAT16]: 'FP16', [OnnxType.BFLOAT16]: 'BF16', [OnnxType.FLOAT]: 'FP32', [OnnxType.DOUBLE]: 'FP64', [OnnxType.STRING]: 'BYTES',
};

/** `TensorProto.DataType` by number, for messages. */
const TYPE_NAMES: readonly string[] = [
  'undefined', 'float', 'uint8', 'int8', 'uint16', 'int16', 'int32', 'int64', 'string', 'bool', 'float16', 'double', 'uint32', 'uint64', 'complex64', 'complex128', 'bfloat16',
  'float8e4m3fn', 'float8e4m3fnuz', 'float8e5m2', 'float8e5m2fnuz', 'uint4', 'int4', 'float4e2m1',
];

function checkServable(side: 'input' | 'output', info: ValueInfo): void {
  // An output without a type is allowed by ONNX; the runtime infers it, and is asked again after loading.
  if (info.type === null) return;
  if (!info.type.tensorType) throw invalid(`${side} ${info.name} is a sequence, map or optional, which cannot be served: export the model with tensors only (scikit-learn: zipmap=False)`);
  const { elemType } = info.type.tensorType;
  if (!Object.hasOwn(SERVABLE, elemType)) throw invalid(`${side} ${info.name} has the type ${TYPE_NAMES[elemType] ?? `number ${elemType}`}, which cannot be served: convert it to float, float16 or an integer inside the model`);
}

/** Whether the model leaves open how many dimensions this tensor has. */
export function hasUnknownRank(info: ValueInfo | undefined): boolean {
  return !info?.type?.tensorType?.shape;
}

/** Facts for the manifest. */
export function modelFacts(model: OnnxModel): Record<string, unknown> {
  return {
    irVersion: Number(model.irVersion),
    opsets: Object.fromEntries(model.opsetImport.map(({ domain, version }) => [domain || 'ai.onnx', Number(version)])),
    producer: model.producerName,
    producerVersion: model.producerVersion,
    graph: model.graph?.name ?? '',
  };
}

/** Every tensor with stored values: initializers and attributes, in all subgraphs and functions. */
function* tensorsOf(model: OnnxModel & { graph: OnnxGraph }): Generator<OnnxTensor> {
  yield* tensorsOfGraph(model.graph);
  for (const definition of model.functions) {
    yield* tensorsOfAttributes(definition.attributeProto);
    for (const node of definition.node) yield* tensorsOfAttributes(node.attribute);
  }
}

function* tensorsOfGraph(graph: OnnxGraph): Generator<OnnxTensor> {
  yield* graph.initializer;
  for (const sparse of graph.sparseInitializer) yield* tensorsOfSparse(sparse);
  for (const node of graph.node) yield* tensorsOfAttributes(node.attribute);
}

function* tensorsOfSparse(sparse: SparseTensor): Generator<OnnxTensor> {
  if (sparse.values) yield sparse.values;
  if (sparse.indices) yield sparse.indices;
}

function* tensorsOfAttributes(attributes: readonly Attribute[]): Generator<OnnxTensor> {
  for (const attribute of attributes) {
    if (attribute.t) yield attribute.t;
    yield* attribute.tensors;
    for (const sparse of attribute.sparseTensor ? [attribute.sparseTensor, ...attribute.sparseTensors] : attribute.sparseTensors) yield* tensorsOfSparse(sparse);
    for (const graph of attribute.g ? [attribute.g, ...attribute.graphs] : attribute.graphs) yield* tensorsOfGraph(graph);
  }
}

/** Checks that values kept outside the file are in files of the artefact that are long enough. `entry` is relative to `directory`. */
export async function checkExternalData(directory: string, entry: string, model: OnnxModel & { graph: OnnxGraph }): Promise<void> {
  const sizes = new Map<string, number>();
  for (const tensor of tensorsOf(model)) {
    if (tensor.dataLocation !== DATA_LOCATION_EXTERNAL) continue;
    const { location, offset, length } = externalFields(tensor);
    const path = externalPath(tensor.name, entry, location);
    if (!sizes.has(path)) sizes.set(path, await sizeOf(directory, path, tensor.name));
    const size = sizes.get(path) ?? 0;
    if (offset + length > size) throw invalid(`the values of tensor ${tensor.name} end at byte ${offset + length} of ${path}, which has ${size} bytes: the file is cut short or of another model`);
  }
}

function externalFields(tensor: OnnxTensor): { location: string; offset: number; length: number } {
  const fields = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
  const number = (key: string): number => {
    const text = fields.get(key) || '0';
    const value = Number(text);
    if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw invalid(`tensor ${tensor.name}: ${key} ${JSON.stringify(text)} of its external data is not a whole number ≥ 0`);
    return value;
  };
  return { location: fields.get('location') ?? '', offset: number('offset'), length: number('length') };
}

/** With this in a location onnxruntime takes the offset for an address in its own memory. */
const MEMORY_ADDRESS_TAG = '_ORT_MEM_ADDR_';

function externalPath(tensor: string, entry: string, location: string): string {
  const parts = location.split('/');
  if (location === '' || location.startsWith('/') || /[\\\u0000]/.test(location) || /^[A-Za-z]:/.test(location) || parts.includes('..') || location.includes(MEMORY_ADDRESS_TAG)) {
    throw invalid(`tensor ${tensor} keeps its values in ${JSON.stringify(location)}: external data must be a file inside the artefact, by a relative path without ..`);
  }
  return posix.normalize(posix.join(dirname(entry), location));
}

async function sizeOf(directory: string, path: string, tensor: string): Promise<number> {
  const found = await stat(join(directory, path)).catch(() => undefined);
  if (!found?.isFile()) throw invalid(`the file ${path} with the values of tensor ${tensor} is missing from the artefact: save it together with the model`);
  return found.size;
}
