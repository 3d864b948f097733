/**
 * Text of others for the page. Preact makes text nodes of it, so markup stays text; what is left are characters that act on a
 * reader or a terminal when they are copied: they are shown as pictures.
 */
const ESCAPE_SEQUENCE = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[@-Z\\-_])/g;
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
/** Characters that turn the direction of text, or are not seen. */
const INVISIBLE = /[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** Every control character shown as its picture, tabs and line ends kept. */
export function visible(text: string): string {
  return text.replace(CONTROL, pictured).replace(INVISIBLE, (character) => `⟨U+${(character.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')}⟩`);
}

/** A log's text: colours and cursor movements of terminals are left out, what else is no text is shown as a picture. */
export const logText = (text: string): string => visible(text.replaceAll('\r\n', '\n').replace(ESCAPE_SEQUENCE, ''));

function pictured(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? '␡' : `⟨${code.toString(16)}⟩`;
}

/** A word for a POSIX shell, quoted where it must be. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
