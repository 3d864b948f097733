import { languageTag, t } from './i18n/index.ts';

const NONE = '–';
const formats = new Map<string, Intl.NumberFormat>();

function formatOf(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = languageTag() + JSON.stringify(options);
  const known = formats.get(key) ?? new Intl.NumberFormat(languageTag(), options);
  formats.set(key, known);
  return known;
}

const missing = (value: number | null | undefined): value is null | undefined => value === null || value === undefined || !Number.isFinite(value);

/** Three digits that matter, whole where large. */
export function number(value: number | null | undefined): string {
  if (missing(value)) return NONE;
  return formatOf(Math.abs(value) >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 }).format(value);
}

export const whole = (value: number | null | undefined): string => (missing(value) ? NONE : formatOf({ maximumFractionDigits: 0 }).format(value));

/** Of a part from 0 to 1. */
export const percent = (part: number | null | undefined): string => (missing(part) ? NONE : formatOf({ style: 'percent', maximumFractionDigits: part < 0.1 && part > 0 ? 2 : part < 0.9995 ? 1 : 0 }).format(part));

export function milliseconds(value: number | null | undefined): string {
  if (missing(value)) return NONE;
  return value >= 10_000 ? `${number(value / 1000)} s` : `${number(value)} ms`;
}

/** CPU seconds a second. */
export const cores = (value: number | null | undefined): string => (missing(value) ? NONE : formatOf({ maximumFractionDigits: 3 }).format(value));

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;
export function bytes(value: number | null | undefined): string {
  if (missing(value)) return NONE;
  const power = value < 1 ? 0 : Math.min(BYTE_UNITS.length - 1, Math.floor(Math.log2(value) / 10));
  return `${number(value / 1024 ** power)} ${BYTE_UNITS[power]}`;
}

export const perSecond = (value: number | null | undefined): string => (missing(value) ? NONE : `${number(value)}/s`);

export function clockTime(at: string | number): string {
  return new Intl.DateTimeFormat(languageTag(), { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false }).format(new Date(at));
}
export function dateTime(at: string | number): string {
  return new Intl.DateTimeFormat(languageTag(), { dateStyle: 'medium', timeStyle: 'medium', hour12: false }).format(new Date(at));
}

const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [['day', 86_400], ['hour', 3600], ['minute', 60]];
/** `3 minutes ago`; under a minute: just now, so that nothing ticks. */
export function ago(at: string, now: number = Date.now()): string {
  const seconds = (now - Date.parse(at)) / 1000;
  for (const [unit, size] of STEPS) if (seconds >= size) return new Intl.RelativeTimeFormat(languageTag(), { numeric: 'always' }).format(-Math.floor(seconds / size), unit);
  return t('time.now');
}

export function duration(seconds: number): string {
  const parts = [['d', 86_400], ['h', 3600], ['min', 60], ['s', 1]] as const;
  const first = parts.findIndex(([, size]) => seconds >= size);
  if (first < 0) return '0 s';
  let rest = Math.floor(seconds);
  return parts.slice(first, first + 2).flatMap(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count ? [`${count} ${unit}`] : [];
  }).join(' ');
}
