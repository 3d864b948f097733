import { isPythonFormat, type LoadProfile } from '../../core/index.ts';
import type { VersionProfile } from '../scheduler/index.ts';
import { type ObservedRates, observedRates } from './observed-rates.ts';
import type { ProfileRecord } from './record.ts';

/** What the CPU figure rests on, best first. */
export type ProfileBasis = 'observed' | 'measured' | 'elsewhere' | 'guess';

/** A profile that says how far to trust it. */
export interface EstimatedProfile extends VersionProfile {
  readonly basis: ProfileBasis;
  /** In words. */
  readonly basisMessage: string;
}

const MIB = 2 ** 20;
/** CPU of a worker for each request besides the model's own: a frame there and back. */
const FRAME_CPU_SECONDS = { node: 5e-5, python: 1.5e-4 } as const;
/** Of a worker before it has a model. */
const WORKER_BYTES = { node: 90 * MIB, python: 300 * MIB } as const;
/** Files are read, parsed and laid out anew. */
const MEMORY_BY_STORAGE = 2.5;
const GUESSED_CPU_SECONDS = 0.01;
const GUESSED_LOAD_SECONDS = { node: 1, python: 5 } as const;
const GUESSED_LOAD_BYTES_PER_SECOND = 200e6;
/** Of a service time that nobody has seen vary: exponential, to be on the safe side. */
const GUESSED_VARIATION = 1;
const GUESSED_NETWORK_BYTES = 4096;
/** CPU of a process cannot be less than what one tick of measuring tells. */
const CPU_SECONDS_MIN = 1e-6;

/**
 * What the scheduler should reckon with for one version: what serving was seen to cost, or else what was measured at load,
 * on this class of host or else on another (`elsewhere`, that record), or else a guess from its files. Memory is the highest
 * of all that is known, since a replica that gets less is ended while it loads.
 */
export function schedulerProfile(record: ProfileRecord, elsewhere: ProfileRecord | null = null): EstimatedProfile {
  const own = estimate(record);
  if (own) return own;
  const other = elsewhere && estimate({ ...elsewhere, facts: record.facts ?? elsewhere.facts });
  if (other) return { ...other, basis: 'elsewhere', basisMessage: `${other.basisMessage} on ${elsewhere?.hostClass} with ${threadsText(elsewhere?.threads ?? 1)}` };
  return guess(record);
}

const threadsText = (threads: number): string => `${threads} thread${threads === 1 ? '' : 's'}`;

function estimate(record: ProfileRecord): EstimatedProfile | null {
  const { measured, observed } = record;
  const rates = observedRates(observed);
  const profile = measured?.profile ?? null;
  const cpuSeconds = rates?.cpuSecondsPerRequest ?? (profile && measuredCpuSeconds(record, profile));
  if (cpuSeconds === null) return null;
  const fallback = guess(record);
  const loadMs = measured && (measured.keptLoadMs ?? measured.profile.loadMs - measured.profile.measureMs);
  return {
    cpuSecondsPerRequest: Math.max(CPU_SECONDS_MIN, cpuSeconds),
    serviceVariation: rates?.serviceVariation ?? GUESSED_VARIATION,
    memoryBytes: Math.max(measured?.peakBytes ?? 0, profile?.residentBytes ?? 0, observed?.peakBytes ?? 0) || fallback.memoryBytes,
    storageBytes: fallback.storageBytes,
    networkBytesPerRequest: rates?.networkBytesPerRequest ?? fallback.networkBytesPerRequest,
    loadSeconds: loadMs === null ? fallback.loadSeconds : Math.max(0, loadMs) / 1000,
    gpus: 0,
    ...basisOf(rates, record),
  };
}

function basisOf(rates: ObservedRates | null, { observed, measured }: ProfileRecord): Pick<EstimatedProfile, 'basis' | 'basisMessage'> {
  if (rates) return { basis: 'observed', basisMessage: `observed over ${observed?.requests ?? 0} requests` };
  return { basis: 'measured', basisMessage: `measured at load, ${measured?.measuredAt ?? ''}` };
}

/** A request of one row in the best batch; null when no run was timed. */
function measuredCpuSeconds(record: ProfileRecord, { bestBatch, cpuMsByBatch, latencyMsByBatch }: LoadProfile): number | null {
  const batch = [bestBatch, 1].find((rows) => cpuMsByBatch[rows] !== undefined || latencyMsByBatch[rows] !== undefined);
  if (batch === undefined) return null;
  const runMs = cpuMsByBatch[batch] ?? latencyMsByBatch[batch] ?? 0;
  return runMs / 1000 / batch + FRAME_CPU_SECONDS[runtimeOf(record)];
}

const runtimeOf = ({ facts }: ProfileRecord): 'node' | 'python' => (facts && isPythonFormat(facts.format) ? 'python' : 'node');

function guess(record: ProfileRecord): EstimatedProfile {
  const runtime = runtimeOf(record);
  const storageBytes = record.facts?.storageBytes ?? 0;
  return {
    cpuSecondsPerRequest: GUESSED_CPU_SECONDS,
    serviceVariation: GUESSED_VARIATION,
    memoryBytes: WORKER_BYTES[runtime] + MEMORY_BY_STORAGE * storageBytes,
    storageBytes,
    networkBytesPerRequest: GUESSED_NETWORK_BYTES,
    loadSeconds: GUESSED_LOAD_SECONDS[runtime] + storageBytes / GUESSED_LOAD_BYTES_PER_SECOND,
    gpus: 0,
    basis: 'guess',
    basisMessage: 'a guess from the size of its files: it has never run on this class of host',
  };
}
