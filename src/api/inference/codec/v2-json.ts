import { LeptonError, type Tensor } from '../../../core/index.ts';
import { BinarySections } from './binary-sections.ts';
import { refuseDuplicateKeys } from './duplicate-keys.ts';
import { decodeParameters, ENTRIES_MAX, flag, NO_PARAMETERS, refuseSharedMemory, wholeNumber } from './parameters.ts';
import { asArray, asObject, asString, isObject, type JsonObject, optional, own, parseJson, utf8Text } from './parse-json.ts';
import { refuseRepeatedOutputs } from './repeated-outputs.ts';
import { asDatatype, asShape, tensorFromBytes, tensorFromJson } from './tensor.ts';
import type { InferenceRequest, RequestedOutput } from './types.ts';

/**
 * Reads an Open Inference Protocol v2 request body: JSON, followed by the binary tensor extension's sections when
 * `jsonBytes` (Inference-Header-Content-Length) says where the JSON ends; at 0 the whole body is the data of the only input.
 * Keys that the protocol does not know are ignored. Throws INVALID_ARGUMENT naming the field.
 */
export function decodeRequest(model: string, version: string | null, body: Uint8Array, jsonBytes: number | null): InferenceRequest {
  if (jsonBytes === 0) return { model, version, id: '', parameters: NO_PARAMETERS, inputs: [], rawInput: body, outputs: null, binaryByDefault: true };
  if (jsonBytes !== null && jsonBytes > body.byteLength) throw new LeptonError('INVALID_ARGUMENT', `inference-header-content-length is ${jsonBytes}, but the body has ${body.byteLength} bytes`);
  const text = utf8Text(jsonBytes === null ? body : body.subarray(0, jsonBytes));
  const root = asObject(parseJson(text), 'the request');
  refuseDuplicateKeys(text, countKeys(root));
  const parameters = decodeParameters(own(root, 'parameters'), 'parameters');
  const binary = new BinarySections(jsonBytes === null ? null : body.subarray(jsonBytes));
  const inputs = asArray(own(root, 'inputs'), 'inputs', ENTRIES_MAX).map((input, index) => decodeInput(asObject(input, `inputs[${index}]`), `inputs[${index}]`, binary));
  binary.finish();
  const binaryByDefault = flag(parameters, 'binary_data_output', 'parameters') ?? false;
  const id = optional(root, 'id');
  return {
    model,
    version,
    id: id === undefined ? '' : asString(id, 'id'),
    parameters,
    inputs,
    outputs: decodeOutputs(optional(root, 'outputs'), binaryByDefault),
    binaryByDefault,
  };
}

/** Keys of the objects that the protocol knows; of others none. */
function countKeys(root: JsonObject): number {
  let count = 0;
  const add = (value: unknown): void => {
    if (isObject(value)) count += Object.keys(value).length;
  };
  add(root);
  add(root.parameters);
  for (const list of [root.inputs, root.outputs]) {
    if (!Array.isArray(list)) continue;
    for (const entry of list) {
      add(entry);
      if (isObject(entry)) add(own(entry, 'parameters'));
    }
  }
  return count;
}

function decodeInput(input: JsonObject, field: string, binary: BinarySections): Tensor {
  const name = asString(own(input, 'name'), `${field}.name`);
  const datatype = asDatatype(own(input, 'datatype'), `datatype of input '${name.slice(0, 100)}':`);
  const shape = asShape(own(input, 'shape'), `shape of input '${name.slice(0, 100)}'`);
  const parameters = decodeParameters(own(input, 'parameters'), `${field}.parameters`);
  refuseSharedMemory(parameters, field);
  const size = wholeNumber(parameters, 'binary_data_size', `${field}.parameters`);
  const data = optional(input, 'data');
  if (size === undefined) return tensorFromJson(name, datatype, shape, data);
  if (data !== undefined) throw new LeptonError('INVALID_ARGUMENT', `${field} has both data and binary_data_size`);
  return tensorFromBytes(name, datatype, shape, binary.take(size, name));
}

function decodeOutputs(value: unknown, binaryByDefault: boolean): RequestedOutput[] | null {
  if (value === undefined) return null;
  const outputs = asArray(value, 'outputs', ENTRIES_MAX).map((entry, index) => {
    const field = `outputs[${index}]`;
    const output = asObject(entry, field);
    const name = asString(own(output, 'name'), `${field}.name`);
    const parameters = decodeParameters(own(output, 'parameters'), `${field}.parameters`);
    refuseSharedMemory(parameters, field);
    const classification = wholeNumber(parameters, 'classification', `${field}.parameters`);
    const binary = flag(parameters, 'binary_data', `${field}.parameters`) ?? binaryByDefault;
    return { name, binary, ...(classification && { classification }) };
  });
  refuseRepeatedOutputs(outputs);
  return outputs.length ? outputs : null;
}
