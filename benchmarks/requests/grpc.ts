import protobuf from 'protobufjs';
import { message } from '../../src/testing/grpc-raw-client.ts';
import type { BenchTensor } from './tensor.ts';

export const MODEL_INFER = '/inference.GRPCInferenceService/ModelInfer';

/** Length-delimited field of a protobuf message. */
const tag = (field: number): number => (field << 3) | 2;

/** A ModelInferRequest with raw contents, behind gRPC's prefix of five bytes. */
export function modelInfer(model: string, version: string, inputs: readonly BenchTensor[]): Buffer {
  const writer = protobuf.Writer.create().uint32(tag(1)).string(model);
  if (version) writer.uint32(tag(2)).string(version);
  for (const { name, datatype, shape } of inputs) {
    writer.uint32(tag(5)).fork().uint32(tag(1)).string(name).uint32(tag(2)).string(datatype).uint32(tag(3)).fork();
    for (const size of shape) writer.int64(size);
    writer.ldelim().ldelim();
  }
  for (const { data } of inputs) writer.uint32(tag(7)).bytes(data);
  return message(writer.finish());
}
