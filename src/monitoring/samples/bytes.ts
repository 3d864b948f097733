/** Unsigned whole numbers up to 2^53 as LEB128, texts with their length. */
export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  number(value: number): void {
    this.#reserve(8);
    let rest = Number.isFinite(value) && value > 0 ? Math.min(Math.round(value), Number.MAX_SAFE_INTEGER) : 0;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  text(value: string): void {
    this.bytes(Buffer.from(value, 'utf8'));
  }

  /** With their length before them. */
  bytes(value: Uint8Array): void {
    this.number(value.length);
    this.raw(value);
  }

  raw(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  /** What was written, in memory of its own. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return taken;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

/** Reads what a ByteWriter wrote. Throws RangeError where the bytes end early or hold a number over 2^53. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at: number;
  readonly #end: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get done(): boolean {
    return this.#at >= this.#end;
  }

  number(): number {
    const first = this.#bytes[this.#at] as number;
    if (this.#at < this.#end && first < 0x80) {
      this.#at++;
      return first;
    }
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      if (this.#at >= this.#end || scale > 2 ** 49) throw new RangeError('a number is cut short or too large');
      const byte = this.#bytes[this.#at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  text(): string {
    const { buffer, byteOffset, length } = this.bytes();
    return Buffer.from(buffer, byteOffset, length).toString('utf8');
  }

  bytes(): Uint8Array {
    const start = this.skip();
    return this.#bytes.subarray(start, this.#at);
  }

  /** Past what `bytes` would give; answers where that begins. */
  skip(): number {
    const length = this.number();
    const start = this.#at;
    if (start + length > this.#end) throw new RangeError(`${length} bytes announced, ${this.#end - start} left`);
    this.#at = start + length;
    return start;
  }

  /** A reader of what `bytes` would give, without a view of it. */
  inner(): ByteReader {
    const start = this.skip();
    return new ByteReader(this.#bytes, start, this.#at);
  }
}
