/**
 * Inputs made up from a signature, for versions that bring no known answers. The free dimensions are guessed: a model
 * seldom says that its sequence must be a multiple of 16.
 */
import { DATATYPE_BYTES, encodeByteElements, isFloat, seededRandom, type Signature, type Tensor, type TensorSpec } from '../core/index.ts';
import { arrayOf, bytesOf } from './json-tensor.ts';
import type { TensorSet } from './loaded-model.ts';

/** Sizes tried for a free dimension, likeliest first. */
const SIZES = [1, 2, 8, 16, 64, 512, 1536] as const;
/** Most bytes of one made-up input set: an arena that a wild guess has grown stays that large for the replica's life. */
const BYTES_MAX = 4 * 2 ** 20;

export type Values = 'random' | 'ones' | 'zeros';
/** Size by free dimension; see `dimensionKey`. */
export type DimensionSizes = ReadonlyMap<string, number>;

/** Free dimensions of the inputs that are not the first of their tensor, and those that are. Equal names mean one dimension. */
export function freeDimensions(signature: Signature): readonly string[] {
  const keys = signature.inputs.flatMap((spec) => spec.shape.flatMap((size, axis) => (size === -1 ? [dimensionKey(spec, axis)] : [])));
  return [...new Set(keys)];
}

const dimensionKey = (spec: TensorSpec, axis: number): string => (spec.dimensionNames?.[axis] ? `=${spec.dimensionNames[axis]}` : `${spec.name}#${axis}`);

/**
 * Guesses at the free dimensions, most plausible first: all 1; one at a time at each other size; all but the first
 * dimensions at one size; then pairs. Lazily: the caller stops when one works or its patience ends.
 */
export function* guessDimensions(keys: readonly string[]): Generator<DimensionSizes> {
  const ones = new Map(keys.map((key) => [key, 1]));
  yield ones;
  const others = SIZES.filter((size) => size !== 1);
  for (const key of keys) for (const size of others) yield new Map(ones).set(key, size);
  if (keys.length < 2) return;
  for (const size of others) yield new Map(keys.map((key, index) => [key, index === 0 ? 1 : size]));
  for (const [index, first] of keys.entries()) {
    for (const second of keys.slice(index + 1)) for (const a of others) for (const b of others) yield new Map(ones).set(first, a).set(second, b);
  }
}

/** An input set of these sizes, or null when it would be too large to be a sensible guess. */
export function synthesise(signature: Signature, sizes: DimensionSizes, values: Values, seed: number): TensorSet | null {
  const shapes = signature.inputs.map((spec) => spec.shape.map((size, axis) => (size === -1 ? (sizes.get(dimensionKey(spec, axis)) ?? 1) : size)));
  const bytes = signature.inputs.reduce((sum, spec, index) => sum + product(shapes[index] as number[]) * (DATATYPE_BYTES[spec.datatype] || 4), 0);
  if (bytes > BYTES_MAX) return null;
  const random = seededRandom(seed);
  return signature.inputs.map((spec, index) => fill(spec, shapes[index] as number[], values, random));
}

const product = (shape: readonly number[]): number => shape.reduce((count, size) => count * size, 1);

function fill(spec: TensorSpec, shape: number[], values: Values, random: () => number): Tensor {
  const { name, datatype } = spec;
  const count = product(shape);
  if (datatype === 'BYTES') return { name, datatype, shape, data: encodeByteElements(Array.from({ length: count }, () => (values === 'random' ? randomText(random) : values === 'ones' ? 'a' : ''))) };
  const array = arrayOf(datatype, count);
  for (let index = 0; index < count && values !== 'zeros'; index++) {
    // Integers stay 0 or 1, since they are often indices into something small.
    const value = values === 'ones' ? 1 : isFloat(datatype) ? random() * 2 - 1 : Math.floor(random() * 2);
    array[index] = array instanceof BigInt64Array || array instanceof BigUint64Array ? BigInt(value) : value;
  }
  return { name, datatype, shape, data: bytesOf(datatype, array) };
}

/** A digit: text for those who want text, and a number for those who read one out of it. */
const randomText = (random: () => number): string => String(Math.floor(random() * 10));

/** The same values one place further on in every tensor: another valid-looking input without knowing what is valid. */
export function rotate(inputs: TensorSet, places: number): TensorSet {
  return inputs.map((tensor) => {
    const size = DATATYPE_BYTES[tensor.datatype];
    if (size === 0 || tensor.data.byteLength <= size) return tensor;
    const at = (places * size) % tensor.data.byteLength;
    return { ...tensor, data: Buffer.concat([tensor.data.subarray(at), tensor.data.subarray(0, at)]) };
  });
}
