import type Long from 'long';
import { type Datatype, DATATYPE_BYTES, elementCount, LeptonError, type Tensor } from '../../../core/index.ts';
import { asDatatype, asShape, encodeByteStrings, encodeElements, type InferenceRequest, type ParameterValue, type RequestedOutput, tensorFromBytes } from '../codec/index.ts';
import type { InferInputMessage, InferParameterMessage, ModelInferMessage, ParametersMessage, TensorContentsMessage } from './messages.ts';

const ENTRIES_MAX = 1024;

/** Where each datatype's typed contents are; half floats have none and travel raw. */
const CONTENTS: Readonly<Record<Datatype, keyof TensorContentsMessage | null>> = {
  BOOL: 'bool_contents', INT8: 'int_contents', INT16: 'int_contents', INT32: 'int_contents', INT64: 'int64_contents',
  UINT8: 'uint_contents', UINT16: 'uint_contents', UINT32: 'uint_contents', UINT64: 'uint64_contents',
  FP16: null, BF16: null, FP32: 'fp32_contents', FP64: 'fp64_contents', BYTES: 'bytes_contents',
};

/** ModelInferRequest → our request. Throws INVALID_ARGUMENT naming the field and its value. */
export function decodeModelInfer(message: ModelInferMessage): InferenceRequest {
  const raw = message.raw_input_contents;
  const { inputs, outputs } = message;
  if (inputs.length > ENTRIES_MAX || outputs.length > ENTRIES_MAX) throw new LeptonError('INVALID_ARGUMENT', `${inputs.length} inputs and ${outputs.length} outputs: at most ${ENTRIES_MAX} of each`);
  if (raw.length && raw.length !== inputs.length) throw new LeptonError('INVALID_ARGUMENT', `raw_input_contents has ${raw.length} entries for ${inputs.length} inputs`);
  return {
    model: message.model_name,
    version: message.model_version || null,
    id: message.id,
    parameters: decodeParameters(message.parameters),
    inputs: inputs.map((input, index) => decodeInput(input, raw[index])),
    outputs: decodeOutputs(outputs),
    binaryByDefault: true,
  };
}

function decodeInput(input: InferInputMessage, raw: Uint8Array | undefined): Tensor {
  const name = input.name;
  refuseSharedMemory(input.parameters, `input '${name}'`);
  const datatype = asDatatype(input.datatype, `datatype of input '${name}':`);
  const shape = asShape(input.shape.map((size) => size.toNumber()), `shape of input '${name}'`);
  if (!raw) return { name, datatype, shape, data: typedContents(input, datatype, shape) };
  if (input.contents) throw new LeptonError('INVALID_ARGUMENT', `input '${name}' has contents although raw_input_contents is used`);
  return tensorFromBytes(name, datatype, shape, raw);
}

function typedContents(input: InferInputMessage, datatype: Datatype, shape: readonly number[]): Uint8Array {
  const field = `contents of input '${input.name}'`;
  const key = CONTENTS[datatype];
  if (!key) throw new LeptonError('INVALID_ARGUMENT', `${field}: ${datatype} has no typed contents; send it in raw_input_contents`);
  for (const [other, values] of Object.entries(input.contents ?? {})) {
    if (other !== key && Array.isArray(values) && values.length) throw new LeptonError('INVALID_ARGUMENT', `${field} are in ${other}, but ${datatype} belongs in ${key}`);
  }
  const values = input.contents?.[key] ?? [];
  const expected = elementCount(shape);
  if (values.length !== expected) throw new LeptonError('INVALID_ARGUMENT', `${field} have ${values.length} elements, but shape [${shape.join(',')}] needs ${expected}`);
  if (datatype === 'BYTES') return encodeByteStrings(values as readonly Uint8Array[]);
  // Floats go through typed arrays, since NaN and infinities are values like others here, other than in JSON.
  if (datatype === 'FP32') return new Uint8Array(Float32Array.from(values as readonly number[]).buffer);
  if (datatype === 'FP64') return new Uint8Array(Float64Array.from(values as readonly number[]).buffer);
  const plain = key === 'int64_contents' || key === 'uint64_contents' ? (values as readonly Long[]).map((value) => value.toBigInt()) : values;
  return encodeElements(datatype, DATATYPE_BYTES[datatype], plain as readonly unknown[], field);
}

function decodeOutputs(outputs: ModelInferMessage['outputs']): RequestedOutput[] | null {
  const names = new Set<string>();
  for (const { name, parameters } of outputs) {
    if (names.has(name)) throw new LeptonError('INVALID_ARGUMENT', `output '${name}' is asked for twice`);
    names.add(name);
    refuseSharedMemory(parameters, `output '${name}'`);
    if (Object.hasOwn(parameters, 'classification')) throw new LeptonError('UNSUPPORTED', `output '${name}': the classification extension is not served`);
  }
  return names.size ? [...names].map((name) => ({ name, binary: true })) : null;
}

function refuseSharedMemory(parameters: ParametersMessage, where: string): void {
  if (Object.hasOwn(parameters, 'shared_memory_region')) throw new LeptonError('UNSUPPORTED', `${where}: shared memory is not served; send the bytes`);
}

function decodeParameters(parameters: ParametersMessage): ReadonlyMap<string, ParameterValue> {
  const entries = Object.entries(parameters);
  if (entries.length > ENTRIES_MAX) throw new LeptonError('INVALID_ARGUMENT', `${entries.length} parameters: at most ${ENTRIES_MAX}`);
  return new Map(entries.map(([name, value]) => [name, parameterValue(name, value)]));
}

function parameterValue(name: string, value: InferParameterMessage): ParameterValue {
  if (value.string_param !== undefined) return value.string_param;
  if (value.bool_param !== undefined) return value.bool_param;
  if (value.double_param !== undefined) return value.double_param;
  const whole = value.int64_param ?? value.uint64_param;
  if (whole !== undefined) return whole.toBigInt();
  throw new LeptonError('INVALID_ARGUMENT', `parameters.${name} has no value`);
}
