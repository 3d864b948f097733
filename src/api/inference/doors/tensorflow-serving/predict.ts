import { LeptonError, type Tensor, type VersionRoute } from '../../../../core/index.ts';
import type { InferenceAnswer } from '../../codec/index.ts';
import { type JsonObject, own } from '../../codec/parse-json.ts';
import { show } from '../../codec/values.ts';
import { rowsToJson, tensorsToJson } from '../json/nested-json.ts';
import { tensorsFromInputs, tensorsFromInstances } from '../json/signature-tensors.ts';

/** A version has one signature, whatever its format; this is TensorFlow's name for it. */
export const SIGNATURE_NAME = 'serving_default';

/** A predict request whose values wait for the signature of the version that answers. */
export interface PredictRequest {
  decode(route: VersionRoute): Tensor[];
  /** The answer in the request's own format, as JSON text. */
  encode(answer: InferenceAnswer): string;
}

/** Reads `{"signature_name"?, "instances"|"inputs"}`; other keys are ignored. Throws INVALID_ARGUMENT. */
export function readPredictRequest(root: JsonObject): PredictRequest {
  const signature = own(root, 'signature_name') ?? SIGNATURE_NAME;
  if (signature !== SIGNATURE_NAME && signature !== '') throw new LeptonError('INVALID_ARGUMENT', `signature_name ${show(signature)} is no signature of the model; it has '${SIGNATURE_NAME}'`);
  const instances = own(root, 'instances');
  const inputs = own(root, 'inputs');
  if (instances !== undefined && inputs !== undefined) throw new LeptonError('INVALID_ARGUMENT', "the request has both 'instances' and 'inputs'; send one of them");
  if (instances !== undefined) return { decode: (route) => tensorsFromInstances(route, instances), encode: ({ outputs }) => predictions(outputs, (instances as unknown[]).length) };
  if (inputs !== undefined) return { decode: (route) => tensorsFromInputs(route, inputs), encode: ({ outputs }) => `{"outputs":${tensorsToJson(outputs)}}` };
  throw new LeptonError('INVALID_ARGUMENT', "the request has neither 'instances' (rows) nor 'inputs' (columns)");
}

function predictions(outputs: readonly Tensor[], count: number): string {
  checkRows(outputs, count);
  return `{"predictions":${rowsToJson(outputs, count)}}`;
}

function checkRows(outputs: readonly Tensor[], count: number): void {
  const other = outputs.find(({ shape }) => shape[0] !== count);
  if (other) throw new LeptonError('INVALID_ARGUMENT', `output '${other.name}' has shape [${other.shape.join(',')}], which does not give one row for each of the ${count} instances: send 'inputs' (column format) instead`);
}
