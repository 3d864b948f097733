import type { Datatype, TensorData, TensorInput, TensorOutput } from '../../../../clients/typescript/src/tensors.ts';
import type { Version } from '../../../../clients/typescript/src/types.ts';

export type TensorSpec = Version['manifest']['signature']['inputs'][number];

/** Elements that are shown as text for somebody to begin with. */
const SAMPLE_ELEMENTS_MAX = 4096;
const DEPTH_MAX = 16;

export type TextFault = { readonly kind: 'json'; readonly message: string } | { readonly kind: 'ragged' } | { readonly kind: 'deep' } | { readonly kind: 'empty' };

/** Lists of zeros (or empty texts) in the shape that a version takes, free dimensions being 1. '': too large to write. */
export function sampleText({ datatype, shape }: TensorSpec): string {
  const sizes = shape.map((size) => (size < 0 ? 1 : size));
  if (sizes.reduce((product, size) => product * size, 1) > SAMPLE_ELEMENTS_MAX) return '';
  const element = datatype === 'BYTES' ? '' : datatype === 'BOOL' ? false : 0;
  return JSON.stringify(sizes.reduceRight<unknown>((inner, size) => Array.from({ length: size }, () => inner), element));
}

/** What somebody wrote as nested lists, as a tensor. A flat list takes the version's shape where it fits. */
export function tensorOfText(text: string, { datatype, shape, untyped }: TensorSpec): TensorInput | TextFault {
  if (!text.trim()) return { kind: 'empty' };
  let value: unknown;
  try {
    value = parseExact(text);
  } catch (error) {
    return { kind: 'json', message: (error as Error).message };
  }
  const found = shapeOf(value);
  if (!Array.isArray(found)) return found;
  const flat = (Array.isArray(value) ? value.flat(DEPTH_MAX) : [value]) as TensorData;
  const fitted = found.length === 1 && shape.length !== 1 && !untyped ? fit(flat.length, shape) : undefined;
  return { data: flat, shape: fitted ?? found, ...(untyped ? {} : { datatype: datatype as Datatype }) };
}

export const isFault = (value: TensorInput | TextFault): value is TextFault => 'kind' in value;

/** Whole numbers beyond 2^53 stay what they are. */
function parseExact(text: string): unknown {
  return JSON.parse(text, ((_key: string, value: unknown, context?: { readonly source?: string }) => {
    const source = context?.source;
    return typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined && /^-?\d+$/.test(source) ? BigInt(source) : value;
  }) as (key: string, value: unknown) => unknown);
}

/** Lists in lists, all of one length at each depth. */
function shapeOf(value: unknown): number[] | TextFault {
  const shape: number[] = [];
  for (let first = value; Array.isArray(first); first = first[0]) {
    shape.push(first.length);
    if (shape.length > DEPTH_MAX) return { kind: 'deep' };
  }
  return isRegular(value, shape, 0) ? shape : { kind: 'ragged' };
}

function isRegular(value: unknown, shape: readonly number[], depth: number): boolean {
  if (depth === shape.length) return !Array.isArray(value);
  return Array.isArray(value) && value.length === shape[depth] && value.every((inner) => isRegular(inner, shape, depth + 1));
}

/** The shape with its one free dimension filled in so that it holds so many elements. */
export function fit(elements: number, shape: readonly number[]): number[] | undefined {
  const fixed = shape.reduce((product, size) => (size < 0 ? product : product * size), 1);
  const free = shape.filter((size) => size < 0).length;
  if (free === 0) return fixed === elements ? [...shape] : undefined;
  if (fixed === 0 || elements % fixed !== 0) return undefined;
  // Of several free dimensions all but the last are 1.
  let left = free;
  return shape.map((size) => (size >= 0 ? size : --left === 0 ? elements / fixed : 1));
}

/** The numbers of an output; null for texts. Floats of 16 bits are made numbers. */
export function numbersOf({ datatype, data }: TensorOutput): readonly number[] | null {
  if (datatype === 'BYTES') return null;
  const values = Array.from(data as Iterable<number | bigint>, Number);
  if (datatype === 'BF16') return values.map((bits) => new Float32Array(new Uint32Array([bits * 65_536]).buffer)[0] as number);
  return datatype === 'FP16' ? values.map(halfOf) : values;
}

/** IEEE 754 half precision. */
function halfOf(bits: number): number {
  const [sign, exponent, fraction] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 0x1f, bits & 0x3ff];
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

export interface Difference {
  /** Largest difference of two elements; null: the shapes differ, or they are no numbers. */
  readonly largest: number | null;
  /** Whether the largest element is at the same place. */
  readonly sameTop: boolean | null;
  readonly equal: boolean;
}

/** How one version's output differs from another's. */
export function differenceOf(a: TensorOutput, b: TensorOutput): Difference {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  if (JSON.stringify(a.shape) !== JSON.stringify(b.shape)) return { largest: null, sameTop: null, equal: false };
  if (!left || !right) return { largest: null, sameTop: null, equal: JSON.stringify(textsOf(a)) === JSON.stringify(textsOf(b)) };
  const largest = left.reduce((most, value, index) => Math.max(most, Math.abs(value - (right[index] as number))), 0);
  return { largest, sameTop: left.length > 1 ? topOf(left) === topOf(right) : null, equal: largest === 0 };
}

/** BYTES as texts; what is no UTF-8 is shown with replacement characters. */
export const textsOf = ({ data }: TensorOutput): readonly string[] => Array.from(data as readonly Uint8Array[], (bytes) => new TextDecoder().decode(bytes));

const topOf = (values: readonly number[]): number => values.reduce((best, value, index) => (value > (values[best] as number) ? index : best), 0);

/** The places of the largest elements, the largest first. */
export function largestOf(values: readonly number[], count: number): readonly { readonly index: number; readonly value: number }[] {
  return values.map((value, index) => ({ index, value })).sort((a, b) => b.value - a.value).slice(0, count);
}
