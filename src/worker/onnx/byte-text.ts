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

const ESCAPE_FIRST = 0x100000;
/** The UTF-16 unit that every escaping character starts with (and 768 others that are not ours). */
const ESCAPE_LEAD = '\uDBC0';

export function bytesToText(bytes: Buffer): string {
  if (isUtf8(bytes)) {
    const text = bytes.toString('utf8');
    if (!text.includes(ESCAPE_LEAD) && !text.includes('\0')) return text;
  }
  let text = '';
  let plainFrom = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = plainLength(bytes, at);
    if (length === 0) {
      text += bytes.toString('utf8', plainFrom, at) + String.fromCodePoint(ESCAPE_FIRST + (bytes[at] as number));
      plainFrom = at + 1;
    }
    at += length || 1;
  }
  return text + bytes.toString('utf8', plainFrom);
}

export function textToBytes(text: string): Buffer {
  if (!text.includes(ESCAPE_LEAD)) return Buffer.from(text, 'utf8');
  const parts: Buffer[] = [];
  let plainFrom = 0;
  for (let at = text.indexOf(ESCAPE_LEAD); at !== -1; at = text.indexOf(ESCAPE_LEAD, at + 1)) {
    const byte = text.codePointAt(at) as number - ESCAPE_FIRST;
    if (byte < 0 || byte > 0xff) continue;
    parts.push(Buffer.from(text.slice(plainFrom, at), 'utf8'), Buffer.of(byte));
    plainFrom = at + 2;
  }
  return Buffer.concat([...parts, Buffer.from(text.slice(plainFrom), 'utf8')]);
}

/** Bytes of the character at `at` if it goes as it is; 0 if its first byte is to be escaped. Well-formed as in Unicode's table 3-7. */
function plainLength(bytes: Buffer, at: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return first === 0 ? 0 : 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  const character = bytes.subarray(at, at + length);
  if (character.length < length || !isUtf8(character)) return 0;
  const isEscape = first === 0xf4 && character[1] === 0x80 && (character[2] as number) <= 0x83;
  return isEscape ? 0 : length;
}
