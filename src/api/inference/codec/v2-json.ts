import { LeptonError, type Tensor } from '../../../core/index.ts';
import { asArray, asObject, asString, type JsonObject, own, parseJson } from './parse-json.ts';
import { asDatatype, asShape, tensorFromBytes, tensorFromJson } from './tensor.ts';
import type { InferenceRequest, ParameterValue, RequestedOutput } from './types.ts';
import { show } from './values.ts';

/** Most inputs, outputs and parameters of one request. */
const ENTRIES_MAX = 1024;
const NOTHING: ReadonlyMap<string, ParameterValue> = new Map();
const UTF8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads an Open Inference Protocol v2 request body: JSON, followed by the binary tensor extension's sections when
 * `jsonBytes` (Inference-Header-Content-Length) says where the JSON ends. Throws INVALID_ARGUMENT naming the field.
 */
export function decodeRequest(model: string, version: string | null, body: Uint8Array, jsonBytes: number | null): InferenceRequest {
  if (jsonBytes !== null && jsonBytes > body.byteLength) throw new LeptonError('INVALID_ARGUMENT', `inference-header-content-length is ${jsonBytes}, but the body has ${body.byteLength} bytes`);
  const root = asObject(parseJson(utf8(jsonBytes === null ? body : body.subarray(0, jsonBytes))), 'the request');
  const parameters = decodeParameters(own(root, 'parameters'), 'parameters');
  const binary = new BinarySections(jsonBytes === null ? new Uint8Array(0) : body.subarray(jsonBytes));
  const inputs = asArray(own(root, 'inputs'), 'inputs', ENTRIES_MAX).map((input, index) => decodeInput(asObject(input, `inputs[${index}]`), `inputs[${index}]`, binary));
  binary.finish();
  const binaryByDefault = flag(parameters, 'binary_data_output', 'parameters') ?? false;
  const id = own(root, 'id');
  return {
    model,
    version,
    id: id === undefined ? '' : asString(id, 'id'),
    parameters,
    inputs,
    outputs: decodeOutputs(own(root, 'outputs'), binaryByDefault),
    binaryByDefault,
  };
}

function utf8(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch (cause) {
    throw new LeptonError('INVALID_ARGUMENT', 'the request is not UTF-8', { cause });
  }
}

function decodeInput(input: JsonObject, field: string, binary: BinarySections): Tensor {
  const name = asString(own(input, 'name'), `${field}.name`);
  const datatype = asDatatype(own(input, 'datatype'), `datatype of input '${name.slice(0, 100)}':`);
  const shape = asShape(own(input, 'shape'), `shape of input '${name.slice(0, 100)}'`);
  const parameters = decodeParameters(own(input, 'parameters'), `${field}.parameters`);
  refuseSharedMemory(parameters, field);
  const size = parameters.get('binary_data_size');
  const data = own(input, 'data');
  if (size === undefined) return tensorFromJson(name, datatype, shape, data);
  if (data !== undefined) throw new LeptonError('INVALID_ARGUMENT', `${field} has both data and binary_data_size`);
  if (!Number.isSafeInteger(size) || (size as number) < 0) throw new LeptonError('INVALID_ARGUMENT', `${field}.parameters.binary_data_size is ${show(size)}, not a whole number ≥ 0`);
  return tensorFromBytes(name, datatype, shape, binary.take(size as number, name));
}

function decodeOutputs(value: unknown, binaryByDefault: boolean): RequestedOutput[] | null {
  if (value === undefined) return null;
  const names = new Set<string>();
  const outputs = asArray(value, 'outputs', ENTRIES_MAX).map((entry, index) => {
    const field = `outputs[${index}]`;
    const output = asObject(entry, field);
    const name = asString(own(output, 'name'), `${field}.name`);
    if (names.has(name)) throw new LeptonError('INVALID_ARGUMENT', `output '${name.slice(0, 100)}' is asked for twice`);
    names.add(name);
    const parameters = decodeParameters(own(output, 'parameters'), `${field}.parameters`);
    refuseSharedMemory(parameters, field);
    if (parameters.get('classification')) throw new LeptonError('UNSUPPORTED', `${field}: the classification extension is not served`);
    return { name, binary: flag(parameters, 'binary_data', `${field}.parameters`) ?? binaryByDefault };
  });
  return outputs.length ? outputs : null;
}

/** Parameters are flat: strings, numbers and booleans by name. */
export function decodeParameters(value: unknown, field: string): ReadonlyMap<string, ParameterValue> {
  if (value === undefined || value === null) return NOTHING;
  const entries = Object.entries(asObject(value, field));
  if (entries.length > ENTRIES_MAX) throw new LeptonError('INVALID_ARGUMENT', `${field} has ${entries.length} entries, more than ${ENTRIES_MAX}`);
  const parameters = new Map<string, ParameterValue>();
  for (const [name, parameter] of entries) {
    if (!['string', 'number', 'boolean', 'bigint'].includes(typeof parameter)) throw new LeptonError('INVALID_ARGUMENT', `${field}.${name.slice(0, 100)} is ${show(parameter)}, not a string, number or boolean`);
    parameters.set(name, parameter as ParameterValue);
  }
  return parameters;
}

function flag(parameters: ReadonlyMap<string, ParameterValue>, name: string, field: string): boolean | undefined {
  const value = parameters.get(name);
  if (value === undefined || typeof value === 'boolean') return value;
  throw new LeptonError('INVALID_ARGUMENT', `${field}.${name} is ${show(value)}, not true or false`);
}

function refuseSharedMemory(parameters: ReadonlyMap<string, ParameterValue>, field: string): void {
  if (parameters.has('shared_memory_region')) throw new LeptonError('UNSUPPORTED', `${field}: shared memory regions are not served; send the data`);
}

/** The bytes behind the JSON, taken in the order of the inputs. */
class BinarySections {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  take(size: number, name: string): Uint8Array {
    const end = this.#at + size;
    if (end > this.#bytes.byteLength) throw new LeptonError('INVALID_ARGUMENT', `input '${name.slice(0, 100)}' announces ${size} bytes of binary data, but only ${this.#bytes.byteLength - this.#at} are left`);
    const section = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return section;
  }

  finish(): void {
    const left = this.#bytes.byteLength - this.#at;
    if (left) throw new LeptonError('INVALID_ARGUMENT', `${left} bytes of binary data belong to no input`);
  }
}
