import { LeptonError, type Tensor, type VersionRoute } from '../../../../core/index.ts';
import type { InferenceAnswer, ParameterValue } from '../../codec/index.ts';
import { isObject, type JsonObject, own } from '../../codec/parse-json.ts';
import { show } from '../../codec/values.ts';
import { rowsToJson, tensorsToJson } from '../json/nested-json.ts';
import { parseBody } from '../json/parse.ts';
import { listed, tensorsFromInputs, tensorsFromInstances } from '../json/signature-tensors.ts';
import { frameFromCsv } from './csv.ts';
import { type DataFrame, frameFromRecords, frameFromSplit } from './data-frame.ts';
import { tensorsFromFrame } from './frame-tensors.ts';

const FORMATS = ['dataframe_split', 'dataframe_records', 'instances', 'inputs'] as const;

/** A scoring request whose values wait for the signature of the version that answers. */
export interface Invocation {
  readonly parameters: ReadonlyMap<string, ParameterValue>;
  decode(route: VersionRoute): Tensor[];
  /** The answer as JSON text. */
  encode(answer: InferenceAnswer): string;
}

/** Reads a body by its content type. Throws UNSUPPORTED_MEDIA_TYPE, INVALID_ARGUMENT. */
export function readInvocation(contentType: string | undefined, body: Uint8Array): Invocation {
  return mimeType(contentType) === 'text/csv' ? frameInvocation(frameFromCsv(body), new Map()) : readJson(parseBody(body));
}

/** `text/csv` or `application/json`; UTF-8 is the only charset. */
export function mimeType(contentType: string | undefined): 'text/csv' | 'application/json' {
  const [type = '', ...parameters] = (contentType ?? '').split(';').map((part) => part.trim().toLowerCase());
  for (const parameter of parameters.filter(Boolean)) {
    const [name = '', value = ''] = parameter.split('=').map((part) => part.trim());
    if (name !== 'charset') throw new LeptonError('UNSUPPORTED_MEDIA_TYPE', `content type parameter '${parameter.slice(0, 100)}' is not known; there is charset=utf-8`);
    if (!/^"?utf-?8"?$/.test(value)) throw new LeptonError('UNSUPPORTED_MEDIA_TYPE', `the body must be UTF-8, not charset '${value.slice(0, 100)}'`);
  }
  if (type === 'text/csv' || type === 'application/json') return type;
  throw new LeptonError('UNSUPPORTED_MEDIA_TYPE', `the content types are 'text/csv' and 'application/json', not ${type ? `'${type.slice(0, 100)}'` : 'none'}`);
}

function readJson(root: JsonObject): Invocation {
  const given = FORMATS.filter((format) => own(root, format) !== undefined);
  const [format] = given;
  if (!format || given.length > 1) throw new LeptonError('INVALID_ARGUMENT', `the request must have exactly one of ${listed(FORMATS)}; it has ${listed(Object.keys(root)) || 'no keys'}`);
  const value = own(root, format);
  const parameters = readParameters(own(root, 'params'));
  if (format === 'dataframe_split') return frameInvocation(frameFromSplit(value), parameters);
  if (format === 'dataframe_records') return frameInvocation(frameFromRecords(value), parameters);
  const decode = format === 'instances' ? tensorsFromInstances : tensorsFromInputs;
  return { parameters, decode: (route) => decode(route, value), encode: ({ outputs }) => predictions(tensorsToJson(outputs)) };
}

const frameInvocation = (frame: DataFrame, parameters: Invocation['parameters']): Invocation => ({
  parameters,
  decode: (route) => tensorsFromFrame(route, frame),
  encode: ({ outputs }) => answerFrame(outputs, frame.rows.length),
});

/** A model takes no parameters; what is flat may mean something to the router (priority, timeout, a sticky key). */
function readParameters(value: unknown): Invocation['parameters'] {
  const parameters = new Map<string, ParameterValue>();
  if (value === undefined || value === null) return parameters;
  if (!isObject(value)) throw new LeptonError('INVALID_ARGUMENT', `params must be an object, not ${show(value)}`);
  for (const [name, parameter] of Object.entries(value)) {
    if (['string', 'number', 'boolean', 'bigint'].includes(typeof parameter)) parameters.set(name, parameter as ParameterValue);
  }
  return parameters;
}

const predictions = (json: string): string => `{"predictions":${json}}`;

/** A frame is answered by rows, where every output has one for each of the frame's. */
const answerFrame = (outputs: readonly Tensor[], count: number): string => predictions(outputs.every(({ shape }) => shape[0] === count) ? rowsToJson(outputs, count) : tensorsToJson(outputs));
