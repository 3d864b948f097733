import { storageBytes, type VersionManifest } from '../core/index.ts';
import { observedRates, type ProfileRecord, type Profiles, schedulerProfile } from './profiles/index.ts';
import type { HostProfile, VersionProfiles } from './types.ts';

/** What people are told of what a version needs. */
export function versionProfiles(profiles: Profiles, digest: string, { format, files }: VersionManifest): VersionProfiles {
  const facts = { format, storageBytes: storageBytes(files) };
  const records = profiles.list(digest).map((record) => ({ ...record, facts }));
  return { digest, hostClass: profiles.hostClass, storageBytes: facts.storageBytes, profiles: records.map((record) => hostProfile(record, profiles.hostClass)) };
}

function hostProfile(record: ProfileRecord, here: string): HostProfile {
  const { hostClass, threads, measured, observed } = record;
  const rates = observedRates(observed);
  return {
    hostClass, threads,
    here: hostClass === here,
    measured: measured && { ...measured.profile, measuredAt: measured.measuredAt, keptLoadMs: measured.keptLoadMs, peakBytes: measured.peakBytes },
    observed: observed && { since: observed.since, updatedAt: observed.updatedAt, requests: observed.requests, peakBytes: observed.peakBytes, rates },
    scheduler: schedulerProfile(record),
  };
}
