import type { ServiceStatus, VersionStatus } from '../../../clients/typescript/src/types.ts';

/** One look at one version's counters. */
export interface Sample {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly requests: number;
  readonly failures: number;
  readonly batches: number;
  readonly cpuSeconds: number;
}

/** What two looks say of the time between them; null: not known. */
export interface Rates {
  readonly requestsPerSecond: number | null;
  readonly errorsPerSecond: number | null;
  readonly requestsPerBatch: number | null;
  readonly cores: number | null;
}
export const NO_RATES: Rates = { requestsPerSecond: null, errorsPerSecond: null, requestsPerBatch: null, cores: null };

/** Looks kept of each version. */
export const SAMPLES_MAX = 20;
/** Rates are those of so long, so that a slow stream of requests has one too. */
const RATE_WINDOW_MS = 10_000;

/** The last looks at each version of each service, for rates. */
export class SampleRing {
  readonly #byVersion = new Map<string, Sample[]>();

  add(services: readonly ServiceStatus[], at: number): void {
    const seen = new Set<string>();
    for (const { name, versions } of services) {
      for (const version of versions) {
        const key = keyOf(name, version.version);
        seen.add(key);
        const samples = this.#byVersion.get(key) ?? [];
        samples.push(sampleOf(version, at));
        if (samples.length > SAMPLES_MAX) samples.shift();
        this.#byVersion.set(key, samples);
      }
    }
    for (const key of this.#byVersion.keys()) if (!seen.has(key)) this.#byVersion.delete(key);
  }

  samples(service: string, version: string): readonly Sample[] {
    return this.#byVersion.get(keyOf(service, version)) ?? [];
  }

  /** Over the last seconds. */
  rates(service: string, version: string): Rates {
    const samples = this.samples(service, version);
    const last = samples.at(-1);
    const first = last && samples.find(({ at }) => at >= last.at - RATE_WINDOW_MS);
    return first && last ? ratesBetween(first, last) : NO_RATES;
  }
}

const keyOf = (service: string, version: string): string => `${service}\n${version}`;

function sampleOf({ demand, replicas }: VersionStatus, at: number): Sample {
  const living = replicas.filter(({ phase }) => phase !== 'stopped' && phase !== 'failed');
  return {
    at,
    requests: demand?.requests ?? 0,
    failures: demand?.failures ?? 0,
    batches: demand?.batches ?? 0,
    cpuSeconds: living.reduce((sum, { cpuSeconds }) => sum + (cpuSeconds ?? 0), 0),
  };
}

/** Counters that went back were started anew by another process: what was between is not known. */
export function ratesBetween(first: Sample, last: Sample): Rates {
  const seconds = (last.at - first.at) / 1000;
  if (seconds <= 0) return NO_RATES;
  const grown = (from: number, to: number): number | null => (to >= from ? to - from : null);
  const rate = (from: number, to: number): number | null => {
    const growth = grown(from, to);
    return growth === null ? null : growth / seconds;
  };
  const [requests, batches] = [grown(first.requests, last.requests), grown(first.batches, last.batches)];
  return {
    requestsPerSecond: rate(first.requests, last.requests),
    errorsPerSecond: rate(first.failures, last.failures),
    requestsPerBatch: requests !== null && batches ? requests / batches : null,
    cores: rate(first.cpuSeconds, last.cpuSeconds),
  };
}
