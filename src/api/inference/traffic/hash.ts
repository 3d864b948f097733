/**
 * MurmurHash3 x86_32 (Austin Appleby, public domain), written from its description. Two seeds give the 53 bits that a
 * sticky decision needs. Defined on UTF-8 bytes, so that any language can compute the same decision.
 */
export function murmur3(bytes: Uint8Array, seed: number): number {
  let hash = seed | 0;
  const blocks = bytes.length & ~3;
  for (let at = 0; at < blocks; at += 4) {
    const word = byte(bytes, at) | (byte(bytes, at + 1) << 8) | (byte(bytes, at + 2) << 16) | (byte(bytes, at + 3) << 24);
    hash ^= scramble(word);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  let tail = 0;
  for (let at = bytes.length - 1; at >= blocks; at--) tail = (tail << 8) | byte(bytes, at);
  if (blocks !== bytes.length) hash ^= scramble(tail);
  return finish(hash ^ bytes.length);
}

const SEED_HIGH = 0x9747b28c;
const SEED_LOW = 0x1b873593;

/** A number evenly spread over (0, 1), from the text alone. */
export function hashToUnit(text: string): number {
  const bytes = Buffer.from(text, 'utf8');
  const high = murmur3(bytes, SEED_HIGH) >>> 5;
  const low = murmur3(bytes, SEED_LOW) >>> 6;
  // 27 + 26 bits, moved by half a step so that neither 0 nor 1 can come out.
  return (high * 2 ** 26 + low + 0.5) / 2 ** 53;
}

const byte = (bytes: Uint8Array, at: number): number => bytes[at] as number;

function scramble(word: number): number {
  const mixed = Math.imul(word, 0xcc9e2d51);
  return Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
}

function finish(value: number): number {
  let hash = value;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
