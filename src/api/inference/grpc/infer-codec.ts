import { type Datatype, DATATYPE_BYTES, elementCount, LeptonError, type Tensor } from '../../../core/index.ts';
import { asDatatype, asShape, encodeByteStrings, encodeElements, type InferenceAnswer, type InferenceRequest, type ParameterValue, show, tensorFromBytes } from '../codec/index.ts';
import { type ContentsMessage, decodeMessage, encodePrepared, exact, type InferRequestMessage, type InputMessage, type ParameterMessage } from './messages.ts';

const ENTRIES_MAX = 1024;

/** Bytes of a ModelInferRequest → request. Contents come typed or raw, not mixed. Throws INVALID_ARGUMENT naming the field. */
export function decodeInferRequest(bytes: Uint8Array): InferenceRequest {
  const message = decodeMessage<InferRequestMessage>('ModelInferRequest', bytes);
  const { inputs, outputs, raw_input_contents: raw } = message;
  if (inputs.length > ENTRIES_MAX || outputs.length > ENTRIES_MAX) throw new LeptonError('INVALID_ARGUMENT', `the request has more than ${ENTRIES_MAX} inputs or outputs`);
  if (raw.length && raw.length !== inputs.length) throw new LeptonError('INVALID_ARGUMENT', `raw_input_contents has ${raw.length} entries for ${inputs.length} inputs`);
  return {
    model: message.model_name,
    version: message.model_version || null,
    id: message.id,
    parameters: decodeParameters(message.parameters, 'parameters'),
    inputs: inputs.map((input, index) => decodeInput(input, raw.length ? raw[index] : undefined)),
    outputs: outputs.length ? decodeOutputs(outputs) : null,
    binaryByDefault: true,
  };
}

/** Answer → bytes of a ModelInferResponse with raw contents. */
export function encodeInferResponse(answer: InferenceAnswer): Buffer {
  return encodePrepared('ModelInferResponse', inferResponse(answer));
}

/** The message itself, for streams that wrap it. */
export function inferResponse(answer: InferenceAnswer): object {
  return {
    model_name: answer.model,
    model_version: answer.version,
    id: answer.id,
    parameters: { 'lepton-prediction-id': { string_param: answer.predictionId } },
    outputs: answer.outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape })),
    raw_output_contents: answer.outputs.map((tensor) => tensor.data),
  };
}

function decodeInput(input: InputMessage, raw: Uint8Array | undefined): Tensor {
  const where = `input '${input.name.slice(0, 100)}'`;
  const datatype = asDatatype(input.datatype, `datatype of ${where}:`);
  const shape = asShape(input.shape.map((size) => Number(exact(size))), `shape of ${where}`);
  if (input.parameters && Object.hasOwn(input.parameters, 'shared_memory_region')) throw new LeptonError('UNSUPPORTED', `${where}: shared memory regions are not served; send the data`);
  const { contents } = input;
  if (raw) {
    if (contents && CONTENT_FIELDS.some((field) => contents[field]?.length)) throw new LeptonError('INVALID_ARGUMENT', `${where} has contents besides raw_input_contents`);
    return tensorFromBytes(input.name, datatype, shape, raw);
  }
  return fromContents(input.name, datatype, shape, contents ?? null);
}

/** Which field carries which datatype; those absent only travel raw. */
const FIELD_OF: Readonly<Partial<Record<Datatype, keyof ContentsMessage>>> = {
  BOOL: 'bool_contents', INT8: 'int_contents', INT16: 'int_contents', INT32: 'int_contents', INT64: 'int64_contents',
  UINT8: 'uint_contents', UINT16: 'uint_contents', UINT32: 'uint_contents', UINT64: 'uint64_contents',
  FP32: 'fp32_contents', FP64: 'fp64_contents', BYTES: 'bytes_contents',
};
const CONTENT_FIELDS = [...new Set(Object.values(FIELD_OF))];

function fromContents(name: string, datatype: Datatype, shape: readonly number[], contents: ContentsMessage | null): Tensor {
  const field = FIELD_OF[datatype];
  const where = `input '${name.slice(0, 100)}'`;
  if (!field) throw new LeptonError('INVALID_ARGUMENT', `${where}: ${datatype} only travels in raw_input_contents`);
  const other = contents ? CONTENT_FIELDS.find((candidate) => candidate !== field && contents[candidate]?.length) : undefined;
  if (other) throw new LeptonError('INVALID_ARGUMENT', `${where} is ${datatype}, whose contents go into ${field}, not ${other}`);
  const values = (contents?.[field] ?? []) as readonly unknown[];
  const expected = elementCount(shape);
  if (values.length !== expected) throw new LeptonError('INVALID_ARGUMENT', `${field} of ${where} has ${values.length} elements, but shape [${shape.join(',')}] needs ${expected}`);
  if (datatype === 'BYTES') return { name, datatype, shape, data: encodeByteStrings(values as Uint8Array[]) };
  if (datatype === 'FP32') return { name, datatype, shape, data: asBytes(Float32Array.from(values as number[])) };
  if (datatype === 'FP64') return { name, datatype, shape, data: asBytes(Float64Array.from(values as number[])) };
  const numbers = field === 'int64_contents' || field === 'uint64_contents' ? values.map((value) => exact(value as number)) : values;
  return { name, datatype, shape, data: encodeElements(datatype, DATATYPE_BYTES[datatype], numbers, `${field} of ${where}`) };
}

/** Unlike JSON, protobuf carries NaN and infinities, so floats are taken as they are. */
const asBytes = (values: Float32Array | Float64Array): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

function decodeOutputs(outputs: InferRequestMessage['outputs']): InferenceRequest['outputs'] {
  const names = new Set<string>();
  return outputs.map(({ name, parameters }) => {
    if (names.has(name)) throw new LeptonError('INVALID_ARGUMENT', `output '${name.slice(0, 100)}' is asked for twice`);
    names.add(name);
    const given = decodeParameters(parameters, `parameters of output '${name.slice(0, 100)}'`);
    if (given.has('shared_memory_region')) throw new LeptonError('UNSUPPORTED', `output '${name.slice(0, 100)}': shared memory regions are not served`);
    if (Number(given.get('classification') ?? 0) > 0) throw new LeptonError('UNSUPPORTED', `output '${name.slice(0, 100)}': the classification extension is not served`);
    return { name, binary: true };
  });
}

function decodeParameters(value: Readonly<Record<string, ParameterMessage>> | undefined, field: string): ReadonlyMap<string, ParameterValue> {
  const parameters = new Map<string, ParameterValue>();
  const entries = Object.entries(value ?? {});
  if (entries.length > ENTRIES_MAX) throw new LeptonError('INVALID_ARGUMENT', `${field} has more than ${ENTRIES_MAX} entries`);
  for (const [name, parameter] of entries) parameters.set(name, parameterValue(parameter, `${field}.${name.slice(0, 100)}`));
  return parameters;
}

function parameterValue(parameter: ParameterMessage, field: string): ParameterValue {
  switch (parameter.parameter_choice) {
    case 'bool_param':
    case 'string_param':
    case 'double_param':
      return parameter[parameter.parameter_choice] as ParameterValue;
    case 'int64_param':
    case 'uint64_param':
      return exact(parameter[parameter.parameter_choice] as number);
    default:
      throw new LeptonError('INVALID_ARGUMENT', `${field} has no value (${show(parameter.parameter_choice)})`);
  }
}
