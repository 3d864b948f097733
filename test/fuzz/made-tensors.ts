import type { Datatype, Tensor } from '../../src/core/index.ts';
import type { Random } from './random.ts';

/** A tensor in both of its forms, made without the codec: elements as JSON tokens, and as bytes. */
export interface MadeTensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly tokens: readonly string[];
  readonly bytes: Buffer;
}

export const asTensor = ({ name, datatype, shape, bytes }: MadeTensor): Tensor => ({ name, datatype, shape, data: bytes });

const INTEGER_BYTES: Readonly<Partial<Record<Datatype, number>>> = { UINT8: 1, UINT16: 2, UINT32: 4, UINT64: 8, INT8: 1, INT16: 2, INT32: 4, INT64: 8 };
/** Bits of exponent and fraction (IEEE 754, and bfloat16). */
const FLOAT_BITS: Readonly<Partial<Record<Datatype, readonly [exponent: number, fraction: number]>>> = { FP16: [5, 10], BF16: [8, 7], FP32: [8, 23], FP64: [11, 52] };
const LETTERS = ['a', 'Z', '0', ' ', '"', '\\', '/', '\n', '\t', '\0', '\x7f', 'é', '模', '🚀', '\u2028', '\ufeff', '\ufffd'];
const DATATYPES: readonly Datatype[] = ['BOOL', 'BYTES', ...(Object.keys(INTEGER_BYTES) as Datatype[]), ...(Object.keys(FLOAT_BITS) as Datatype[])];

export function makeText(random: Random, lengthMax = 12): string {
  return Array.from({ length: random.below(lengthMax + 1) }, () => random.pick(LETTERS)).join('');
}

export function makeTensor(random: Random, name: string): MadeTensor {
  const datatype = random.pick(DATATYPES);
  const shape = Array.from({ length: random.below(4) }, () => (random.chance(0.1) ? 0 : 1 + random.below(4)));
  const elements = Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () => makeElement(random, datatype));
  return { name, datatype, shape, tokens: elements.map(({ token }) => token), bytes: Buffer.concat(elements.map(({ bytes }) => bytes)) };
}

interface MadeElement {
  readonly token: string;
  readonly bytes: Buffer;
}

function makeElement(random: Random, datatype: Datatype): MadeElement {
  if (datatype === 'BOOL') return random.chance(0.5) ? { token: 'true', bytes: Buffer.of(1) } : { token: 'false', bytes: Buffer.of(0) };
  if (datatype === 'BYTES') {
    const text = makeText(random);
    const bytes = Buffer.from(text, 'utf8');
    return { token: JSON.stringify(text), bytes: Buffer.concat([littleEndian(BigInt(bytes.length), 4), bytes]) };
  }
  const size = INTEGER_BYTES[datatype];
  return size ? makeInteger(random, size, datatype.startsWith('INT')) : makeFloat(random, FLOAT_BITS[datatype] as readonly [number, number]);
}

function makeInteger(random: Random, size: number, signed: boolean): MadeElement {
  const bits = BigInt(size * 8);
  const extremes = [0n, 1n, 2n ** bits - 1n, 2n ** (bits - 1n), 2n ** (bits - 1n) - 1n, 2n ** (size === 8 ? 53n : bits - 2n) + 1n];
  const pattern = random.chance(0.3) ? random.pick(extremes) : fromLittleEndian(random.bytes(size));
  const value = signed && pattern >= 2n ** (bits - 1n) ? pattern - 2n ** bits : pattern;
  return { token: value.toString(), bytes: littleEndian(pattern, size) };
}

/** A finite number of the format from its parts: sign × fraction × 2^exponent, all of which a double holds exactly. */
function makeFloat(random: Random, [exponentBits, fractionBits]: readonly [number, number]): MadeElement {
  const bias = 2 ** (exponentBits - 1) - 1;
  const sign = random.below(2);
  // The largest exponent means infinity or no number.
  const exponent = random.chance(0.2) ? random.pick([0, 1, bias, 2 * bias]) : random.below(2 * bias + 1);
  const fraction = random.chance(0.2) ? random.pick([0n, 1n, 2n ** BigInt(fractionBits) - 1n]) : fromLittleEndian(random.bytes(7)) % 2n ** BigInt(fractionBits);
  const pattern = (((BigInt(sign) << BigInt(exponentBits)) | BigInt(exponent)) << BigInt(fractionBits)) | fraction;
  const significand = Number(fraction) / 2 ** fractionBits + (exponent === 0 ? 0 : 1);
  // In two steps, since 2^-1074 times a fraction would round on the way.
  const power = (exponent || 1) - bias;
  const magnitude = power < -1000 ? (significand * 2 ** (power + 100)) * 2 ** -100 : significand * 2 ** power;
  const value = sign ? -magnitude : magnitude;
  return { token: Object.is(value, -0) ? '-0.0' : String(value), bytes: littleEndian(pattern, (1 + exponentBits + fractionBits) / 8) };
}

function littleEndian(pattern: bigint, size: number): Buffer {
  return Buffer.from(Array.from({ length: size }, (_, index) => Number((pattern >> BigInt(8 * index)) & 0xffn)));
}

function fromLittleEndian(bytes: Buffer): bigint {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}
