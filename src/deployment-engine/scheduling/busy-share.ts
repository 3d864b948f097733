import type { LoadProfile } from '../../core/index.ts';
import { type ObservedRates, observedRates, type ProfileRecord } from '../profiles/index.ts';

/** What waits for less than this of its runs is taken to compute all the time: on a busy machine every run also waits for a core. */
const WAITS_BELOW = 0.5;
const SHARE_MIN = 1e-3;

/**
 * Share of a run in which a version keeps a core busy, 1 unless it clearly waits for something else (another service, a
 * device, time itself). Such a replica can use that share of a core and no more, so more demand takes more replicas.
 */
export function busyShare(measured: Pick<LoadProfile, 'cpuMsByBatch' | 'latencyMsByBatch'> | null, observed: ObservedRates | null): number {
  const shares = Object.entries(measured?.cpuMsByBatch ?? {}).flatMap(([batch, cpuMs]) => {
    const latencyMs = measured?.latencyMsByBatch[batch] ?? 0;
    return latencyMs > 0 ? [cpuMs / latencyMs] : [];
  });
  if (observed) shares.push((observed.cpuSecondsPerRequest * observed.requestsPerRun) / observed.runSeconds);
  // Neighbours make runs longer, never shorter: the highest is the nearest to the truth.
  const share = Math.max(0, ...shares);
  return shares.length > 0 && share < WAITS_BELOW ? Math.max(SHARE_MIN, share) : 1;
}

export const busyShareOf = ({ measured, observed }: ProfileRecord): number => busyShare(measured?.profile ?? null, observedRates(observed));
