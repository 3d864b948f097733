import { checkName, type LatencyObjective, type SchedulingSpec } from '../../core/index.ts';
import { readMilliseconds, readObject, refuse } from './fields.ts';

/** What a deployment may say to the scheduler, beside replicas and priority. */
export const SCHEDULING_KEYS = ['quality', 'latency', 'servedMin', 'placement', 'apartFrom'] as const;
type SchedulingInput = Partial<Record<(typeof SCHEDULING_KEYS)[number], unknown>>;

const QUALITY_MAX = 1e6;
const NAMES_MAX = 64;
const TEXT_MAX = 128;
const LATENCY_MS_MAX = 3_600_000;

/** Absent fields stay as they are in `base`; null takes one away. Throws INVALID_ARGUMENT. */
export function readScheduling(at: string, input: SchedulingInput, base: SchedulingSpec): SchedulingSpec {
  const path = (key: string): string => (at ? `${at}.${key}` : key);
  const read = <Key extends keyof SchedulingSpec>(key: Key, reader: (path: string, value: unknown) => SchedulingSpec[Key]): Partial<Pick<SchedulingSpec, Key>> => {
    const value = input[key] === undefined ? base[key] : input[key] === null ? undefined : reader(path(key), input[key]);
    return value === undefined ? {} : ({ [key]: value } as Partial<Pick<SchedulingSpec, Key>>);
  };
  return { ...read('quality', readQuality), ...read('latency', readLatency), ...read('servedMin', readShare), ...read('placement', readPlacement), ...read('apartFrom', readApartFrom) };
}

function readQuality(path: string, value: unknown): number | string {
  if (typeof value === 'number' && value > 0 && value <= QUALITY_MAX) return value;
  if (typeof value === 'string' && value !== '' && value.length <= TEXT_MAX) return value;
  return refuse(path, value, `a number above 0 and up to ${QUALITY_MAX}, or the name of a metric in the version's metadata`);
}

function readLatency(path: string, value: unknown): LatencyObjective {
  const { milliseconds, quantile = 0.99 } = readObject(path, value, ['milliseconds', 'quantile']);
  if (milliseconds === undefined) refuse(`${path}.milliseconds`, milliseconds, 'it must be given');
  if (typeof quantile !== 'number' || !(quantile >= 0.01 && quantile <= 0.99999)) refuse(`${path}.quantile`, quantile, 'a share from 0.01 to 0.99999 of the requests, for example 0.99');
  return { milliseconds: readMilliseconds(`${path}.milliseconds`, milliseconds, 0.1, LATENCY_MS_MAX, 0), quantile: quantile as number };
}

function readShare(path: string, value: unknown): number {
  return typeof value === 'number' && value >= 0 && value <= 1 ? value : refuse(path, value, 'a share of the demand from 0 to 1');
}

function readPlacement(path: string, value: unknown): Readonly<Record<string, string>> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) refuse(path, value, 'labels that a node must have, for example {"zone": "a"}');
  const entries = Object.entries(value);
  if (entries.length > NAMES_MAX) refuse(path, value, `at most ${NAMES_MAX} labels`);
  for (const [label, wanted] of entries) if (label.length > TEXT_MAX || typeof wanted !== 'string' || wanted.length > TEXT_MAX) refuse(`${path}.${label.slice(0, TEXT_MAX)}`, wanted, `text of at most ${TEXT_MAX} characters`);
  return Object.fromEntries(entries) as Record<string, string>;
}

/** `version` of the same service, or `service:version`. */
function readApartFrom(path: string, value: unknown): readonly string[] {
  if (!Array.isArray(value) || value.length > NAMES_MAX) refuse(path, value, `a list of at most ${NAMES_MAX} versions: names of the same service, or service:version`);
  return value.map((one: unknown, index) => {
    const parts = typeof one === 'string' ? one.split(':') : [];
    if (parts.length < 1 || parts.length > 2) refuse(`${path}[${index}]`, one, 'the name of a version, or service:version');
    for (const part of parts) checkName('version', part);
    return one as string;
  });
}
