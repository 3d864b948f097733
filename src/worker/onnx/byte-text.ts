/**
 * BYTES through a runtime that carries strings as UTF-8 text without NUL. Text goes as it is, so that a model's own string
 * operators see it; every byte that is not part of valid text, and NUL, goes as one of 256 private-use characters:
 *
 *     byte 0xNN  ⇄  U+1000NN                    "a" FF 00  ⇄  "a" U+1000FF U+100000
 *
 * These characters themselves, should a client send them, go byte by byte too. So whatever goes through is given back
 * byte for byte, also joined to or cut from other elements. The limit: a string operator that looks at such bytes sees the
 * characters in their place, and those a model makes up itself come out as bytes.
 */
import { isUtf8 } from 'node:buffer';

/** UTF-8 of U+1000NN: F4 80, then 80 to 83 with the byte's two upper bits, then 80 to BF with its six lower ones. */
const ESCAPE_1 = 0xf4;
const ESCAPE_2 = 0x80;
const ESCAPE_3_MAX = 0x83;
const ESCAPE_BYTES = 4;

export function bytesToText(bytes: Buffer): string {
  if (isUtf8(bytes) && !bytes.includes(0) && !bytes.includes(ESCAPE_1)) return bytes.toString('utf8');
  const escaped = Buffer.allocUnsafe(bytes.length * ESCAPE_BYTES);
  let end = 0;
  for (let at = 0; at < bytes.length; ) {
    let length = plainLength(bytes, at);
    if (length === 0) {
      const byte = bytes[at++] as number;
      escaped[end++] = ESCAPE_1;
      escaped[end++] = ESCAPE_2;
      escaped[end++] = 0x80 | (byte >> 6);
      escaped[end++] = 0x80 | (byte & 0x3f);
    }
    for (; length > 0; length--) escaped[end++] = bytes[at++] as number;
  }
  return escaped.toString('utf8', 0, end);
}

export function textToBytes(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8');
  let at = bytes.indexOf(ESCAPE_1);
  if (at === -1) return bytes;
  let end = at;
  for (; at < bytes.length; end++) {
    if (isEscape(bytes, at)) {
      bytes[end] = ((bytes[at + 2] as number) << 6) | ((bytes[at + 3] as number) & 0x3f);
      at += ESCAPE_BYTES;
    } else bytes[end] = bytes[at++] as number;
  }
  return bytes.subarray(0, end);
}

/** In well-formed text, where F4 only starts a character. */
const isEscape = (bytes: Buffer, at: number): boolean => bytes[at] === ESCAPE_1 && bytes[at + 1] === ESCAPE_2 && (bytes[at + 2] as number) <= ESCAPE_3_MAX;

/** Bytes of the character at `at` if it goes as it is; 0 if its first byte is to be escaped. Well-formed as in Unicode's table 3-7. */
function plainLength(bytes: Buffer, at: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return first === 0 ? 0 : 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const second = bytes[at + 1] as number;
  if (!(second >= (SECOND_MIN.get(first) ?? 0x80) && second <= (SECOND_MAX.get(first) ?? 0xbf))) return 0;
  if (first < 0xe0) return 2;
  if (!isContinuation(bytes[at + 2])) return 0;
  if (first < 0xf0) return 3;
  return isContinuation(bytes[at + 3]) && !isEscape(bytes, at) ? 4 : 0;
}

/** Leads after which the second byte may not be all of 80 to BF: overlong forms, surrogates, beyond U+10FFFF. */
const SECOND_MIN: ReadonlyMap<number, number> = new Map([[0xe0, 0xa0], [0xf0, 0x90]]);
const SECOND_MAX: ReadonlyMap<number, number> = new Map([[0xed, 0x9f], [0xf4, 0x8f]]);

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;
