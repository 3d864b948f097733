import { LeptonError } from './errors.ts';

/** The datatypes of the Open Inference Protocol v2. */
export const DATATYPES = ['BOOL', 'UINT8', 'UINT16', 'UINT32', 'UINT64', 'INT8', 'INT16', 'INT32', 'INT64', 'FP16', 'BF16', 'FP32', 'FP64', 'BYTES'] as const;
export type Datatype = (typeof DATATYPES)[number];

/** Bytes of one element; 0 for BYTES, whose elements carry a 4-byte little-endian length each. */
export const DATATYPE_BYTES: Readonly<Record<Datatype, number>> = {
  BOOL: 1, UINT8: 1, UINT16: 2, UINT32: 4, UINT64: 8, INT8: 1, INT16: 2, INT32: 4, INT64: 8, FP16: 2, BF16: 2, FP32: 4, FP64: 8, BYTES: 0,
};

/** Datatypes with NaN and infinities. */
export const isFloat = (datatype: Datatype): boolean => datatype.startsWith('FP') || datatype === 'BF16';

export function isDatatype(value: unknown): value is Datatype {
  return typeof value === 'string' && (DATATYPES as readonly string[]).includes(value);
}

/** Name, datatype and shape of one input or output. `-1` is a dimension that the request chooses. */
export interface TensorSpec {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  /** Names of symbolic dimensions, by position; equal names mean equal sizes. '' or absent: unnamed. */
  readonly dimensionNames?: readonly string[];
  /** The model does not say what it takes or gives: datatype and shape stand for clients that must know some, and bind nobody. */
  readonly untyped?: true;
}

/** What a version takes and gives. Read from the model itself, or from the examples that it was saved with. */
export interface Signature {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

/**
 * One tensor on its way. `data` holds the elements row-major, little-endian; for BYTES each element is a 4-byte
 * little-endian length and that many bytes (the binary tensor extension's own layout).
 */
export interface Tensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** Most elements that a shape may name; larger products are refused before anything is allocated. */
export const ELEMENTS_MAX = 2 ** 40;

/** Product of a shape. Scalars (shape []) have one element. Throws INVALID_ARGUMENT on negative, fractional or overflowing sizes. */
export function elementCount(shape: readonly number[], field = 'shape'): number {
  let count = 1;
  for (const size of shape) {
    if (!Number.isSafeInteger(size) || size < 0) throw new LeptonError('INVALID_ARGUMENT', `${field}: dimension ${size} is not a whole number ≥ 0 in [${shape.join(',')}]`);
    count *= size;
    if (count > ELEMENTS_MAX) throw new LeptonError('INVALID_ARGUMENT', `${field}: [${shape.join(',')}] names more than ${ELEMENTS_MAX} elements`);
  }
  return count;
}

/** Whether a concrete tensor's shape fits what a specification says, if it binds. */
export function specFits(shape: readonly number[], spec: TensorSpec): boolean {
  return spec.untyped === true || shapeFits(shape, spec.shape);
}

/** Whether a concrete shape fits a specification's shape (-1 fits any size). */
export function shapeFits(shape: readonly number[], spec: readonly number[]): boolean {
  return shape.length === spec.length && spec.every((size, axis) => size === -1 || size === shape[axis]);
}
