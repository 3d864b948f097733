import { LeptonError, type Tensor } from '../../../core/index.ts';
import { asDatatype, asShape, ENTRIES_MAX, type InferenceRequest, NO_PARAMETERS, type ParameterValue, refuseRepeatedOutputs, refuseSharedMemory, type RequestedOutput, tensorFromBytes, wholeNumber } from '../codec/index.ts';
import { type Contents, emptyContents, hasValues, readContents, tensorFromContents } from './infer-contents.ts';
import { type MessageFields, ProtoReader } from './protobuf/index.ts';

const REQUEST: MessageFields = { message: 'ModelInferRequest', names: [undefined, 'model_name', 'model_version', 'id', 'parameters', 'inputs', 'outputs', 'raw_input_contents'] };
const INPUT: MessageFields = { message: 'InferInputTensor', names: [undefined, 'name', 'datatype', 'shape', 'parameters', 'contents'] };
const OUTPUT: MessageFields = { message: 'InferRequestedOutputTensor', names: [undefined, 'name', 'parameters'] };
const ENTRY: MessageFields = { message: 'ParametersEntry', names: [undefined, 'key', 'value'] };
const PARAMETER: MessageFields = { message: 'InferParameter', names: [undefined, 'bool_param', 'int64_param', 'string_param', 'double_param', 'uint64_param'] };

interface Input {
  name: string;
  datatype: string;
  readonly shape: (number | bigint)[];
  parameters: Map<string, ParameterValue> | null;
  contents: Contents | null;
}

/** Bytes of a ModelInferRequest → request. Contents come typed or raw, not mixed. Throws INVALID_ARGUMENT naming the field. */
export function decodeInferRequest(bytes: Uint8Array): InferenceRequest {
  const reader = new ProtoReader(bytes);
  let model = '';
  let version = '';
  let id = '';
  let parameters: Map<string, ParameterValue> | null = null;
  const inputs: Input[] = [];
  const outputs: RequestedOutput[] = [];
  const raw: Buffer[] = [];
  for (let tag = reader.tag(REQUEST); tag !== 0; tag = reader.tag(REQUEST)) {
    switch (tag) {
      case 0x0a:
        model = reader.string();
        break;
      case 0x12:
        version = reader.string();
        break;
      case 0x1a:
        id = reader.string();
        break;
      case 0x22:
        readParameter(reader, (parameters ??= new Map()), 'parameters');
        break;
      case 0x2a:
        inputs.push(readInput(reader, inputs.length));
        break;
      case 0x32:
        outputs.push(readOutput(reader, outputs.length));
        break;
      case 0x3a:
        raw.push(reader.bytes());
        break;
      default:
        reader.skip(tag);
    }
    if (inputs.length > ENTRIES_MAX || outputs.length > ENTRIES_MAX || raw.length > ENTRIES_MAX) throw new LeptonError('INVALID_ARGUMENT', `the request has more than ${ENTRIES_MAX} inputs or outputs`);
  }
  // In Triton's words, which its example of explicit contents looks for.
  const typed = raw.length ? inputs.find(({ contents }) => contents && hasValues(contents)) : undefined;
  if (typed) throw new LeptonError('INVALID_ARGUMENT', `contents field must not be specified when using raw_input_contents for '${typed.name.slice(0, 100)}' for model '${model.slice(0, 100)}'`);
  if (raw.length && raw.length !== inputs.length) throw new LeptonError('INVALID_ARGUMENT', `raw_input_contents has ${raw.length} entries for ${inputs.length} inputs`);
  refuseRepeatedOutputs(outputs);
  return {
    model,
    version: version || null,
    id,
    parameters: parameters ?? NO_PARAMETERS,
    inputs: inputs.map((input, index) => tensorOf(input, raw[index])),
    outputs: outputs.length ? outputs : null,
    binaryByDefault: true,
  };
}

/** Model and id of a request that cannot be read whole, as far as they can be. */
export function identityOf(bytes: Uint8Array): { model: string | null; id: string } {
  const identity = { model: null as string | null, id: '' };
  const reader = new ProtoReader(bytes);
  try {
    for (let tag = reader.tag(REQUEST); tag !== 0; tag = reader.tag(REQUEST)) {
      if (tag === 0x0a) identity.model = reader.string();
      else if (tag === 0x1a) identity.id = reader.string();
      else if (tag === 0x12 || tag === 0x22 || tag === 0x2a || tag === 0x32 || tag === 0x3a) reader.bytes();
      else reader.skip(tag);
    }
  } catch {}
  return identity;
}

function tensorOf({ name, datatype: datatypeName, shape: sizes, parameters, contents }: Input, raw: Buffer | undefined): Tensor {
  const where = `input '${name.slice(0, 100)}'`;
  const datatype = asDatatype(datatypeName, `datatype of ${where}:`);
  const shape = asShape(sizes, `shape of ${where}`);
  if (parameters) refuseSharedMemory(parameters, where);
  if (!raw) return tensorFromContents(name, datatype, shape, contents ?? emptyContents());
  return tensorFromBytes(name, datatype, shape, raw);
}

function readInput(reader: ProtoReader, index: number): Input {
  const input: Input = { name: '', datatype: '', shape: [], parameters: null, contents: null };
  const readSize = (): void => void input.shape.push(reader.int64());
  const outer = reader.enter(`inputs[${index}]`);
  for (let tag = reader.tag(INPUT); tag !== 0; tag = reader.tag(INPUT)) {
    switch (tag) {
      case 0x0a:
        input.name = reader.string();
        break;
      case 0x12:
        input.datatype = reader.string();
        break;
      case 0x1a:
        reader.packed(readSize);
        break;
      case 0x18:
        readSize();
        break;
      case 0x22:
        readParameter(reader, (input.parameters ??= new Map()), 'parameters');
        break;
      case 0x2a: {
        const inner = reader.enter('contents');
        readContents(reader, (input.contents ??= emptyContents()));
        reader.leave(inner);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
  return input;
}

function readOutput(reader: ProtoReader, index: number): RequestedOutput {
  let name = '';
  const parameters = new Map<string, ParameterValue>();
  const outer = reader.enter(`outputs[${index}]`);
  for (let tag = reader.tag(OUTPUT); tag !== 0; tag = reader.tag(OUTPUT)) {
    if (tag === 0x0a) name = reader.string();
    else if (tag === 0x12) readParameter(reader, parameters, 'parameters');
    else reader.skip(tag);
  }
  reader.leave(outer);
  if (parameters.size === 0) return { name, binary: true };
  const where = `output '${name.slice(0, 100)}'`;
  refuseSharedMemory(parameters, where);
  return { name, binary: true, classification: wholeNumber(parameters, 'classification', `${where}: parameters`) ?? 0 };
}

/** One entry of `map<string, InferParameter>`; the last of one name counts. */
function readParameter(reader: ProtoReader, into: Map<string, ParameterValue>, field: string): void {
  let name = '';
  let value: ParameterValue | undefined;
  const outer = reader.enter(field);
  for (let tag = reader.tag(ENTRY); tag !== 0; tag = reader.tag(ENTRY)) {
    if (tag === 0x0a) name = reader.string();
    else if (tag === 0x12) {
      const inner = reader.enter(`'${name.slice(0, 100)}'`);
      value = readValue(reader) ?? value;
      reader.leave(inner);
    } else reader.skip(tag);
  }
  reader.leave(outer);
  if (value === undefined) throw new LeptonError('INVALID_ARGUMENT', `${field}.${name.slice(0, 100)} has no value`);
  into.set(name, value);
  if (into.size > ENTRIES_MAX) throw new LeptonError('INVALID_ARGUMENT', `${field} has more than ${ENTRIES_MAX} entries`);
}

function readValue(reader: ProtoReader): ParameterValue | undefined {
  let value: ParameterValue | undefined;
  for (let tag = reader.tag(PARAMETER); tag !== 0; tag = reader.tag(PARAMETER)) {
    if (tag === 0x08) value = reader.boolean();
    else if (tag === 0x10) value = reader.int64();
    else if (tag === 0x1a) value = reader.string();
    else if (tag === 0x21) value = reader.double();
    else if (tag === 0x28) value = reader.uint64();
    else reader.skip(tag);
  }
  return value;
}
