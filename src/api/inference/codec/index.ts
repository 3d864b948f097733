export { asArray, asObject, asString, own, parseJson } from './parse-json.ts';
export { compileSignatureCheck } from './signature-check.ts';
export { asDatatype, asShape, tensorFromBytes, tensorFromJson } from './tensor.ts';
export { decodeByteStrings, tensorDataToJson } from './tensor-to-json.ts';
export type { InferenceAnswer, InferenceRequest, InferenceTiming, ParameterValue, RequestedOutput } from './types.ts';
export { type EncodedAnswer, encodeAnswer } from './v2-answer.ts';
export { decodeRequest } from './v2-json.ts';
export { encodeByteStrings, encodeElements, show } from './values.ts';
