import { LeptonError } from '../../core/index.ts';

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds since the epoch of an instant as a query gives it: ISO 8601, seconds since the epoch, or `-15m` before now. */
export function instantOf(parameter: string, text: string, now: number): number {
  const before = /^-(\d{1,9})([smhd])$/.exec(text);
  if (before) return now - Number(before[1]) * (UNITS[before[2] as string] as number);
  if (/^\d{1,11}(\.\d{1,6})?$/.test(text)) return Number(text);
  const parsed = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(parsed)) return parsed / 1000;
  throw new LeptonError('INVALID_ARGUMENT', `query parameter ${parameter} is ${JSON.stringify(text)}: give a time such as 2026-11-25T12:00:00Z, seconds since the epoch, or so long before now as -15m`);
}
