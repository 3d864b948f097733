import { LeptonError, nearest } from '../../core/index.ts';

/** Readers for one field of an input. Each throws INVALID_ARGUMENT with the field's path, its value and the rule. */

export function refuse(path: string, value: unknown, rule: string): never {
  throw new LeptonError('INVALID_ARGUMENT', `${path}: ${shown(value)} is not allowed: ${rule}`);
}

function shown(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return (text ?? String(value)).slice(0, 120);
}

/** An object with known keys only; names the key that was probably meant. */
export function readObject<Key extends string>(path: string, value: unknown, keys: readonly Key[]): Partial<Record<Key, unknown>> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) refuse(path, value, `an object with ${keys.join(', ')}`);
  for (const key of Object.keys(value)) {
    if ((keys as readonly string[]).includes(key)) continue;
    const meant = nearest(key, keys);
    throw new LeptonError('INVALID_ARGUMENT', `${path}: unknown key ${shown(key)}${meant ? `; did you mean ${meant}?` : ''} (known: ${keys.join(', ')})`);
  }
  return value as Partial<Record<Key, unknown>>;
}

/** A whole number in a closed range; `fallback` when absent. */
export function readInteger(path: string, value: unknown, min: number, max: number, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value;
  return refuse(path, value, `a whole number from ${min} to ${max}`);
}

export function readBoolean(path: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  return typeof value === 'boolean' ? value : refuse(path, value, 'true or false');
}

/** Milliseconds, possibly fractional. */
export function readMilliseconds(path: string, value: unknown, min: number, max: number, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value === 'number' && Number.isFinite(value) && value >= min && value <= max) return value;
  return refuse(path, value, `milliseconds from ${min} to ${max}`);
}

const CORES_MIN = 0.01;
const CORES_MAX = 1024;

/** Cores, possibly a fraction; null: no limit. */
export function readCores(path: string, value: unknown, fallback: number | null): number | null {
  if (value === undefined) return fallback;
  if (value === null || (typeof value === 'number' && value >= CORES_MIN && value <= CORES_MAX)) return value;
  return refuse(path, value, `cores from ${CORES_MIN} to ${CORES_MAX}, for example 0.5`);
}

const BYTE_UNITS: Readonly<Record<string, number>> = {
  '': 1, b: 1, kb: 1e3, mb: 1e6, gb: 1e9, tb: 1e12, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40, ki: 2 ** 10, mi: 2 ** 20, gi: 2 ** 30, ti: 2 ** 40, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40,
};
const MEMORY_MIN_BYTES = 2 ** 20;
const MEMORY_MAX_BYTES = 2 ** 50;

/** Bytes from a number or text such as `512MiB`, `1.5 GiB`, `2GB`; null and absent: no limit. */
export function readMemory(path: string, value: unknown, fallback: number | null): number | null {
  if (value === undefined) return fallback;
  if (value === null) return null;
  const bytes = typeof value === 'number' ? value : typeof value === 'string' ? parseBytes(value) : Number.NaN;
  if (Number.isInteger(bytes) && bytes >= MEMORY_MIN_BYTES && bytes <= MEMORY_MAX_BYTES) return bytes;
  return refuse(path, value, 'bytes of at least 1 MiB, as a number or as text such as "512MiB" or "2GB"');
}

function parseBytes(text: string): number {
  const match = /^(\d{1,15}(?:\.\d{1,6})?)\s*([A-Za-z]{0,3})$/.exec(text.trim());
  const unit = match && BYTE_UNITS[(match[2] ?? '').toLowerCase()];
  return match && unit ? Math.round(Number(match[1]) * unit) : Number.NaN;
}
