const FIRST_BYTES = 4096;
/** A buffer that grew beyond this is not kept for the next message. */
const KEPT_BYTES = 1 << 20;
const VARINT_BYTES_MAX = 10;

let shared = Buffer.allocUnsafeSlow(FIRST_BYTES);

/** Writes protobuf's wire format. One at a time: writers share their memory, `finish` copies out of it. */
export class ProtoWriter {
  #bytes = shared;
  #at = 0;

  get length(): number {
    return this.#at;
  }

  /** Empty strings are left out, as proto3 does. */
  string(field: number, text: string): void {
    if (text === '') return;
    this.#varint((field << 3) | 2);
    this.#text(text);
  }

  boolean(field: number, value: boolean): void {
    this.#varint(field << 3);
    this.#varint(value ? 1 : 0);
  }

  bytes(field: number, bytes: Uint8Array): void {
    this.bytesHead(field, bytes.byteLength);
    this.#need(bytes.byteLength);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.byteLength;
  }

  /** Tag and length of bytes that are sent apart. */
  bytesHead(field: number, length: number): void {
    this.#varint((field << 3) | 2);
    this.#varint(length);
  }

  /** Whole numbers ≥ 0, packed. */
  packed(field: number, values: readonly number[]): void {
    if (values.length === 0) return;
    const mark = this.begin(field);
    for (const value of values) this.#varint(value);
    this.end(mark);
  }

  /** Begins an embedded message; `end` with what this returns. */
  begin(field: number): number {
    this.#varint((field << 3) | 2);
    this.#need(1);
    return this.#at++;
  }

  end(mark: number): void {
    const length = this.#at - mark - 1;
    if (length < 0x80) {
      this.#bytes[mark] = length;
      return;
    }
    // Its length needs more than the one byte that was left for it.
    const extra = varintBytes(length) - 1;
    this.#need(extra);
    this.#bytes.copyWithin(mark + 1 + extra, mark + 1, this.#at);
    this.#at = mark;
    this.#varint(length);
    this.#at += length;
  }

  finish(): Buffer {
    const message = Buffer.allocUnsafe(this.#at);
    this.#bytes.copy(message, 0, 0, this.#at);
    this.#at = 0;
    if (this.#bytes.length <= KEPT_BYTES) shared = this.#bytes;
    return message;
  }

  #text(text: string): void {
    const start = this.#at;
    this.#need(text.length * 3 + VARINT_BYTES_MAX);
    // One byte for the length is enough for most; the text moves if not.
    this.#at = start + 1;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code >= 0x80 || index >= 0x7f) {
        this.#at = start + 1;
        this.#at += this.#bytes.write(text, this.#at, 'utf8');
        break;
      }
      this.#bytes[this.#at++] = code;
    }
    this.end(start);
  }

  #varint(value: number): void {
    this.#need(VARINT_BYTES_MAX);
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#at++] = rest;
  }

  #need(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#at + bytes, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes++;
  return bytes;
}
