const BYTE_UNITS: Readonly<Record<string, number>> = { '': 1, b: 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40 };
const TIME_UNITS: Readonly<Record<string, number>> = { '': 1, ms: 1, s: 1e3, min: 6e4, m: 6e4, h: 3.6e6, d: 8.64e7 };

/** `512MiB`, `16 KiB`, `1024` as bytes; undefined when it is none. */
export const parseBytes = (text: string): number | undefined => parseQuantity(text, BYTE_UNITS);
/** `30s`, `5min`, `30d`, `1500ms`, `1500` as milliseconds; undefined when it is none. */
export const parseMilliseconds = (text: string): number | undefined => parseQuantity(text, TIME_UNITS);

function parseQuantity(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  const factor = match ? units[(match[2] ?? '').toLowerCase()] : undefined;
  if (!match || factor === undefined) return undefined;
  const value = Math.round(Number(match[1]) * factor);
  return Number.isSafeInteger(value) ? value : undefined;
}
