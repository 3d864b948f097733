import { LeptonError, type Datatype, type Tensor } from '../../../core/index.ts';

type NumberArray = Float64Array | Float32Array | Float16Array | Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array | BigInt64Array | BigUint64Array;
type ArrayConstructor = new (buffer: ArrayBuffer) => NumberArray;

const ARRAYS: Readonly<Partial<Record<Datatype, ArrayConstructor>>> = {
  UINT8: Uint8Array, UINT16: Uint16Array, UINT32: Uint32Array, UINT64: BigUint64Array,
  INT8: Int8Array, INT16: Int16Array, INT32: Int32Array, INT64: BigInt64Array,
  FP16: Float16Array, FP32: Float32Array, FP64: Float64Array,
};
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * A tensor's elements as the text of a flat JSON array; 64-bit integers keep all their digits. Throws MODEL_ERROR where
 * JSON has no form for a value (NaN, infinities, bytes that are not UTF-8) and names it: the binary form can carry it.
 */
export function tensorDataToJson(tensor: Tensor): string {
  if (tensor.datatype === 'BYTES') return `[${decodeByteStrings(tensor).map((bytes, index) => utf8ToJson(bytes, tensor, index)).join(',')}]`;
  if (tensor.datatype === 'BOOL') return `[${Array.from(tensor.data, (value) => (value ? 'true' : 'false')).join(',')}]`;
  const values = numbers(tensor);
  if (tensor.datatype.startsWith('FP') || tensor.datatype === 'BF16') refuseNotFinite(tensor, values as Float64Array);
  return `[${values.join(',')}]`;
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

function numbers(tensor: Tensor): NumberArray {
  // A copy (a Buffer's own slice would be a view), since typed arrays want aligned memory and the data lies anywhere in a frame.
  const copy = new Uint8Array(tensor.data).buffer;
  if (tensor.datatype === 'BF16') return bfloat16(new Uint16Array(copy));
  return new (ARRAYS[tensor.datatype] as ArrayConstructor)(copy);
}

/** bfloat16 is the upper half of a float32. */
function bfloat16(halves: Uint16Array): Float32Array {
  return new Float32Array(Uint32Array.from(halves, (half) => half << 16).buffer);
}

function refuseNotFinite(tensor: Tensor, values: Float64Array): void {
  const index = values.findIndex((value) => !Number.isFinite(value));
  if (index >= 0) throw new LeptonError('MODEL_ERROR', `output '${tensor.name}'[${index}] is ${values[index]}, which JSON cannot carry: ask for binary data`);
}

function utf8ToJson(bytes: Uint8Array, tensor: Tensor, index: number): string {
  try {
    return JSON.stringify(UTF8.decode(bytes));
  } catch (cause) {
    throw new LeptonError('MODEL_ERROR', `output '${tensor.name}'[${index}] is not UTF-8, which JSON cannot carry: ask for binary data`, { cause });
  }
}
