const FLOAT = new Float32Array(1);
const BITS = new Uint32Array(FLOAT.buffer);

/** A number as bfloat16, rounded once, to nearest with ties to even. What is too large becomes infinite. */
export function bfloat16Bits(value: number): number {
  if (Number.isNaN(value)) return 0x7fc0;
  FLOAT[0] = value;
  const bits = BITS[0] as number;
  const upper = bits >>> 16;
  const lower = bits & 0xffff;
  if (lower < 0x8000) return upper;
  if (lower > 0x8000) return upper + 1;
  // Halfway, unless rounding to float32 has only just moved it there.
  const moved = Math.abs(value) - Math.abs(FLOAT[0]);
  if (moved !== 0) return moved > 0 ? upper + 1 : upper;
  return upper + (upper & 1);
}

/** The number that a bfloat16 stands for: it is the upper half of a float32. */
export function bfloat16ToNumber(bits: number): number {
  BITS[0] = bits << 16;
  return FLOAT[0] as number;
}
