import type { MessageBytes } from './types.ts';

/** Up to this, a message goes out in one piece with its prefix; of longer ones pieces of this size are given to the connection. */
const PIECE_BYTES = 65_536;
const PREFIX_BYTES = 5;

/** A whole message with its prefix, if it is small enough to be copied. */
export function smallFrame(message: MessageBytes, compressed = false): Buffer | null {
  const length = lengthOf(message);
  if (length + PREFIX_BYTES > PIECE_BYTES) return null;
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + length);
  writePrefix(frame, length, compressed);
  let at = PREFIX_BYTES;
  for (const part of message instanceof Uint8Array ? [message] : message) {
    frame.set(part, at);
    at += part.byteLength;
  }
  return frame;
}

/** A message with its prefix, piece by piece. */
export function* piecesOf(message: MessageBytes, compressed: boolean): Generator<Uint8Array> {
  const prefix = Buffer.allocUnsafe(PREFIX_BYTES);
  writePrefix(prefix, lengthOf(message), compressed);
  yield prefix;
  for (const part of message instanceof Uint8Array ? [message] : message) {
    for (let at = 0; at < part.byteLength; at += PIECE_BYTES) yield part.subarray(at, at + PIECE_BYTES);
  }
}

function writePrefix(frame: Buffer, length: number, compressed: boolean): void {
  frame[0] = compressed ? 1 : 0;
  frame.writeUInt32BE(length, 1);
}

function lengthOf(message: MessageBytes): number {
  return message instanceof Uint8Array ? message.byteLength : message.reduce((sum, part) => sum + part.byteLength, 0);
}
