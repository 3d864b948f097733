import { bfloat16Bits, elementFault, float16Bits } from './elements.ts';
import { LeptonApiError } from './errors.ts';

export type Datatype = 'BOOL' | 'UINT8' | 'UINT16' | 'UINT32' | 'UINT64' | 'INT8' | 'INT16' | 'INT32' | 'INT64' | 'FP16' | 'BF16' | 'FP32' | 'FP64' | 'BYTES';

/** Typed arrays by datatype, FP16 and BF16 as the 16 bits of each element; or plain arrays of the values themselves, BYTES as texts or bytes. */
export type TensorData =
  | Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | BigInt64Array | BigUint64Array | Float32Array | Float64Array
  | readonly number[] | readonly bigint[] | readonly boolean[] | readonly string[] | readonly Uint8Array[];

export interface TensorInput {
  readonly data: TensorData;
  readonly shape: readonly number[];
  /** Absent: told by the typed array; plain numbers are FP32, bigints INT64, booleans BOOL, texts and bytes BYTES. */
  readonly datatype?: Datatype;
}

export interface TensorOutput {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  /** A typed array; for BYTES an array of Uint8Array, for BOOL a Uint8Array of 0 and 1. */
  readonly data: Exclude<TensorData, readonly unknown[]> | readonly Uint8Array[];
}

type NumberArray = Exclude<TensorOutput['data'], readonly Uint8Array[]>;
interface ArrayType {
  new (buffer: ArrayBuffer): NumberArray;
  new (length: number): NumberArray;
  readonly BYTES_PER_ELEMENT: number;
}

const ARRAYS: Readonly<Record<Exclude<Datatype, 'BYTES'>, ArrayType>> = {
  BOOL: Uint8Array, UINT8: Uint8Array, UINT16: Uint16Array, UINT32: Uint32Array, UINT64: BigUint64Array as unknown as ArrayType, INT8: Int8Array, INT16: Int16Array, INT32: Int32Array,
  INT64: BigInt64Array as unknown as ArrayType, FP16: Uint16Array, BF16: Uint16Array, FP32: Float32Array, FP64: Float64Array,
} as Readonly<Record<Exclude<Datatype, 'BYTES'>, ArrayType>>;

/** The datatype that data of this kind has by itself. */
export function datatypeOf(data: TensorData): Datatype {
  if (Array.isArray(data)) return arrayDatatype(data[0]);
  for (const [datatype, type] of Object.entries(ARRAYS)) if (datatype !== 'BOOL' && data instanceof (type as unknown as new () => object)) return datatype as Datatype;
  throw new LeptonApiError(`no datatype fits ${Object.prototype.toString.call(data)}`, { code: 'INVALID_ARGUMENT', status: 0 });
}

function arrayDatatype(first: unknown): Datatype {
  if (typeof first === 'bigint') return 'INT64';
  if (typeof first === 'boolean') return 'BOOL';
  return typeof first === 'string' || first instanceof Uint8Array ? 'BYTES' : 'FP32';
}

/**
 * Little-endian, row-major bytes, as the binary tensor extension sends them. Throws INVALID_ARGUMENT naming the element of
 * a plain array that is none of this datatype; `name` is the tensor's.
 */
export function tensorBytes(data: TensorData, datatype: Datatype, name: string): Uint8Array {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const values = data as readonly unknown[];
  for (let index = 0; index < values.length; index++) {
    const expected = elementFault(values[index], datatype);
    if (expected) throw new LeptonApiError(`${name}[${index}] is ${shownElement(values[index])}, not ${expected} (${datatype})`, { code: 'INVALID_ARGUMENT', status: 0 });
  }
  return datatype === 'BYTES' ? joinElements(values as readonly (string | Uint8Array)[]) : encoded(values as readonly (number | bigint | boolean)[], datatype);
}

/** A value for a message, short. */
export function shownElement(value: unknown): string {
  const text = typeof value === 'object' && value !== null ? (Array.isArray(value) ? 'a list' : 'an object') : typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

function encoded(values: readonly (number | bigint | boolean)[], datatype: Exclude<Datatype, 'BYTES'>): Uint8Array {
  const element = datatype === 'INT64' || datatype === 'UINT64' ? BigInt : datatype === 'FP16' ? (value: number) => float16Bits(Number(value)) : datatype === 'BF16' ? (value: number) => bfloat16Bits(Number(value)) : Number;
  const array = new ARRAYS[datatype](values.length) as unknown as Record<number, unknown> & ArrayBufferView;
  for (let index = 0; index < values.length; index++) array[index] = element(values[index] as number);
  return new Uint8Array(array.buffer, 0, array.byteLength);
}

/** The values of an output from its bytes. Copies, so that alignment is right and the answer's buffer can go. */
export function tensorValues(bytes: Uint8Array, datatype: Datatype): TensorOutput['data'] {
  if (datatype === 'BYTES') return splitElements(bytes);
  return new ARRAYS[datatype](bytes.slice().buffer);
}

function joinElements(elements: readonly (string | Uint8Array)[]): Uint8Array {
  const encoded = elements.map((element) => (typeof element === 'string' ? new TextEncoder().encode(element) : element));
  const joined = new Uint8Array(encoded.reduce((size, element) => size + 4 + element.byteLength, 0));
  const view = new DataView(joined.buffer);
  let offset = 0;
  for (const element of encoded) {
    view.setUint32(offset, element.byteLength, true);
    joined.set(element, offset + 4);
    offset += 4 + element.byteLength;
  }
  return joined;
}

function splitElements(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const elements: Uint8Array[] = [];
  for (let offset = 0; offset < bytes.byteLength; ) {
    const size = view.getUint32(offset, true);
    if (offset + 4 + size > bytes.byteLength) throw new LeptonApiError('the answer holds a broken BYTES tensor', { code: 'SERVER_UNREACHABLE', status: 0 });
    elements.push(bytes.slice(offset + 4, offset + 4 + size));
    offset += 4 + size;
  }
  return elements;
}

/** JSON values of an output in an answer without binary data, as the same typed array that a binary one gives. */
export function valuesFromJson(data: readonly unknown[], datatype: Datatype): TensorOutput['data'] {
  if (datatype === 'BYTES') return data.map((text) => new TextEncoder().encode(String(text)));
  return tensorValues(tensorBytes(data as readonly number[], datatype, 'output'), datatype);
}
