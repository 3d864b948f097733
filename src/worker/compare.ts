import { byteElements, isFloat, type Tensor } from '../core/index.ts';
import { bfloat16ToFloats } from './bfloat16.ts';

/** The first element in which two tensors differ. */
export interface Difference {
  readonly tensor: string;
  /** Row-major element index; null when shape or datatype differ already. */
  readonly index: number | null;
  readonly expected: string;
  readonly got: string;
}

/** A difference in words. */
export function describeDifference(difference: Difference): string {
  const where = difference.index === null ? difference.tensor : `${difference.tensor} element ${difference.index}`;
  return `${where}: expected ${difference.expected}, got ${difference.got}`;
}

/**
 * Compares element by element. Floats may differ by `tolerance` absolute plus relative to the expected value, NaN equals
 * NaN; everything else must be equal.
 */
export function firstDifference(expected: Tensor, got: Tensor, tolerance: number): Difference | null {
  const form = (tensor: Tensor): string => `${tensor.datatype}[${tensor.shape.join(',')}]`;
  if (form(expected) !== form(got)) return { tensor: expected.name, index: null, expected: form(expected), got: form(got) };
  const [left, right] = [elementsOf(expected), elementsOf(got)];
  const float = isFloat(expected.datatype);
  for (let index = 0; index < left.length; index++) {
    const [a, b] = [left[index], right[index]];
    if (float ? floatsAgree(a as number, b as number, tolerance) : a === b) continue;
    const readable = (value: typeof a): string => (expected.datatype === 'BYTES' ? Buffer.from(value as string, 'latin1').toString('utf8') : String(value)).slice(0, 200);
    return { tensor: expected.name, index, expected: readable(a), got: readable(b) };
  }
  return null;
}

function floatsAgree(expected: number, got: number, tolerance: number): boolean {
  if (Object.is(expected, got) || expected === got) return true;
  return Math.abs(got - expected) <= tolerance + tolerance * Math.abs(expected);
}

type Elements = ArrayLike<number | bigint | string | undefined>;

/** The elements as JavaScript values; numbers for floats and small integers, bigint for 64 bits, one character a byte for BYTES. */
function elementsOf(tensor: Tensor): Elements {
  if (tensor.datatype === 'BYTES') return byteElements(tensor).map((element) => element.toString('latin1'));
  const { buffer } = Uint8Array.prototype.slice.call(tensor.data);
  switch (tensor.datatype) {
    case 'BOOL': case 'UINT8': return new Uint8Array(buffer);
    case 'UINT16': return new Uint16Array(buffer);
    case 'UINT32': return new Uint32Array(buffer);
    case 'UINT64': return new BigUint64Array(buffer);
    case 'INT8': return new Int8Array(buffer);
    case 'INT16': return new Int16Array(buffer);
    case 'INT32': return new Int32Array(buffer);
    case 'INT64': return new BigInt64Array(buffer);
    case 'FP16': return new Float16Array(buffer);
    case 'BF16': return bfloat16ToFloats(new Uint16Array(buffer));
    case 'FP32': return new Float32Array(buffer);
    case 'FP64': return new Float64Array(buffer);
  }
}
