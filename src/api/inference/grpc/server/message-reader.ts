import { LeptonError } from '../../../../core/index.ts';
import { tooLarge } from './compression.ts';

const PREFIX_BYTES = 5;
const FIRST_CAPACITY_BYTES = 65_536;
const GROWTH = 4;

/** A message as it came: its bytes may still be compressed. */
export interface ReceivedMessage {
  readonly compressed: boolean;
  readonly bytes: Buffer;
}

/**
 * Cuts a call's bytes into messages: one byte of flags, four of length (big-endian), then the message. Chunks may hold
 * parts of messages or many; a message that lies in one chunk is a view of it. What is kept of an unfinished message grows
 * with what has arrived, not with what was announced.
 */
export class MessageReader {
  readonly #bytesMax: number;
  /** The beginning of a message, prefix included. */
  #partial: Buffer = Buffer.alloc(0);
  #length = 0;
  /** Bytes that are needed before anything more can be said. */
  #needed = PREFIX_BYTES;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** A message has begun that has not arrived whole. */
  get inMessage(): boolean {
    return this.#length > 0;
  }

  /** Throws TOO_LARGE before such a message is collected, INVALID_ARGUMENT for unknown flags. */
  read(chunk: Buffer, onMessage: (message: ReceivedMessage) => void): void {
    let rest = chunk;
    while (this.#length > 0) {
      const taken = Math.min(rest.length, this.#needed - this.#length);
      this.#keep(rest.subarray(0, taken));
      rest = rest.subarray(taken);
      if (this.#length < this.#needed) return;
      const size = this.#sizeOf(this.#partial);
      if (this.#length < size) {
        this.#needed = size;
        continue;
      }
      const whole = this.#partial.subarray(0, size);
      this.#partial = Buffer.alloc(0);
      this.#length = 0;
      onMessage(messageOf(whole));
    }
    while (rest.length >= PREFIX_BYTES) {
      const size = this.#sizeOf(rest);
      if (rest.length < size) break;
      onMessage(messageOf(rest.subarray(0, size)));
      rest = rest.subarray(size);
    }
    if (rest.length === 0) return;
    this.#needed = rest.length < PREFIX_BYTES ? PREFIX_BYTES : this.#sizeOf(rest);
    this.#keep(rest);
  }

  /** The client sends no more. Throws INVALID_ARGUMENT in the middle of a message. */
  finish(): void {
    if (this.#length === 0) return;
    const expected = this.#needed === PREFIX_BYTES ? `the ${PREFIX_BYTES} of its prefix` : `${this.#needed - PREFIX_BYTES}`;
    const arrived = this.#needed === PREFIX_BYTES ? this.#length : this.#length - PREFIX_BYTES;
    throw new LeptonError('INVALID_ARGUMENT', `the request ends in the middle of a message: ${arrived} bytes of ${expected} arrived`);
  }

  #keep(bytes: Buffer): void {
    const length = this.#length + bytes.length;
    if (length > this.#partial.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length, Math.min(this.#needed, Math.max(FIRST_CAPACITY_BYTES, this.#partial.length * GROWTH))));
      this.#partial.copy(grown, 0, 0, this.#length);
      this.#partial = grown;
    }
    bytes.copy(this.#partial, this.#length);
    this.#length = length;
  }

  #sizeOf(bytes: Buffer): number {
    if ((bytes[0] as number) > 1) throw new LeptonError('INVALID_ARGUMENT', `a message begins with the flags ${bytes[0]}, not 0 or 1 (compressed)`);
    const length = bytes.readUInt32BE(1);
    if (length > this.#bytesMax) throw tooLarge(`a message of ${length} bytes is`, this.#bytesMax);
    return PREFIX_BYTES + length;
  }
}

function messageOf(whole: Buffer): ReceivedMessage {
  return { compressed: whole[0] === 1, bytes: whole.subarray(PREFIX_BYTES) };
}
