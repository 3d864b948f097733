import type { Datatype } from './tensors.ts';

type Whole = 'UINT8' | 'UINT16' | 'UINT32' | 'UINT64' | 'INT8' | 'INT16' | 'INT32' | 'INT64';
const RANGES: Readonly<Record<Whole, readonly [number | bigint, number | bigint]>> = {
  UINT8: [0, 0xff], UINT16: [0, 0xffff], UINT32: [0, 0xffff_ffff], UINT64: [0n, 2n ** 64n - 1n],
  INT8: [-0x80, 0x7f], INT16: [-0x8000, 0x7fff], INT32: [-0x8000_0000, 0x7fff_ffff], INT64: [-(2n ** 63n), 2n ** 63n - 1n],
};

/** What an element of this datatype must be, when the value is none; undefined when it is one. Nothing is ever converted to fit. */
export function elementFault(value: unknown, datatype: Datatype): string | undefined {
  if (datatype === 'BYTES') return typeof value === 'string' || value instanceof Uint8Array ? undefined : 'a text';
  if (datatype === 'BOOL') return typeof value === 'boolean' || value === 0 || value === 1 ? undefined : 'true or false';
  if (datatype in RANGES) return wholeFault(value, RANGES[datatype as Whole]);
  if (typeof value !== 'number' && typeof value !== 'bigint') return 'a number';
  // NaN and infinities are what somebody wrote; a finite number that becomes infinite is not.
  return Number.isFinite(Number(value)) && !staysFinite(Number(value), datatype) ? 'a number within its range' : undefined;
}

function wholeFault(value: unknown, [min, max]: readonly [number | bigint, number | bigint]): string | undefined {
  const fits = (typeof value === 'bigint' || Number.isSafeInteger(value)) && (value as bigint) >= min && (value as bigint) <= max;
  return fits ? undefined : `a whole number from ${min} to ${max}`;
}

function staysFinite(value: number, datatype: Datatype): boolean {
  if (datatype === 'FP16') return (float16Bits(value) & 0x7fff) < 0x7c00;
  if (datatype === 'BF16') return (bfloat16Bits(value) & 0x7fff) < 0x7f80;
  return datatype === 'FP64' || Number.isFinite(Math.fround(value));
}

/** The 16 bits of a number in IEEE 754 half precision, rounded to nearest, ties to even. */
export const float16Bits = (value: number): number => floatBits(value, 10, 15);
/** The same in bfloat16. */
export const bfloat16Bits = (value: number): number => floatBits(value, 7, 127);

/**
 * Counts in steps of the last bit: with the exponent e, a number is `count` steps of 2^(e - mantissaBits), and its bits are
 * that count plus (e - least e) · 2^mantissaBits. Subnormals, and counts that round up to the next exponent, come out right.
 */
function floatBits(value: number, mantissaBits: number, bias: number): number {
  const infinity = (2 * bias + 1) << mantissaBits;
  if (Number.isNaN(value)) return infinity | (1 << (mantissaBits - 1));
  const magnitude = Math.abs(value);
  const exponent = Math.min(bias + 1, Math.max(1 - bias, Math.floor(Math.log2(magnitude))));
  const count = roundHalfEven(magnitude / 2 ** (exponent - mantissaBits));
  const bits = Math.min(infinity, count + (exponent + bias - 1) * 2 ** mantissaBits);
  return value < 0 || Object.is(value, -0) ? bits | 0x8000 : bits;
}

function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}
