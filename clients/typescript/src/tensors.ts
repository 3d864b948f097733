import { LeptonApiError } from './errors.ts';

export type Datatype = 'BOOL' | 'UINT8' | 'UINT16' | 'UINT32' | 'UINT64' | 'INT8' | 'INT16' | 'INT32' | 'INT64' | 'FP16' | 'BF16' | 'FP32' | 'FP64' | 'BYTES';

/** Typed arrays by datatype; FP16 and BF16 as the 16 bits of each element; BYTES as texts or bytes, one an element. */
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

/** Little-endian, row-major bytes, as the binary tensor extension sends them. */
export function tensorBytes(data: TensorData, datatype: Datatype): Uint8Array {
  if (datatype === 'BYTES') return joinElements(data as readonly (string | Uint8Array)[]);
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const array = new ARRAYS[datatype]((data as readonly unknown[]).length) as unknown as Record<number, unknown> & ArrayBufferView;
  (data as readonly unknown[]).forEach((value, index) => {
    array[index] = datatype === 'INT64' || datatype === 'UINT64' ? BigInt(value as number | bigint) : Number(value);
  });
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
  return tensorValues(tensorBytes(data as readonly number[], datatype), datatype);
}
