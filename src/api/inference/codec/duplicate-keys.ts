import { LeptonError } from '../../../core/index.ts';
import { endOfString } from './json-strings.ts';

const QUOTE = 0x22;
const COLON = 0x3a;

/**
 * Refuses JSON whose objects say a key twice (INVALID_ARGUMENT): JSON.parse takes the last one silently, other parsers the
 * first. `text` has been parsed; `keysKnown` is how many keys the caller met in the value. Each key has one colon, so as many
 * colons as keys prove that none was lost; only texts with more of them are walked.
 */
export function refuseDuplicateKeys(text: string, keysKnown: number): void {
  if (countColons(text, keysKnown + 1) > keysKnown) walk(text);
}

function countColons(text: string, max: number): number {
  let count = 0;
  for (let at = text.indexOf(':'); at >= 0 && count < max; at = text.indexOf(':', at + 1)) count++;
  return count;
}

function walk(text: string): void {
  /** Keys of the objects around; null for arrays. */
  const around: (Set<string> | null)[] = [];
  let stringAt = 0;
  let stringEnd = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        stringAt = at;
        at = endOfString(text, at);
        stringEnd = at + 1;
        break;
      case COLON:
        add(around.at(-1) as Set<string>, text.slice(stringAt, stringEnd));
        break;
      case 0x7b: // {
        around.push(new Set());
        break;
      case 0x5b: // [
        around.push(null);
        break;
      case 0x7d: // }
      case 0x5d: // ]
        around.pop();
    }
  }
}

function add(keys: Set<string>, quoted: string): void {
  // Two spellings of one key are one key.
  const key = quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1);
  if (keys.has(key)) throw new LeptonError('INVALID_ARGUMENT', `the request is not JSON that can be read: an object has the key '${key.slice(0, 100)}' twice`);
  keys.add(key);
}
