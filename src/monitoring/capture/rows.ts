import { byteElements, elementCount, type Tensor } from '../../core/index.ts';
import type { CapturedAnswer, CapturedTensor } from './rule.ts';

/** A captured answer as a line of its file: flat columns, so that `pandas.read_json(file, lines=True)` is a table of them. */
export type CapturedRow = Readonly<Record<string, unknown>> & { readonly at: string; readonly prediction_id: string };

export type CapturedValue = number | string | boolean | null;

export function rowOf({ at, predictionId, inputs, outputs }: CapturedAnswer): CapturedRow {
  const row: Record<string, unknown> = { at: new Date(at).toISOString(), prediction_id: predictionId };
  for (const [kind, tensors] of [['input', inputs], ['output', outputs]] as const) {
    for (const tensor of tensors) {
      const column = `${kind}.${tensor.name}`;
      row[column] = tensor.data === null ? null : valuesOf(tensor, Buffer.from(tensor.data, 'base64'));
      row[`${column}.shape`] = tensor.shape;
      row[`${column}.datatype`] = tensor.datatype;
    }
  }
  return row as CapturedRow;
}

/** Elements in row-major order; what is no JSON number is null (not a number) or a text (whole numbers beyond 2^53). */
export function valuesOf({ datatype, shape, name }: Omit<CapturedTensor, 'data'>, bytes: Buffer): CapturedValue[] {
  if (datatype === 'BYTES') return byteElements({ name, datatype, shape, data: bytes } as Tensor).map((element) => element.toString('utf8'));
  const read = READERS[datatype];
  if (!read) return [];
  const [size, at] = read;
  return Array.from({ length: Math.min(elementCount(shape), Math.floor(bytes.byteLength / size)) }, (_, index) => at(bytes, index * size));
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
const whole = (value: bigint): number | string => (value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : String(value));
const half = (bits: number): number => {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const size = exponent === 0 ? fraction * 2 ** -24 : exponent === 31 ? (fraction ? Number.NaN : Number.POSITIVE_INFINITY) : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits & 0x8000 ? -size : size;
};
const word = new DataView(new ArrayBuffer(4));
const brainFloat = (bits: number): number => {
  word.setUint32(0, bits << 16);
  return word.getFloat32(0);
};

const READERS: Readonly<Record<string, readonly [size: number, at: (bytes: Buffer, offset: number) => CapturedValue]>> = {
  BOOL: [1, (bytes, at) => bytes[at] !== 0],
  INT8: [1, (bytes, at) => bytes.readInt8(at)],
  UINT8: [1, (bytes, at) => bytes.readUInt8(at)],
  INT16: [2, (bytes, at) => bytes.readInt16LE(at)],
  UINT16: [2, (bytes, at) => bytes.readUInt16LE(at)],
  INT32: [4, (bytes, at) => bytes.readInt32LE(at)],
  UINT32: [4, (bytes, at) => bytes.readUInt32LE(at)],
  INT64: [8, (bytes, at) => whole(bytes.readBigInt64LE(at))],
  UINT64: [8, (bytes, at) => whole(bytes.readBigUInt64LE(at))],
  FP16: [2, (bytes, at) => finite(half(bytes.readUInt16LE(at)))],
  BF16: [2, (bytes, at) => finite(brainFloat(bytes.readUInt16LE(at)))],
  FP32: [4, (bytes, at) => finite(bytes.readFloatLE(at))],
  FP64: [8, (bytes, at) => finite(bytes.readDoubleLE(at))],
};
