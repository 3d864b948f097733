import { LeptonError, type Datatype, type Tensor } from '../../../core/index.ts';
import { bfloat16ToNumber } from './bfloat16.ts';

type FloatArray = Float64Array | Float32Array | Float16Array;
type NumberArray = FloatArray | Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array | BigInt64Array | BigUint64Array;

const ARRAYS: Readonly<Record<Exclude<Datatype, 'BYTES' | 'BF16'>, new (buffer: ArrayBuffer) => NumberArray>> = {
  BOOL: Uint8Array, UINT8: Uint8Array, UINT16: Uint16Array, UINT32: Uint32Array, UINT64: BigUint64Array,
  INT8: Int8Array, INT16: Int16Array, INT32: Int32Array, INT64: BigInt64Array,
  FP16: Float16Array, FP32: Float32Array, FP64: Float64Array,
};
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * A tensor's elements as the text of a flat JSON array. 64-bit integers keep all their digits, -0.0 its sign; NaN and the
 * infinities are the strings "NaN", "Infinity" and "-Infinity". Throws INVALID_ARGUMENT for bytes that are not UTF-8: no
 * JSON string can carry them, the binary form can.
 */
export function tensorDataToJson(tensor: Tensor): string {
  if (tensor.datatype === 'BYTES') return `[${decodeByteStrings(tensor).map((bytes, index) => utf8ToJson(bytes, tensor, index)).join(',')}]`;
  if (tensor.datatype === 'BOOL') return `[${Array.from(tensor.data, (value) => (value ? 'true' : 'false')).join(',')}]`;
  const values = numbersOf(tensor);
  return `[${isFloat(values) && !isPlain(values) ? Array.from(values, floatToJson).join(',') : values.join(',')}]`;
}

/** The elements of a BYTES tensor. */
export function decodeByteStrings(tensor: Tensor): Uint8Array[] {
  const view = new DataView(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
  const elements: Uint8Array[] = [];
  for (let at = 0; at + 4 <= tensor.data.byteLength; ) {
    const end = at + 4 + view.getUint32(at, true);
    elements.push(tensor.data.subarray(at + 4, end));
    at = end;
  }
  return elements;
}

/** The elements of any tensor but BYTES, as numbers (bigints for 64-bit integers); booleans as 0 and 1. */
export function numbersOf(tensor: Tensor): NumberArray {
  // A copy (a Buffer's own slice would be a view), since typed arrays want aligned memory and the data lies anywhere in a frame.
  const copy = new Uint8Array(tensor.data).buffer;
  if (tensor.datatype === 'BF16') return Float32Array.from(new Uint16Array(copy), bfloat16ToNumber);
  return new ARRAYS[tensor.datatype as Exclude<Datatype, 'BYTES' | 'BF16'>](copy);
}

const isFloat = (values: NumberArray): values is FloatArray => values instanceof Float32Array || values instanceof Float64Array || values instanceof Float16Array;

/** Whether JavaScript's own words for the numbers are JSON's and keep their sign. */
function isPlain(values: FloatArray): boolean {
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as number;
    if (!Number.isFinite(value) || Object.is(value, -0)) return false;
  }
  return true;
}

/** Other languages read `-0` as the whole number 0. */
function floatToJson(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  return Number.isFinite(value) ? String(value) : `"${value}"`;
}

function utf8ToJson(bytes: Uint8Array, tensor: Tensor, index: number): string {
  try {
    return JSON.stringify(UTF8.decode(bytes));
  } catch (cause) {
    throw new LeptonError('INVALID_ARGUMENT', `output '${tensor.name}'[${index}] is not UTF-8, which JSON cannot carry: ask for it with the parameter binary_data true`, { cause });
  }
}
