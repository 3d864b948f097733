/**
 * Frames between our processes, on Unix sockets. All numbers little-endian.
 *
 *    0        4     5     6        8       12               16                        16+headerLength
 *   ┌────────┬─────┬─────┬────────┬───────┬────────────────┬─────────────────────────┬──────────────┐
 *   │ length │ ver │type │ 0      │ id    │ headerLength   │ header: UTF-8 JSON      │ body: bytes  │
 *   └────────┴─────┴─────┴────────┴───────┴────────────────┴─────────────────────────┴──────────────┘
 *    u32      u8    u8    u16      u32     u32              object, may be empty (0)   tensors' bytes
 *
 * `length` counts everything after itself. `id` joins an answer to its request; 0 where there is none.
 * The golden vectors in protocol/frames.json are this layout's test, for TypeScript and Python alike.
 */
import { LeptonError, releaseBytes } from '../core/index.ts';

export const FRAME_VERSION = 1;
export const FRAME_HEADER_BYTES = 16;
/** Most bytes of one frame unless a connection is opened with another limit: 1 GiB. */
export const FRAME_BYTES_MAX = 2 ** 30;
/** Most bytes of a frame's JSON header. A routing table of 10,000 versions needs about 8 MiB. */
export const FRAME_JSON_BYTES_MAX = 64 * 2 ** 20;

export const FrameType = {
  hello: 1,
  helloAnswer: 2,
  status: 3,
  infer: 4,
  inferResult: 5,
  failure: 6,
  ping: 7,
  pong: 8,
  stop: 9,
  routingTable: 10,
  routingAck: 11,
  demand: 12,
  replicaTrouble: 13,
  cancel: 14,
  call: 15,
  callAnswer: 16,
  wake: 17,
} as const;
export type FrameTypeName = keyof typeof FrameType;
export type FrameTypeCode = (typeof FrameType)[FrameTypeName];

const KNOWN_TYPES: ReadonlySet<number> = new Set(Object.values(FrameType));

export interface Frame {
  readonly type: FrameTypeCode;
  readonly id: number;
  readonly header: unknown;
  /** A view into the receive buffer that stays valid: the buffer is not reused. */
  readonly body: Uint8Array;
}

const EMPTY = new Uint8Array(0);
/** Frames from this size on are put together in memory of their own, which whoever reads them may release. */
export const LARGE_FRAME_BYTES = 64 * 2 ** 10;
/** Bodies of large frames begin at a multiple of this, so that a tensor's elements can be read where they are. */
const BODY_ALIGNMENT = 8;
/** Memory that is kept for the next large frames, since new memory costs its zeroing and its pages. */
const SPARE_BYTES_MAX = 2 ** 20;
const SPARES_MAX = 2;

/** One under way. */
interface LargeFrame {
  readonly bytes: Buffer;
  filled: number;
}

/** Encodes the fixed part and the JSON header; the body's chunks follow it on the socket as they are. */
export function encodeFrameHead(type: FrameTypeCode, id: number, header: unknown, bodyBytes: number): Buffer {
  const json = header === undefined ? '' : JSON.stringify(header);
  const jsonBytes = Buffer.byteLength(json);
  const head = Buffer.allocUnsafe(FRAME_HEADER_BYTES + jsonBytes);
  head.writeUInt32LE(FRAME_HEADER_BYTES - 4 + jsonBytes + bodyBytes, 0);
  head[4] = FRAME_VERSION;
  head[5] = type;
  head.writeUInt16LE(0, 6);
  head.writeUInt32LE(id, 8);
  head.writeUInt32LE(jsonBytes, 12);
  head.write(json, FRAME_HEADER_BYTES, 'utf8');
  return head;
}

/**
 * Cuts a byte stream into frames. Throws INVALID_ARGUMENT on a wrong version, type or JSON and TOO_LARGE over the limit;
 * the connection must then be closed, since the stream has no point to resume at.
 */
export class FrameDecoder {
  #chunks: Buffer[] = [];
  #buffered = 0;
  #needed = 4;
  #large: LargeFrame | null = null;
  readonly #bytesMax: number;
  readonly #spares: ArrayBuffer[] = [];

  constructor(bytesMax: number = FRAME_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes received and not yet returned in a frame. */
  get buffered(): number {
    return this.#large ? this.#large.filled : this.#buffered;
  }

  push(chunk: Buffer): Frame[] {
    const frames: Frame[] = [];
    if (!this.#large) {
      this.#cut(chunk, frames);
      return frames;
    }
    const rest = this.#fillLarge(this.#large, chunk, frames);
    if (rest.length) this.#cut(rest, frames);
    else releaseBytes(chunk);
    return frames;
  }

  /** Returns what does not belong to the large frame. */
  #fillLarge(large: LargeFrame, chunk: Buffer, frames: Frame[]): Buffer {
    const taken = chunk.copy(large.bytes, large.filled);
    large.filled += taken;
    if (large.filled === large.bytes.length) {
      this.#large = null;
      frames.push(decodeFrame(large.bytes));
    }
    return chunk.subarray(taken);
  }

  #cut(chunk: Buffer, frames: Frame[]): void {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    if (this.#buffered < this.#needed) return;
    let buffer = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#buffered);
    this.#needed = 4;
    while (buffer.length >= 4) {
      const total = 4 + this.#checkLength(buffer.readUInt32LE(0));
      // A peer that speaks something else is refused at its first bytes, not when "its frame" is complete.
      const headThere = buffer.length >= FRAME_HEADER_BYTES;
      if (headThere) checkHead(buffer);
      if (headThere && total >= LARGE_FRAME_BYTES) {
        this.#large = { bytes: this.#memory(total, FRAME_HEADER_BYTES + buffer.readUInt32LE(12)), filled: 0 };
        const alone = frames.length === 0;
        const rest = this.#fillLarge(this.#large, buffer, frames);
        if (alone && rest.length === 0) releaseBytes(buffer);
        buffer = rest;
        continue;
      }
      if (buffer.length < total) {
        this.#needed = headThere ? total : FRAME_HEADER_BYTES;
        break;
      }
      frames.push(decodeFrame(buffer.subarray(0, total)));
      buffer = buffer.subarray(total);
    }
    this.#chunks = buffer.length ? [buffer] : [];
    this.#buffered = buffer.length;
  }

  /**
   * Takes back a large frame's memory from who got it, for a later frame. Like `releaseBytes`: nobody reads any view of it
   * again.
   */
  recycle(body: Uint8Array): void {
    const { buffer } = body;
    if (!(buffer instanceof ArrayBuffer) || this.#spares.includes(buffer)) return;
    if (buffer.byteLength < LARGE_FRAME_BYTES || buffer.byteLength > SPARE_BYTES_MAX || this.#spares.length >= SPARES_MAX) releaseBytes(body);
    else this.#spares.push(buffer);
  }

  #memory(bytes: number, bodyAt: number): Buffer {
    const padding = -bodyAt & (BODY_ALIGNMENT - 1);
    const spare = this.#spares.pop();
    const fits = spare !== undefined && spare.byteLength >= bytes + padding;
    return (fits ? Buffer.from(spare) : Buffer.allocUnsafeSlow(bytes + padding)).subarray(padding, padding + bytes);
  }

  #checkLength(length: number): number {
    if (length < FRAME_HEADER_BYTES - 4) throw new LeptonError('INVALID_ARGUMENT', `frame length ${length} is shorter than a frame's head`);
    if (length > this.#bytesMax) throw new LeptonError('TOO_LARGE', `frame of ${length} bytes is over the limit of ${this.#bytesMax}`);
    return length;
  }
}

function checkHead(bytes: Buffer): void {
  if (bytes[4] !== FRAME_VERSION) throw new LeptonError('INVALID_ARGUMENT', `frame version ${bytes[4]} is not ${FRAME_VERSION}`);
  if (!KNOWN_TYPES.has(bytes[5] as number)) throw new LeptonError('INVALID_ARGUMENT', `frame type ${bytes[5]} is unknown`);
}

/** `bytes` is one whole frame whose head was checked. */
function decodeFrame(bytes: Buffer): Frame {
  const jsonBytes = bytes.readUInt32LE(12);
  const bodyStart = FRAME_HEADER_BYTES + jsonBytes;
  if (bodyStart > bytes.length || jsonBytes > FRAME_JSON_BYTES_MAX) throw new LeptonError('INVALID_ARGUMENT', `frame header of ${jsonBytes} bytes does not fit its frame`);
  return {
    type: bytes[5] as FrameTypeCode,
    id: bytes.readUInt32LE(8),
    header: jsonBytes ? parseJson(bytes.toString('utf8', FRAME_HEADER_BYTES, bodyStart)) : undefined,
    body: bodyStart === bytes.length ? EMPTY : bytes.subarray(bodyStart),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new LeptonError('INVALID_ARGUMENT', 'frame header is not JSON', { cause });
  }
}
