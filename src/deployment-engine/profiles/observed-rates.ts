import type { ObservedProfile } from './record.ts';

/** Quotients of what serving was seen to cost. */
export interface ObservedRates {
  readonly cpuSecondsPerRequest: number;
  readonly cpuSecondsPerItem: number;
  readonly itemsPerRequest: number;
  /** Mean of a run, seconds, and its standard deviation by its mean. */
  readonly runSeconds: number;
  readonly serviceVariation: number;
  readonly rowsPerRun: number;
  readonly requestsPerRun: number;
  readonly networkBytesPerRequest: number;
}

const REQUESTS_MIN = 20;
/** The kernel counts a process's CPU in hundredths of a second. */
const CPU_SECONDS_MIN = 0.1;

/** null: too little was seen to say more than the measurement at load. */
export function observedRates(observed: ObservedProfile | null): ObservedRates | null {
  if (!observed) return null;
  const { cpuSeconds, requests, rows, runs, runSeconds, runSecondsSquared, networkBytes } = observed.sums;
  if (observed.requests < REQUESTS_MIN || cpuSeconds < CPU_SECONDS_MIN || requests <= 0 || runs <= 0 || runSeconds <= 0) return null;
  const mean = runSeconds / runs;
  return {
    cpuSecondsPerRequest: cpuSeconds / requests,
    cpuSecondsPerItem: cpuSeconds / Math.max(rows, requests),
    itemsPerRequest: Math.max(rows, requests) / requests,
    runSeconds: mean,
    serviceVariation: Math.sqrt(Math.max(0, runSecondsSquared / runs - mean ** 2)) / mean,
    rowsPerRun: Math.max(1, rows / runs),
    requestsPerRun: requests / runs,
    networkBytesPerRequest: networkBytes / requests,
  };
}
