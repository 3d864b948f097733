/**
 * Prediction ids: UUIDv8 (RFC 9562) that say by themselves when which version of which service answered, so that feedback
 * finds its version without a store of predictions.
 *
 *   tttttttt-tttt-8nnr-vrrr-ssssssrcccccc     in words: | t 32 | t 16, 8, n 8, r 4 | v 2, r 14, s 16 | s 4, r 4, c 24 |
 *   t 48  milliseconds since 1970       n 8   counter within the millisecond     r 22  chance, drawn by each process
 *   s 20  serial of the prediction source (service, repository, version, digest)  c 24  check bits over all the rest
 *
 * Within a process ids never repeat: time never goes back and moves on when the counter is full. Two processes that answer for
 * one source in the same millisecond repeat an id only if they have drawn the same 22 bits (1 of 4 million pairs).
 * The check bits, 24 of HalfSipHash-1-3 (Aumasson and Bernstein, 2012; as Linux has it on 32 bits) under the platform's key, tell
 * ids of ours from mistyped and made up ones. They are no security boundary: 24 bits can be guessed.
 */

/** Serials of prediction sources are 1 to this; 0: no source, so that feedback is not possible. */
export const PREDICTION_SOURCE_MAX: number = 2 ** 20 - 1;
export const PREDICTION_CHANCE_MAX: number = 2 ** 22 - 1;
export const PREDICTION_KEY_BYTES = 8;

const COUNTER_END = 256;
const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i;

export interface PredictionIdsOptions {
  /** 16 hexadecimal digits, the same in every process of a platform. */
  readonly key: string;
  /** A whole number of 0 to PREDICTION_CHANCE_MAX, drawn for this process. */
  readonly chance: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Gives out ids. About a tenth of a microsecond each. */
export class PredictionIds {
  readonly #key: PredictionKey;
  readonly #chance: number;
  readonly #now: () => number;
  /** By source, what stands between counter and check bits. */
  readonly #middles = new Map<number, string>();
  #atMs = -1;
  #counter = 0;
  #head = '';

  constructor({ key, chance, now }: PredictionIdsOptions) {
    this.#key = parsePredictionKey(key);
    this.#chance = chance;
    this.#now = now;
  }

  /** An id that nobody got before. */
  create(source: number): string {
    const now = this.#now();
    if (now > this.#atMs) this.#moveTo(now);
    else if (this.#counter === COUNTER_END) this.#moveTo(this.#atMs + 1);
    const counter = this.#counter++;
    const chance = this.#chance;
    const word0 = Math.floor(this.#atMs / 65_536);
    const word1 = ((this.#atMs % 65_536) << 16) | 0x8000 | (counter << 4) | (chance >>> 18);
    const word2 = 0x8000_0000 | (((chance >>> 4) & 0x3fff) << 16) | (source >>> 4);
    const word3 = ((source & 0xf) << 28) | ((chance & 0xf) << 24);
    const check = checkBits(this.#key, word0, word1, word2, word3);
    return this.#head + HEX[counter] + this.#middle(source) + HEX[check >>> 16] + HEX[(check >>> 8) & 0xff] + HEX[check & 0xff];
  }

  #moveTo(atMs: number): void {
    this.#atMs = atMs;
    this.#counter = 0;
    const time = hex(atMs, 12);
    this.#head = `${time.slice(0, 8)}-${time.slice(8)}-8`;
  }

  #middle(source: number): string {
    let middle = this.#middles.get(source);
    if (middle === undefined) {
      const chance = this.#chance;
      const [first, second, last] = [chance >>> 18, 0x8000 | ((chance >>> 4) & 0x3fff), chance & 0xf];
      middle = `${hex(first, 1)}-${hex(second, 4)}-${hex(source, 5)}${hex(last, 1)}`;
      this.#middles.set(source, middle);
    }
    return middle;
  }
}

/** What an id says. */
export interface PredictionFacts {
  /** The id as it was given out: in lower case. */
  readonly id: string;
  /** When the answer was given, milliseconds since 1970. */
  readonly atMs: number;
  readonly source: number;
}

export interface PredictionKey {
  readonly low: number;
  readonly high: number;
}

export function parsePredictionKey(text: string): PredictionKey {
  if (!/^[0-9a-f]{16}$/.test(text)) throw new Error('the key of prediction ids is not 16 hexadecimal digits');
  return { low: Number.parseInt(text.slice(0, 8), 16) | 0, high: Number.parseInt(text.slice(8), 16) | 0 };
}

/** Reads an id; null when it is none of a platform with this key. */
export function readPredictionId(key: PredictionKey, text: string): PredictionFacts | null {
  if (!FORM.test(text)) return null;
  const digits = text.replaceAll('-', '');
  const [word0, word1, word2, word3] = [0, 8, 16, 24].map((at) => Number.parseInt(digits.slice(at, at + 8), 16)) as [number, number, number, number];
  if (checkBits(key, word0, word1, word2, word3 & 0xff00_0000) !== (word3 & 0xff_ffff)) return null;
  return { id: text.toLowerCase(), atMs: word0 * 65_536 + (word1 >>> 16), source: ((word2 & 0xffff) << 4) | (word3 >>> 28) };
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

const checkBits = (key: PredictionKey, word0: number, word1: number, word2: number, word3: number): number => halfSipHash(key, word0, word1, word2, word3) & 0xff_ffff;

/** HalfSipHash-1-3 of four 32-bit words, that is of 16 bytes in little-endian order. */
export function halfSipHash({ low, high }: PredictionKey, word0: number, word1: number, word2: number, word3: number): number {
  let v0 = low;
  let v1 = high;
  let v2 = low ^ 0x6c79_6765;
  let v3 = high ^ 0x7465_6462;
  for (let block = 0; block < 8; block++) {
    const word = block === 0 ? word0 : block === 1 ? word1 : block === 2 ? word2 : block === 3 ? word3 : block === 4 ? 16 << 24 : 0;
    if (block === 5) v2 ^= 0xff;
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }
  return (v1 ^ v3) >>> 0;
}
