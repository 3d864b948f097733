import type { InferenceAnswer } from '../codec/index.ts';
import { ProtoWriter } from './protobuf/index.ts';
import type { MessageBytes } from './server/index.ts';

/** Tensors from this size on are sent as they are, without being copied into the message. */
const COPIED_BYTES_MAX = 16_384;

/** Answer → bytes of a ModelInferResponse with raw contents. */
export function encodeInferResponse(answer: InferenceAnswer): MessageBytes {
  return responseParts(answer, false);
}

/** Answer → bytes of a ModelStreamInferResponse. Each request of a stream has one answer, so each says that it is the last. */
export function encodeStreamResponse(answer: InferenceAnswer): MessageBytes {
  const parts = responseParts(answer, true);
  const head = new ProtoWriter();
  head.bytesHead(2, parts.reduce((sum, part) => sum + part.byteLength, 0));
  return [head.finish(), ...parts];
}

/** Refusal → bytes of a ModelStreamInferResponse; the id says whose it is. */
export function encodeStreamError(message: string, id: string): Buffer {
  const writer = new ProtoWriter();
  writer.string(1, message);
  const response = writer.begin(2);
  writer.string(3, id);
  writeFinal(writer);
  writer.end(response);
  return writer.finish();
}

function responseParts(answer: InferenceAnswer, inStream: boolean): Uint8Array[] {
  let writer = new ProtoWriter();
  writer.string(1, answer.model);
  writer.string(2, answer.version);
  writer.string(3, answer.id);
  const entry = writer.begin(4);
  writer.string(1, 'lepton-prediction-id');
  const value = writer.begin(2);
  writer.string(3, answer.predictionId);
  writer.end(value);
  writer.end(entry);
  if (inStream) writeFinal(writer);
  for (const { name, datatype, shape } of answer.outputs) {
    const output = writer.begin(5);
    writer.string(1, name);
    writer.string(2, datatype);
    writer.packed(3, shape);
    writer.end(output);
  }
  const parts: Uint8Array[] = [];
  for (const { data } of answer.outputs) {
    if (data.byteLength <= COPIED_BYTES_MAX) {
      writer.bytes(6, data);
      continue;
    }
    writer.bytesHead(6, data.byteLength);
    parts.push(writer.finish(), data);
    writer = new ProtoWriter();
  }
  if (writer.length) parts.push(writer.finish());
  return parts;
}

/** Triton's parameter for clients of models that answer more than once. */
function writeFinal(writer: ProtoWriter): void {
  const entry = writer.begin(4);
  writer.string(1, 'triton_final_response');
  const value = writer.begin(2);
  writer.boolean(1, true);
  writer.end(value);
  writer.end(entry);
}
