import { LeptonError } from '../../../../core/index.ts';

/** A message's fields: names by number, for errors. A field with another wire type than its own is refused by its name. */
export interface MessageFields {
  readonly message: string;
  readonly names: readonly (string | undefined)[];
}

export const WireType = { varint: 0, fixed64: 1, bytes: 2, startGroup: 3, endGroup: 4, fixed32: 5 } as const;
const WIRE_NAMES = ['varint', 'fixed64', 'length-delimited', 'group', 'end of group', 'fixed32'];
const GROUP_DEPTH_MAX = 100;
const SHORT_STRING_BYTES = 32;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const TWO_32 = 2 ** 32;

/**
 * Reads protobuf's wire format field by field, without copies. Every method throws INVALID_ARGUMENT naming message, field
 * and byte when the bytes are not what they should be.
 *
 *   for (let tag = reader.tag(FIELDS); tag !== 0; tag = reader.tag(FIELDS)) switch (tag) { … default: reader.skip(tag); }
 */
export class ProtoReader {
  readonly #bytes: Buffer;
  #at = 0;
  #end: number;
  #fields: MessageFields | null = null;
  #number = 0;
  readonly #path: string[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = bytes.byteLength;
  }

  /** The next field's tag (number << 3 | wire type); 0 at the end of the message. */
  tag(fields: MessageFields): number {
    this.#fields = fields;
    this.#number = 0;
    if (this.#at >= this.#end) return 0;
    const first = this.#bytes[this.#at] as number;
    let tag = first;
    if (first < 0x80) this.#at++;
    else tag = this.#longTag();
    if (tag >>> 3 === 0) throw this.#malformed('field number 0');
    this.#number = tag >>> 3;
    return tag;
  }

  /** Passes over a field that the message does not have. Throws for one that it has, but with another wire type. */
  skip(tag: number): void {
    if (this.#fields?.names[tag >>> 3] !== undefined) throw this.#malformed(`wire type ${tag & 7} (${WIRE_NAMES[tag & 7] ?? 'unknown'}) is not this field's`);
    this.#skipValue(tag, 0);
  }

  /** Enters an embedded message; its fields follow until `tag` gives 0, then `leave` with what this returned. */
  enter(name: string): number {
    const end = this.#lengthEnd();
    const outer = this.#end;
    this.#end = end;
    this.#path.push(name);
    return outer;
  }

  leave(outerEnd: number): void {
    this.#end = outerEnd;
    this.#path.pop();
  }

  string(): string {
    const end = this.#lengthEnd();
    const start = this.#at;
    this.#at = end;
    if (end - start > SHORT_STRING_BYTES) return this.#utf8(start, end);
    let text = '';
    for (let at = start; at < end; at++) {
      const code = this.#bytes[at] as number;
      if (code >= 0x80) return this.#utf8(start, end);
      text += String.fromCharCode(code);
    }
    return text;
  }

  /** A view. */
  bytes(): Buffer {
    const end = this.#lengthEnd();
    const view = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return view;
  }

  boolean(): boolean {
    return this.uint64() !== 0;
  }

  double(): number {
    const at = this.#take(8);
    return this.#bytes.readDoubleLE(at);
  }

  /** A view of one value's bytes. */
  fixed(size: number): Buffer {
    const at = this.#take(size);
    return this.#bytes.subarray(at, at + size);
  }

  /** Exact: a number where that is possible, otherwise a bigint. */
  int64(): number | bigint {
    const byte = this.#bytes[this.#at] as number;
    if (this.#at < this.#end && byte < 0x80) {
      this.#at++;
      return byte;
    }
    const [low, high] = this.#varint();
    const number = (high | 0) * TWO_32 + low;
    return Number.isSafeInteger(number) ? number : (BigInt(high | 0) << 32n) | BigInt(low);
  }

  /** Exact: a number where that is possible, otherwise a bigint. */
  uint64(): number | bigint {
    const [low, high] = this.#varint();
    const number = high * TWO_32 + low;
    return Number.isSafeInteger(number) ? number : (BigInt(high) << 32n) | BigInt(low);
  }

  /** The values of a packed repeated field. */
  packed(read: () => void): void {
    const outer = this.#end;
    this.#end = this.#lengthEnd();
    while (this.#at < this.#end) read();
    this.#end = outer;
  }

  #utf8(start: number, end: number): string {
    try {
      return UTF8.decode(this.#bytes.subarray(start, end));
    } catch {
      this.#at = start;
      throw this.#malformed('is not UTF-8');
    }
  }

  /** Low and high half, both unsigned. */
  #varint(): [number, number] {
    const start = this.#at;
    let low = 0;
    let high = 0;
    for (let index = 0; index < 10; index++) {
      if (this.#at >= this.#end) throw this.#malformed('ends in the middle of a number');
      const byte = this.#bytes[this.#at++] as number;
      const bits = byte & 0x7f;
      if (index < 4) low |= bits << (7 * index);
      else if (index === 4) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (7 * index - 32);
      if (byte < 0x80) {
        if (index === 9 && bits > 1) break;
        return [low >>> 0, high >>> 0];
      }
    }
    this.#at = start;
    throw this.#malformed('has a number of more than 64 bits');
  }

  #longTag(): number {
    const start = this.#at;
    const [low, high] = this.#varint();
    if (high === 0 && this.#at - start <= 5) return low;
    this.#at = start;
    throw this.#malformed('a tag of more than 32 bits');
  }

  #lengthEnd(): number {
    const [low, high] = this.#varint();
    const length = high * TWO_32 + low;
    if (length > this.#end - this.#at) throw this.#malformed(`announces ${length} bytes, but only ${this.#end - this.#at} are left`);
    return this.#at + length;
  }

  #take(size: number): number {
    const at = this.#at;
    if (size > this.#end - at) throw this.#malformed(`needs ${size} bytes, but only ${this.#end - at} are left`);
    this.#at += size;
    return at;
  }

  #skipValue(tag: number, depth: number): void {
    switch (tag & 7) {
      case WireType.varint:
        this.#varint();
        return;
      case WireType.fixed64:
        this.#take(8);
        return;
      case WireType.bytes:
        this.#at = this.#lengthEnd();
        return;
      case WireType.fixed32:
        this.#take(4);
        return;
      case WireType.startGroup:
        return this.#skipGroup(tag, depth);
      default:
        throw this.#malformed(`wire type ${tag & 7} has no meaning here`);
    }
  }

  #skipGroup(tag: number, depth: number): void {
    if (depth >= GROUP_DEPTH_MAX) throw this.#malformed(`groups nest deeper than ${GROUP_DEPTH_MAX}`);
    for (;;) {
      if (this.#at >= this.#end) throw this.#malformed('a group does not end');
      const inner = this.#longTag();
      if (inner >>> 3 === 0) throw this.#malformed('field number 0');
      if ((inner & 7) !== WireType.endGroup) this.#skipValue(inner, depth + 1);
      else if (inner >>> 3 === tag >>> 3) return;
      else throw this.#malformed('a group ends that did not begin');
    }
  }

  #malformed(what: string): LeptonError {
    const field = this.#fields?.names[this.#number] ?? (this.#number ? `field ${this.#number}` : '');
    const [root, ...inner] = this.#path.length ? this.#path : [this.#fields?.message ?? ''];
    const where = [root, ...inner, field].filter(Boolean).join('.');
    return new LeptonError('INVALID_ARGUMENT', `${where}: ${what} (byte ${this.#at})`);
  }
}
