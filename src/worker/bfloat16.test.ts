import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { bfloat16ToFloats, floatsToBfloat16 } from './bfloat16.ts';

describe('bfloat16', () => {
  it('is exact there and back for all 65,536 values', () => {
    const all = Uint16Array.from({ length: 65_536 }, (_, index) => index);
    const back = floatsToBfloat16(bfloat16ToFloats(all));
    // A signalling NaN comes back quiet, as IEEE 754 has it.
    for (const bits of all) assert.equal(back[bits], (bits & 0x7f80) === 0x7f80 && (bits & 0x7f) !== 0 ? bits | 0x40 : bits);
  });

  it('has the values that IEEE 754 gives', () => {
    const floats = bfloat16ToFloats(Uint16Array.of(0x3f80, 0xc020, 0x0001, 0x8000, 0x7f80, 0xff80, 0x7f7f, 0x4049));
    assert.deepEqual([...floats], [1, -2.5, 2 ** -133, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3.3895313892515355e38, 3.140625]);
  });

  it('rounds to nearest, ties to even', () => {
    const bits = (...values: number[]): Uint16Array => floatsToBfloat16(new Float32Array(Uint32Array.from(values).buffer));
    assert.deepEqual([...bits(0x3f807fff, 0x3f808000, 0x3f808001, 0x3f818000, 0x7f7fffff, 0xff7fffff, 0x7f800001, 0x00007fff, 0x00008000, 0x00018000)], [0x3f80, 0x3f80, 0x3f81, 0x3f82, 0x7f80, 0xff80, 0x7fc0, 0, 0, 2]);
  });
});
