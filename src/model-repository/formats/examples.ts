/** Known answers that come with an artefact: their form and fit are checked at publication, their truth when a worker loads. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { elementCount, LeptonError, type Signature, specFits, type TensorSpec } from '../../core/index.ts';

export const EXAMPLES_FILE = 'lepton-examples.json';
const EXAMPLES_BYTES_MAX = 16 * 2 ** 20;

const invalid = (message: string, cause?: unknown): LeptonError => new LeptonError('MODEL_INVALID', `${EXAMPLES_FILE}: ${message}`, { cause });

/** Throws MODEL_INVALID if the artefact has known answers that don't parse or don't fit its signature. */
export async function checkExamples(directory: string, signature: Signature): Promise<void> {
  const file = join(directory, EXAMPLES_FILE);
  const facts = await stat(file).catch(() => undefined);
  if (!facts) return;
  if (facts.size > EXAMPLES_BYTES_MAX) throw invalid(`has ${facts.size} bytes, the most allowed are ${EXAMPLES_BYTES_MAX}`);
  let examples: unknown;
  try {
    examples = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw invalid(`is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  if (!Array.isArray(examples)) throw invalid('must be a list of {inputs, outputs?, tolerance?}');
  for (const [index, example] of examples.entries()) checkExample(`example ${index}`, example, signature);
}

function checkExample(where: string, example: unknown, signature: Signature): void {
  if (!isObject(example)) throw invalid(`${where} must be an object {inputs, outputs?, tolerance?}`);
  const unknown = Object.keys(example).find((key) => !['inputs', 'outputs', 'tolerance'].includes(key));
  if (unknown !== undefined) throw invalid(`${where} has the unknown key ${JSON.stringify(unknown)}; known are inputs, outputs, tolerance`);
  const { inputs, outputs, tolerance } = example;
  if (tolerance !== undefined && !(typeof tolerance === 'number' && tolerance >= 0)) throw invalid(`${where}: tolerance ${JSON.stringify(tolerance)} is not a number ≥ 0`);
  const named = checkTensors(`${where}: inputs`, inputs, signature.inputs);
  const missing = signature.inputs.find((spec) => !named.has(spec.name));
  if (missing) throw invalid(`${where}: the input ${missing.name} is missing`);
  if (outputs !== undefined) checkTensors(`${where}: outputs`, outputs, signature.outputs);
}

function checkTensors(where: string, tensors: unknown, specs: readonly TensorSpec[]): Set<string> {
  if (!Array.isArray(tensors)) throw invalid(`${where} must be a list of tensors {name, datatype, shape, data}`);
  const named = new Set<string>();
  for (const tensor of tensors as unknown[]) {
    const name = isObject(tensor) ? tensor.name : undefined;
    const spec = specs.find((candidate) => candidate.name === name);
    if (!isObject(tensor) || !spec) throw invalid(`${where}: the model has no ${JSON.stringify(name)}; it has ${specs.map((candidate) => candidate.name).join(', ')}`);
    if (named.has(spec.name)) throw invalid(`${where}: ${spec.name} appears twice`);
    named.add(spec.name);
    checkTensor(`${where}: ${spec.name}`, tensor, spec);
  }
  return named;
}

function checkTensor(where: string, tensor: Record<string, unknown>, spec: TensorSpec): void {
  if (!spec.untyped && tensor.datatype !== spec.datatype) throw invalid(`${where} has the datatype ${JSON.stringify(tensor.datatype)}, the model's is ${spec.datatype}`);
  const shape = tensor.shape;
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0)) throw invalid(`${where}: shape ${JSON.stringify(shape)} is not a list of whole numbers ≥ 0`);
  if (!specFits(shape as number[], spec)) throw invalid(`${where} has the shape [${shape.join(',')}], the model's is [${spec.shape.join(',')}]`);
  if (!Array.isArray(tensor.data)) throw invalid(`${where}: data must be a list`);
  const wanted = elementCount(shape as number[]);
  const given = countElements(tensor.data, shape.length + 1);
  if (given !== wanted) throw invalid(`${where}: data has ${given} elements, its shape names ${wanted}`);
}

/** Elements of a list that may be nested at most `depth` deep. */
function countElements(data: readonly unknown[], depth: number): number {
  let count = 0;
  for (const element of data) count += Array.isArray(element) && depth > 1 ? countElements(element, depth - 1) : 1;
  return count;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
