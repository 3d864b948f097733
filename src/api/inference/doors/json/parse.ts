import { refuseDuplicateKeys } from '../../codec/duplicate-keys.ts';
import { endOfString } from '../../codec/json-strings.ts';
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
    // One that never ends reaches to the text's own end.
    at = endOfString(text, quote) + 1 || text.length;
    result += text.slice(quote, at);
  }
  return result;
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
