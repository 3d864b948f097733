import { type Datatype, DATATYPE_BYTES, DATATYPES, elementCount, isDatatype, joinByteElements, LeptonError, nearest, type Tensor } from '../../../core/index.ts';
import { asArray } from './parse-json.ts';
import { encodeElements, show } from './values.ts';

/** Most dimensions of a tensor, which also bounds how deep its JSON may nest. */
export const RANK_MAX = 32;

/** Checks a datatype's name. */
export function asDatatype(value: unknown, field: string): Datatype {
  if (isDatatype(value)) return value;
  const meant = typeof value === 'string' ? nearest(value.slice(0, 32).toUpperCase(), DATATYPES) : undefined;
  throw new LeptonError('INVALID_ARGUMENT', `${field} ${show(value)} is not a datatype${meant ? `; did you mean ${meant}?` : `: ${DATATYPES.join(', ')}`}`);
}

/** Checks a shape of a request: whole numbers ≥ 0, at most RANK_MAX of them. */
export function asShape(value: unknown, field: string): number[] {
  const shape = asArray(value, field, RANK_MAX);
  shape.forEach((size, axis) => {
    if (!Number.isSafeInteger(size) || (size as number) < 0) throw new LeptonError('INVALID_ARGUMENT', `${field}[${axis}] is ${show(size)}, not a whole number from 0 to 2^53`);
  });
  elementCount(shape as number[], field);
  return shape as number[];
}

/** A tensor from JSON data: flat and row-major, or nested exactly as its shape says. */
export function tensorFromJson(name: string, datatype: Datatype, shape: readonly number[], data: unknown): Tensor {
  const field = `data of input '${name}'`;
  const values = flatten(data, shape, field);
  const expected = elementCount(shape);
  if (values.length !== expected) throw new LeptonError('INVALID_ARGUMENT', `${field} has ${values.length} elements, but shape [${shape.join(',')}] needs ${expected}`);
  if (datatype !== 'BYTES') return { name, datatype, shape, data: encodeElements(datatype, DATATYPE_BYTES[datatype], values, field) };
  return { name, datatype, shape, data: joinByteElements(values.map((value, index) => stringBytes(value, `${field}[${index}]`))) };
}

/** A tensor from little-endian bytes, a view of which it keeps. Checks length, BYTES' own lengths and BOOL's values. */
export function tensorFromBytes(name: string, datatype: Datatype, shape: readonly number[], data: Uint8Array): Tensor {
  const elements = elementCount(shape);
  const field = `data of input '${name}'`;
  if (datatype === 'BYTES') checkByteStrings(data, elements, field);
  else {
    const expected = elements * DATATYPE_BYTES[datatype];
    if (data.byteLength !== expected) throw new LeptonError('INVALID_ARGUMENT', `${field} has ${data.byteLength} bytes, but ${datatype} [${shape.join(',')}] needs ${expected}`);
    if (datatype === 'BOOL') checkBooleans(data, field);
  }
  return { name, datatype, shape, data };
}

function flatten(data: unknown, shape: readonly number[], field: string): readonly unknown[] {
  if (shape.length === 0 && !Array.isArray(data)) return [data];
  if (!Array.isArray(data)) throw new LeptonError('INVALID_ARGUMENT', `${field} must be an array, not ${show(data)}`);
  if (!Array.isArray(data[0]) || shape.length < 2) return data;
  const values: unknown[] = [];
  // Depth is bounded by the shape's rank; sizes are checked on the way, so a hole or a ragged row cannot pass.
  const visit = (level: unknown, axis: number): void => {
    if (!Array.isArray(level) || level.length !== shape[axis]) {
      throw new LeptonError('INVALID_ARGUMENT', `${field} is nested, but has ${show(level)} where shape [${shape.join(',')}] needs an array of ${shape[axis]}`);
    }
    if (axis === shape.length - 1) for (const value of level) values.push(value);
    else for (const inner of level) visit(inner, axis + 1);
  };
  visit(data, 0);
  return values;
}

function stringBytes(value: unknown, field: string): Uint8Array {
  if (typeof value !== 'string') throw new LeptonError('INVALID_ARGUMENT', `${field} is ${show(value)}, not a string (BYTES)`);
  if (!value.isWellFormed()) throw new LeptonError('INVALID_ARGUMENT', `${field} is ${show(value)}, which holds half of a surrogate pair; bytes that are not UTF-8 go as binary data (BYTES)`);
  return Buffer.from(value, 'utf8');
}

function checkByteStrings(data: Uint8Array, elements: number, field: string): void {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let at = 0;
  let count = 0;
  while (at + 4 <= data.byteLength && count <= elements) {
    at += 4 + view.getUint32(at, true);
    count++;
  }
  if (at !== data.byteLength || count !== elements) throw new LeptonError('INVALID_ARGUMENT', `${field}: ${data.byteLength} bytes do not hold ${elements} byte strings, each behind its 4-byte length`);
}

function checkBooleans(data: Uint8Array, field: string): void {
  const index = data.findIndex((value) => value > 1);
  if (index >= 0) throw new LeptonError('INVALID_ARGUMENT', `${field}[${index}] is byte ${data[index]}, not 0 or 1 (BOOL)`);
}
