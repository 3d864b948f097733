import { type Datatype, elementCount, encodeByteElements, isDatatype, LeptonError, type Tensor } from '../core/index.ts';
import { floatsToBfloat16 } from './bfloat16.ts';

/** Parses JSON, keeping whole numbers beyond 2^53 exact as bigint. */
export function parseExactJson(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown, context?: { source?: string }) => {
    const inexact = typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? '');
    return inexact ? BigInt(context?.source as string) : value;
  });
}

/** A tensor of the Open Inference Protocol's JSON form ({name, datatype, shape, data}, data flat or nested) as raw bytes. */
export function tensorFromJson(value: unknown): Tensor {
  const { name, datatype, shape, data } = (value ?? {}) as { name?: unknown; datatype?: unknown; shape?: unknown; data?: unknown };
  if (typeof name !== 'string' || !isDatatype(datatype) || !Array.isArray(shape) || !Array.isArray(data)) {
    throw new LeptonError('INVALID_ARGUMENT', `tensor ${JSON.stringify(name)} needs name, datatype, shape and data`);
  }
  const flat: unknown[] = data.flat(Number.POSITIVE_INFINITY);
  const count = elementCount(shape as number[], name);
  if (flat.length !== count) throw new LeptonError('INVALID_ARGUMENT', `tensor ${name} has ${flat.length} elements, its shape [${shape.join(',')}] ${count}`);
  return { name, datatype, shape: shape as number[], data: encodeElements(name, datatype, flat) };
}

function encodeElements(name: string, datatype: Datatype, values: readonly unknown[]): Uint8Array {
  if (datatype === 'BYTES') return encodeByteElements(values.map((value) => checked(name, typeof value === 'string', value) as string));
  const array = arrayOf(datatype, values.length);
  values.forEach((value, index) => {
    const isNumber = datatype === 'BOOL' ? typeof value === 'boolean' || value === 0 || value === 1 : typeof value === 'number' || typeof value === 'bigint';
    checked(name, isNumber, value);
    array[index] = array instanceof BigInt64Array || array instanceof BigUint64Array ? BigInt(value as number) : Number(value);
  });
  return bytesOf(datatype, array);
}

function checked(name: string, fits: boolean, value: unknown): unknown {
  if (!fits) throw new LeptonError('INVALID_ARGUMENT', `tensor ${name} holds ${String(JSON.stringify(value)).slice(0, 100)}, which is not of its datatype`);
  return value;
}

type AnyArray = { [index: number]: number | bigint; readonly buffer: ArrayBuffer };

/** The array's elements as a tensor's bytes. */
export function bytesOf(datatype: Datatype, array: AnyArray): Uint8Array {
  return new Uint8Array(datatype === 'BF16' ? floatsToBfloat16(array as Float32Array).buffer : array.buffer);
}

/** Zeroed array for a datatype's elements; floats for BF16, which `bytesOf` rounds. */
export function arrayOf(datatype: Exclude<Datatype, 'BYTES'>, length: number): AnyArray {
  switch (datatype) {
    case 'BOOL': case 'UINT8': return new Uint8Array(length);
    case 'UINT16': return new Uint16Array(length);
    case 'UINT32': return new Uint32Array(length);
    case 'UINT64': return new BigUint64Array(length);
    case 'INT8': return new Int8Array(length);
    case 'INT16': return new Int16Array(length);
    case 'INT32': return new Int32Array(length);
    case 'INT64': return new BigInt64Array(length);
    case 'FP16': return new Float16Array(length);
    case 'FP32': case 'BF16': return new Float32Array(length);
    case 'FP64': return new Float64Array(length);
  }
}
