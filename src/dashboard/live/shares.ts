import type { ServiceStatus } from '../../../clients/typescript/src/types.ts';
import type { Rates, SampleRing } from './samples.ts';

export interface VersionShare {
  readonly version: string;
  /** Position in the service, for colours. */
  readonly index: number;
  /** 0 to 1. */
  readonly wanted: number;
  /** Of what was answered lately, 0 to 1; null: nothing was. */
  readonly real: number | null;
  readonly rates: Rates;
}

/** What each version should get of a service's requests, and what it got. */
export function sharesOf(service: ServiceStatus, ring: SampleRing): readonly VersionShare[] {
  const rates = service.versions.map(({ version }) => ring.rates(service.name, version));
  const total = sum(rates.map(({ requestsPerSecond }) => requestsPerSecond));
  return service.versions.map(({ version, weight }, index) => {
    const own = rates[index] as Rates;
    return { version, index, wanted: weight / 100, real: total > 0 ? (own.requestsPerSecond ?? 0) / total : null, rates: own };
  });
}

export interface Traffic {
  readonly requestsPerSecond: number | null;
  readonly errorsPerSecond: number | null;
  /** Slowest version's. */
  readonly p99Ms: number | null;
}

/** All versions of a service together. */
export function trafficOf(service: ServiceStatus, ring: SampleRing): Traffic {
  const rates = service.versions.map(({ version }) => ring.rates(service.name, version));
  const latencies = service.versions.flatMap(({ demand }, index) => (demand?.latencyP99Ms != null && (rates[index]?.requestsPerSecond ?? 0) > 0 ? [demand.latencyP99Ms] : []));
  const known = rates.some(({ requestsPerSecond }) => requestsPerSecond !== null);
  return {
    requestsPerSecond: known ? sum(rates.map(({ requestsPerSecond }) => requestsPerSecond)) : null,
    errorsPerSecond: known ? sum(rates.map(({ errorsPerSecond }) => errorsPerSecond)) : null,
    p99Ms: latencies.length ? Math.max(...latencies) : null,
  };
}

export const sum = (values: readonly (number | null)[]): number => values.reduce<number>((total, value) => total + (value ?? 0), 0);
