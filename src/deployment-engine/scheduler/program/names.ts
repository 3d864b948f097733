/** LP's own words, which no name may be. */
const KEYWORDS = new Set(
  'max min maximize minimize maximise minimise maximum minimum subject such st s.t. bound bounds free inf infinity gen general generals int integer integers bin binary binaries semi semis sos sos1 sos2 end lazy user pwlobj obj'.split(' '),
);
const NAME_LENGTH_MAX = 200;

/**
 * A name that LP and MPS allow: letters, digits, dots and underscores, at most 200. A space becomes a dot, `_` becomes `__` and any
 * other character `_xHEX_`; a name that would read as a number, an exponent or a keyword begins with `_n`. Different names stay
 * different; what is too long ends in its number.
 */
export function formatName(name: string, index: number): string {
  const safe = Array.from(name, (character) => (/[A-Za-z0-9]/.test(character) ? character : character === ' ' ? '.' : character === '_' ? '__' : `_x${(character.codePointAt(0) ?? 0).toString(16)}_`)).join('');
  const whole = /^[A-DF-Za-df-z_]/.test(safe) && !KEYWORDS.has(safe.toLowerCase()) ? safe : `_n${safe}`;
  return whole.length <= NAME_LENGTH_MAX ? whole : `${whole.slice(0, NAME_LENGTH_MAX - 12)}_i${index}`;
}
/** Endings and names that no escaped name has: the lower and the upper side of a range, the objective, a variable that is 1. */
export const LOWER_SIDE = '_l';
export const UPPER_SIDE = '_u';
export const OBJECTIVE = '_obj';
export const ONE = '_one';

/** A finite number as both formats read it, with all its digits. */
export const formatNumber = (value: number): string => (Object.is(value, -0) ? '0' : String(value));
