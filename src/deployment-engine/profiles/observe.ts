import type { MeasuredProfile, ObservedProfile, ObservedSums } from './record.ts';
import type { LoadProfile } from '../../core/index.ts';

/** What one version did with one number of threads between two looks. */
export interface ServingWindow extends ObservedSums {
  /** Highest memory of a replica. */
  readonly peakBytes: number;
}

/** CPU seconds that halve what was known before; a quieter window fades it in proportion. */
const CPU_SECONDS_HALF = 2;
/** Of the distance of the peak to what is used now, by CPU second of serving. */
const PEAK_FADE = 1e-3;

/**
 * Takes a window in. What was known fades by the CPU time that the new evidence rests on, so that a busy version's change
 * shows within seconds, and a rare request neither fades the past nor counts for more than it is.
 */
export function observe(before: ObservedProfile | null, window: ServingWindow, at: string): ObservedProfile {
  const keep = 0.5 ** (window.cpuSeconds / CPU_SECONDS_HALF);
  const known = before?.sums;
  const fold = (field: keyof ObservedSums): number => (known?.[field] ?? 0) * keep + window[field];
  const sums: ObservedSums = {
    cpuSeconds: fold('cpuSeconds'), requests: fold('requests'), rows: fold('rows'),
    runs: fold('runs'), runSeconds: fold('runSeconds'), runSecondsSquared: fold('runSecondsSquared'),
    networkBytes: fold('networkBytes'),
  };
  const faded = before ? before.peakBytes - (before.peakBytes - window.peakBytes) * Math.min(1, PEAK_FADE * window.cpuSeconds) : 0;
  return { since: before?.since ?? at, updatedAt: at, requests: (before?.requests ?? 0) + window.requests, peakBytes: Math.round(Math.max(window.peakBytes, faded)), sums };
}

/** Takes a load in. One that took earlier measurements over says only how long it took itself, and its memory. */
export function measured(before: MeasuredProfile | null, profile: LoadProfile, at: string): MeasuredProfile {
  const peakBytes = Math.max(before?.peakBytes ?? 0, profile.peakBytes, profile.residentBytes);
  if (profile.origin === 'kept' && before) return { ...before, keptLoadMs: profile.loadMs, peakBytes };
  return { profile, measuredAt: at, keptLoadMs: null, peakBytes: Math.max(profile.peakBytes, profile.residentBytes) };
}
