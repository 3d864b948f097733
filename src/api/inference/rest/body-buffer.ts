import { releaseBytes } from '../../../core/index.ts';

const FIRST_CAPACITY_BYTES = 128 * 2 ** 10;

/**
 * A body as it arrives, in one piece of memory that grows with what has arrived and not with what was announced. Chunks are
 * copied at once, so that thousands of them in flight don't leave the process's heap in holes.
 */
export class BodyBuffer {
  readonly #bytesMax: number;
  #bytes = Buffer.alloc(0);
  #length = 0;

  /** `bytesMax`: as many as will come at most. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get length(): number {
    return this.#length;
  }

  push(chunk: Uint8Array): void {
    const length = this.#length + chunk.byteLength;
    if (length > this.#bytes.byteLength) this.#grow(length);
    this.#bytes.set(chunk, this.#length);
    this.#length = length;
  }

  /** The body; its memory is the caller's alone. */
  take(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, Math.min(this.#bytesMax, Math.max(FIRST_CAPACITY_BYTES, 2 * this.#bytes.byteLength))));
    grown.set(this.#bytes.subarray(0, this.#length));
    releaseBytes(this.#bytes);
    this.#bytes = grown;
  }
}
