import { type Datatype, LeptonError } from '../../../core/index.ts';
import { bfloat16Bits, bfloat16ToNumber } from './bfloat16.ts';

/** Writes one JSON value as an element; returns a description of what was expected when the value does not fit. */
type Writer = (view: DataView, at: number, value: unknown) => string | null;

/** Range of whole numbers that JSON numbers carry exactly; larger ones arrive as bigint (parse-json.ts). */
function integerWriter(min: number, max: number, write: (view: DataView, at: number, value: number) => void): Writer {
  const expected = `a whole number from ${min} to ${max}`;
  return (view, at, value) => {
    if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) return expected;
    write(view, at, value);
    return null;
  };
}

function bigIntegerWriter(min: bigint, max: bigint, write: (view: DataView, at: number, value: bigint) => void): Writer {
  const expected = `a whole number from ${min} to ${max}`;
  return (view, at, value) => {
    if (typeof value !== 'bigint' && !Number.isSafeInteger(value)) return expected;
    const exact = BigInt(value as number | bigint);
    if (exact < min || exact > max) return expected;
    write(view, at, exact);
    return null;
  };
}

/**
 * What JSON numbers cannot be, by the strings that stand for it (as in protobuf's JSON mapping). numpy and JavaScript turn
 * these very strings into the numbers.
 */
export const NOT_FINITE: ReadonlyMap<string, number> = new Map([['NaN', Number.NaN], ['Infinity', Number.POSITIVE_INFINITY], ['-Infinity', Number.NEGATIVE_INFINITY]]);

/** Refuses a finite number that would become infinite; `round` is the datatype's own rounding. */
function floatWriter(round: (value: number) => number, write: (view: DataView, at: number, value: number) => void): Writer {
  return (view, at, value) => {
    const number = typeof value === 'bigint' ? Number(value) : value;
    if (typeof number === 'number') {
      if (!Number.isFinite(round(number))) return 'a number within its range';
      write(view, at, number);
      return null;
    }
    const named = typeof number === 'string' ? NOT_FINITE.get(number) : undefined;
    if (named === undefined) return 'a number, "NaN", "Infinity" or "-Infinity"';
    write(view, at, named);
    return null;
  };
}

const WRITERS: Readonly<Record<Exclude<Datatype, 'BYTES'>, Writer>> = {
  BOOL: (view, at, value) => {
    if (typeof value !== 'boolean') return 'true or false';
    view.setUint8(at, value ? 1 : 0);
    return null;
  },
  UINT8: integerWriter(0, 0xff, (view, at, value) => view.setUint8(at, value)),
  UINT16: integerWriter(0, 0xffff, (view, at, value) => view.setUint16(at, value, true)),
  UINT32: integerWriter(0, 0xffff_ffff, (view, at, value) => view.setUint32(at, value, true)),
  UINT64: bigIntegerWriter(0n, 2n ** 64n - 1n, (view, at, value) => view.setBigUint64(at, value, true)),
  INT8: integerWriter(-0x80, 0x7f, (view, at, value) => view.setInt8(at, value)),
  INT16: integerWriter(-0x8000, 0x7fff, (view, at, value) => view.setInt16(at, value, true)),
  INT32: integerWriter(-0x8000_0000, 0x7fff_ffff, (view, at, value) => view.setInt32(at, value, true)),
  INT64: bigIntegerWriter(-(2n ** 63n), 2n ** 63n - 1n, (view, at, value) => view.setBigInt64(at, value, true)),
  BF16: floatWriter((value) => bfloat16ToNumber(bfloat16Bits(value)), (view, at, value) => view.setUint16(at, bfloat16Bits(value), true)),
  FP16: floatWriter(Math.f16round, (view, at, value) => view.setFloat16(at, value, true)),
  FP32: floatWriter(Math.fround, (view, at, value) => view.setFloat32(at, value, true)),
  FP64: floatWriter(Number, (view, at, value) => view.setFloat64(at, value, true)),
};

/** Encodes numbers or booleans as little-endian elements. Throws INVALID_ARGUMENT naming the field, index and value. */
export function encodeElements(datatype: Datatype, bytesEach: number, values: readonly unknown[], field: string): Uint8Array {
  if (datatype === 'BYTES') throw new LeptonError('INVALID_ARGUMENT', `${field}: BYTES are no numbers`);
  const writer = WRITERS[datatype];
  const bytes = new Uint8Array(values.length * bytesEach);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < values.length; index++) {
    const expected = writer(view, index * bytesEach, values[index]);
    if (expected) throw new LeptonError('INVALID_ARGUMENT', `${field}[${index}] is ${show(values[index])}, not ${expected} (${datatype})`);
  }
  return bytes;
}

/** A JSON value for a message: short, and never a deep dive into what a client sent. */
export function show(value: unknown): string {
  // JSON's own form of a number too large for it would be null.
  if (typeof value === 'bigint' || typeof value === 'number') return value.toString();
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (value === null || typeof value !== 'object') {
    const text = JSON.stringify(value) ?? 'absent';
    return text.length > 80 ? `${text.slice(0, 80)}…` : text;
  }
  return 'an object';
}
