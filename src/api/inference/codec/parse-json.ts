import { LeptonError } from '../../../core/index.ts';
import { endOfString } from './json-strings.ts';
import { show } from './values.ts';

/** A whole number of 16 digits or more, where JSON.parse would round. Digits after a point don't count. */
const LONG_INTEGER = /[[,:\s-]\d{16}/;
/** What some languages write for numbers that JSON does not have. */
const NOT_JSON = /[[,:\s-](?:NaN|Infinity)\b/;
/** As many digits as the largest 64-bit integer has. Longer ones fit no datatype exactly, and thousands of digits take a bigint seconds. */
const WHOLE = /^-?\d{1,20}$/;
/** Shorter texts can't hurt. */
const LOOK_THROUGH_CHARACTERS = 256 * 2 ** 10;
const JSON_CHARACTERS_MAX = 64 * 2 ** 20;
const DEPTH_MAX = 10_000;
const BYTE_ORDER_MARK = 0xfeff;
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text of a request's JSON; throws INVALID_ARGUMENT if the bytes are not UTF-8 or begin with a byte order mark. */
export function utf8Text(bytes: Uint8Array): string {
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch (cause) {
    throw new LeptonError('INVALID_ARGUMENT', 'the request is not UTF-8', { cause });
  }
  if (text.charCodeAt(0) === BYTE_ORDER_MARK) throw new LeptonError('INVALID_ARGUMENT', 'the request begins with a byte order mark, which JSON does not have; send it without');
  return text;
}

/**
 * JSON text of a client. Whole numbers beyond 2^53 come out as bigint, exactly. JSON.parse itself is iterative, so depth
 * is harmless there; the walk with a reviver is not, and is only taken when such numbers occur.
 * Throws INVALID_ARGUMENT with the parser's reason.
 */
export function parseJson(text: string): unknown {
  refuseHuge(text);
  try {
    return LONG_INTEGER.test(text) ? JSON.parse(text, exactIntegers as (key: string, value: unknown) => unknown) : JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof RangeError ? 'it is nested too deeply' : `${(cause as Error).message}${NOT_JSON.test(text) ? '; NaN and infinities are written as "NaN", "Infinity" and "-Infinity"' : ''}`;
    throw new LeptonError('INVALID_ARGUMENT', `the request is not JSON that can be read: ${reason}`, { cause });
  }
}

/**
 * Parsing takes many times the text's own memory, most of all for what is nested. A text that is large enough for that to
 * matter is looked through first. Throws TOO_LARGE and INVALID_ARGUMENT.
 */
function refuseHuge(text: string): void {
  if (text.length <= LOOK_THROUGH_CHARACTERS) return;
  if (text.length > JSON_CHARACTERS_MAX) throw new LeptonError('TOO_LARGE', `the JSON has ${text.length} characters, at most ${JSON_CHARACTERS_MAX} are read; send large tensors as binary data`);
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      at = endOfString(text, at);
      if (at < 0) return;
    } else if (code === 0x5b || code === 0x7b) depth++;
    else if (code === 0x5d || code === 0x7d) depth--;
    if (depth > DEPTH_MAX) throw new LeptonError('INVALID_ARGUMENT', `the request is not JSON that can be read: it is nested more than ${DEPTH_MAX} deep`);
  }
}

function exactIntegers(_key: string, value: unknown, context: { source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || !context.source || !WHOLE.test(context.source)) return value;
  return BigInt(context.source);
}

export type JsonObject = Readonly<Record<string, unknown>>;

/** The value as an object; throws INVALID_ARGUMENT naming the field. */
export function asObject(value: unknown, field: string): JsonObject {
  if (isObject(value)) return value;
  throw new LeptonError('INVALID_ARGUMENT', `${field} must be an object, not ${show(value)}`);
}

export const isObject = (value: unknown): value is JsonObject => value !== null && typeof value === 'object' && !Array.isArray(value);

/** A field that the object itself has; what `__proto__` or a prototype offers does not count. */
export function own(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** As `own`, for fields that may be left out: null counts as left out, since many clients write it so. */
export function optional(object: JsonObject, key: string): unknown {
  return own(object, key) ?? undefined;
}

/** An array of at most `max` entries; throws INVALID_ARGUMENT naming the field. */
export function asArray(value: unknown, field: string, max: number): readonly unknown[] {
  if (!Array.isArray(value)) throw new LeptonError('INVALID_ARGUMENT', `${field} must be an array, not ${show(value)}`);
  if (value.length > max) throw new LeptonError('INVALID_ARGUMENT', `${field} has ${value.length} entries, more than ${max}`);
  return value;
}

/** A string that UTF-8 can carry: half of a surrogate pair, which an escape can say, is refused rather than replaced. */
export function asString(value: unknown, field: string): string {
  if (typeof value !== 'string') throw new LeptonError('INVALID_ARGUMENT', `${field} must be a string, not ${show(value)}`);
  if (!value.isWellFormed()) throw new LeptonError('INVALID_ARGUMENT', `${field} is ${show(value)}, which holds half of a surrogate pair`);
  return value;
}
