import { refuseDuplicateKeys } from '../../codec/duplicate-keys.ts';
import { asObject, isObject, type JsonObject, parseJson, utf8Text } from '../../codec/parse-json.ts';

/** What TensorFlow Serving and Python write for numbers that JSON does not have, where a value may stand. */
const NOT_FINITE = /([[,:]\s*)(-?)(NaN|Infinity|Inf)(?=\s*[,\]}])/g;

/**
 * The JSON object of a body. Whole numbers keep all their digits; the bare words NaN, Infinity and Inf become the strings
 * that stand for them in a tensor of floats. Throws INVALID_ARGUMENT: not UTF-8, not JSON, no object, a key said twice.
 */
export function parseBody(body: Uint8Array): JsonObject {
  const text = utf8Text(body);
  const root = asObject(parseWithNotFinite(text), 'the request');
  refuseDuplicateKeys(text, countKeys(root));
  return root;
}

function parseWithNotFinite(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    const quoted = quoteNotFinite(text);
    if (quoted === text) throw error;
    return parseJson(quoted);
  }
}

/** Puts the words into quotes, outside of strings only. */
function quoteNotFinite(text: string): string {
  let result = '';
  for (let at = 0; at < text.length; ) {
    const quote = text.indexOf('"', at);
    const outside = text.slice(at, quote < 0 ? text.length : quote);
    // Values that follow each other share a comma, which the look-ahead leaves to the next.
    result += outside.replace(NOT_FINITE, (_all, before: string, sign: string, word: string) => `${before}"${sign === '-' && word === 'NaN' ? '' : sign}${word === 'Inf' ? 'Infinity' : word}"`);
    if (quote < 0) break;
    at = endOfString(text, quote);
    result += text.slice(quote, at);
  }
  return result;
}

/** Where the string that begins at a quote is over; the text's length if it never is. */
function endOfString(text: string, quote: number): number {
  for (let end = text.indexOf('"', quote + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return end + 1;
  }
  return text.length;
}

/** Keys of the object, of the objects in it and of those in its lists: where requests have theirs. */
function countKeys(root: JsonObject): number {
  let count = 0;
  const add = (value: unknown): void => {
    if (isObject(value)) count += Object.keys(value).length;
  };
  add(root);
  for (const value of Object.values(root)) {
    add(value);
    if (Array.isArray(value) && isObject(value[0])) value.forEach(add);
  }
  return count;
}
