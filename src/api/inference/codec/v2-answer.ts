import type { Tensor } from '../../../core/index.ts';
import { tensorDataToJson } from './tensor-to-json.ts';
import type { InferenceAnswer, InferenceRequest } from './types.ts';

/** An encoded answer: the JSON part, and the binary sections that follow it. */
export interface EncodedAnswer {
  readonly json: string;
  /** Empty: plain JSON. */
  readonly binary: readonly Uint8Array[];
}

/** Writes an Open Inference Protocol v2 answer, each output in the form that the request asked for. */
export function encodeAnswer(request: InferenceRequest, answer: InferenceAnswer): EncodedAnswer {
  const binary: Uint8Array[] = [];
  const outputs = answer.outputs.map((tensor, index) => {
    const head = `{"name":${JSON.stringify(tensor.name)},"datatype":"${tensor.datatype}","shape":[${tensor.shape.join(',')}]`;
    if (!asksForBinary(request, tensor, index)) return `${head},"data":${tensorDataToJson(tensor)}}`;
    binary.push(tensor.data);
    return `${head},"parameters":{"binary_data_size":${tensor.data.byteLength}}}`;
  });
  const id = request.id === '' ? '' : `"id":${JSON.stringify(request.id)},`;
  const json = `{"model_name":${JSON.stringify(answer.model)},"model_version":${JSON.stringify(answer.version)},${id}"parameters":{"lepton-prediction-id":"${answer.predictionId}"},"outputs":[${outputs.join(',')}]}`;
  return { json, binary };
}

/** Outputs come in the order in which they were asked for. */
function asksForBinary(request: InferenceRequest, tensor: Tensor, index: number): boolean {
  if (!request.outputs) return request.binaryByDefault;
  const asked = request.outputs[index];
  return asked?.name === tensor.name && asked.binary;
}
