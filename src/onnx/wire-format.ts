/** Protobuf's wire format, as far as it takes to cut a message into fields and to put others in their place. */
import { LeptonError } from '../core/index.ts';

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

export interface WireField {
  readonly number: number;
  /** Of a varint; 0 for other kinds. */
  readonly value: number;
  /** Content of a length-delimited field; empty for other kinds. */
  readonly content: Uint8Array;
  /** The whole field with its tag. */
  readonly bytes: Uint8Array;
}

const EMPTY: Uint8Array = new Uint8Array(0);

/** A message's fields in their order. Throws MODEL_INVALID where the bytes are no message. */
export function* wireFields(message: Uint8Array): Generator<WireField> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = message[at++];
      if (byte === undefined) throw damaged('ends inside a number');
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw damaged('has a number of more than ten bytes');
  };
  while (at < message.byteLength) {
    const start = at;
    const tag = varint();
    const kind = tag % 8;
    let value = 0;
    let content = EMPTY;
    if (kind === VARINT) value = varint();
    else if (kind === FIXED64) at += 8;
    else if (kind === FIXED32) at += 4;
    else if (kind === LENGTH_DELIMITED) {
      const length = varint();
      content = message.subarray(at, at + length);
      at += length;
    } else throw damaged(`has a field of wire type ${kind}`);
    if (at > message.byteLength) throw damaged('ends inside a field');
    yield { number: Math.floor(tag / 8), value, content, bytes: message.subarray(start, at) };
  }
}

/** All content of one message field: repeated ones merge, as protobuf says. null when it is not there. */
export function mergedContent(message: Uint8Array, number: number): Uint8Array | null {
  const parts = [...wireFields(message)].filter((field) => field.number === number).map((field) => field.content);
  return parts.length > 1 ? Buffer.concat(parts) : (parts[0] ?? null);
}

/** A string field; the last one counts. '' when it is not there. */
export function textOf(message: Uint8Array, number: number): string {
  let text = '';
  for (const field of wireFields(message)) if (field.number === number) text = Buffer.from(field.content).toString('utf8');
  return text;
}

/** A varint field; the last one counts. 0 when it is not there. */
export function numberOf(message: Uint8Array, number: number): number {
  let value = 0;
  for (const field of wireFields(message)) if (field.number === number) value = field.value;
  return value;
}

/** A field that holds a message, bytes or text. */
export function lengthDelimited(number: number, content: Uint8Array | string, ...more: readonly Uint8Array[]): Buffer {
  const body = [typeof content === 'string' ? Buffer.from(content) : content, ...more];
  const length = body.reduce((sum, part) => sum + part.byteLength, 0);
  return Buffer.concat([varintBytes(number * 8 + LENGTH_DELIMITED), varintBytes(length), ...body]);
}

export const varintField = (number: number, value: number): Buffer => Buffer.concat([varintBytes(number * 8 + VARINT), varintBytes(value)]);

function varintBytes(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) + 0x80);
  return Uint8Array.of(...bytes, rest);
}

const damaged = (what: string): LeptonError => new LeptonError('MODEL_INVALID', `the model file ${what}: it is damaged or is no ONNX model`);
