import type { Clock } from '../core/index.ts';
import type { VersionDemand } from '../wire/index.ts';
import { type Profiles, type SampledReplica, UsageSampler } from './profiles/index.ts';
import type { ReplicaSet } from './replica-set.ts';
import type { Replica } from './state.ts';

export interface UsageMonitorDependencies {
  readonly replicas: ReplicaSet;
  readonly profiles: Profiles;
  readonly clock: Clock;
  readonly demands: () => readonly VersionDemand[];
}

/** Looks at what workers use: for their status, and for what their versions turn out to need. */
export class UsageMonitor {
  readonly #dependencies: UsageMonitorDependencies;
  readonly #sampler = new UsageSampler();

  constructor(dependencies: UsageMonitorDependencies) {
    this.#dependencies = dependencies;
  }

  /** A worker is ready; what it has used so far was for itself. */
  begin(replica: Replica): void {
    replica.usage = replica.handle?.usage() ?? null;
    if (replica.usage) this.#sampler.begin(replica.id, replica.usage.cpuSeconds);
  }

  /** One look at every worker. */
  sample(): void {
    const { replicas, profiles, clock, demands } = this.#dependencies;
    const live = replicas.live();
    // A worker that still loads has not got its memory yet.
    for (const replica of live) replica.usage = replica.state.phase === 'starting' ? null : (replica.handle?.usage() ?? null);
    for (const { digest, threads, window } of this.#sampler.sample(clock.monotonic(), live.flatMap(sampled), demands())) profiles.served(digest, threads, window);
  }
}

function sampled({ id, service, version, digest, threads, usage, state }: Replica): SampledReplica[] {
  if (!usage || (state.phase !== 'ready' && state.phase !== 'draining')) return [];
  return [{ id, service, version, digest, threads, cpuSeconds: usage.cpuSeconds, peakBytes: usage.residentBytes }];
}
