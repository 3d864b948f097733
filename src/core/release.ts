/** Smaller buffers may lie in a pool that others use, and cost the collector little. */
const RELEASE_BYTES_MIN = 32 * 2 ** 10;

/**
 * Gives a large buffer's memory back now instead of at the next collection. V8 counts such memory, and answers a stream of
 * request bodies with one full collection after another. All of the underlying memory goes: the caller promises that nobody
 * reads this or any other view of it again, and that no write of it is under way.
 */
export function releaseBytes(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (bytes.byteLength >= RELEASE_BYTES_MIN && buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0);
}
