/** bfloat16 ⇄ float: a bfloat16 is the upper half of a float's bits. */

/** Exact for every value, NaN payloads too. */
export function bfloat16ToFloats(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(halves.length);
  for (let index = 0; index < bits.length; index++) bits[index] = (halves[index] as number) << 16;
  return new Float32Array(bits.buffer);
}

/** Rounds to nearest, ties to even. NaN stays NaN with the upper part of its payload. */
export function floatsToBfloat16(floats: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(floats.buffer, floats.byteOffset, floats.length);
  const halves = new Uint16Array(bits.length);
  for (let index = 0; index < bits.length; index++) {
    const value = bits[index] as number;
    const isNan = (value & 0x7fffffff) > 0x7f800000;
    halves[index] = isNan ? (value >>> 16) | 0x40 : (value + 0x7fff + ((value >>> 16) & 1)) >>> 16;
  }
  return halves;
}
