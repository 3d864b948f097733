/** Just enough of protobuf's wire format to say a ModelInferRequest, without the schema that the server reads it with. */
const varint = (value: bigint): Buffer => {
  const bytes: number[] = [];
  for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
    if (rest < 0x80n) return Buffer.from([...bytes, Number(rest)]);
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
};
const field = (number: number, value: Uint8Array | string): Buffer => {
  const bytes = Buffer.from(value);
  return Buffer.concat([varint(BigInt((number << 3) | 2)), varint(BigInt(bytes.length)), bytes]);
};
const packed = (number: number, values: readonly number[]): Buffer => field(number, Buffer.concat(values.map((value) => varint(BigInt(value)))));

export interface InferMessage {
  readonly model: string;
  readonly id: string;
  /** INPUT0 and INPUT1. */
  readonly inputs: readonly (readonly number[])[];
  readonly raw: boolean;
}

/** A ModelInferRequest for INT32 [1,16] inputs. */
export function encodeInferMessage({ model, id, inputs, raw }: InferMessage): Buffer {
  const tensors = inputs.map((values, index) => field(5, Buffer.concat([field(1, `INPUT${index}`), field(2, 'INT32'), packed(3, [1, values.length]), ...(raw ? [] : [field(5, packed(2, values))])])));
  const contents = raw ? inputs.map((values) => field(7, Buffer.from(Int32Array.from(values).buffer))) : [];
  return Buffer.concat([field(1, model), field(3, id), ...tensors, ...contents]);
}

/** A ModelMetadataRequest, ModelReadyRequest or ModelConfigRequest, with an empty version. */
export const encodeNameMessage = (name: string): Buffer => Buffer.concat([field(1, name), field(2, '')]);
