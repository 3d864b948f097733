import { requestValue, type SchedulerInput, type SchedulerVersion } from './input.ts';

/**
 * Versions that another one of the same choice beats: worth at least as much, never needing more, and better in something. Such a
 * version gets traffic beyond its minimum only where the better ones can't serve it.
 */
export function dominatedVersions({ versions, services }: SchedulerInput): ReadonlyMap<string, string> {
  const byId = new Map(versions.map((version) => [version.id, version]));
  const found = new Map<string, string>();
  for (const { ranges } of services) {
    const choice = Object.keys(ranges).flatMap((id) => byId.get(id) ?? []);
    for (const one of choice) {
      const better = choice.find((other) => other !== one && dominates(other, one));
      if (better) found.set(one.id, better.id);
    }
  }
  return found;
}

function dominates(one: SchedulerVersion, other: SchedulerVersion): boolean {
  const costs = ({ profile, threads }: SchedulerVersion): number[] => [profile.cpuSecondsPerRequest, profile.memoryBytes, profile.storageBytes, profile.networkBytesPerRequest, profile.gpus, profile.serviceVariation, -threads];
  const [mine, theirs] = [costs(one), costs(other)];
  const differences = [requestValue(one) - requestValue(other), ...mine.map((cost, index) => (theirs[index] ?? 0) - cost)];
  return differences.every((difference) => difference >= 0) && differences.some((difference) => difference > 0) && samePlaces(one, other);
}

const samePlaces = (one: SchedulerVersion, other: SchedulerVersion): boolean => JSON.stringify(Object.entries(one.placement).sort()) === JSON.stringify(Object.entries(other.placement).sort());
