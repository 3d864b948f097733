import type { VersionRoute } from '../../../core/index.ts';
import { BatchTuner } from '../batching/index.ts';
import { VersionStatistics } from './statistics.ts';

/** What outlives a version's lane. */
export interface Learnt {
  /** What its batches are best at. */
  readonly tuner: BatchTuner;
  /** What it did since the gateway started. */
  readonly statistics: VersionStatistics;
}

const VERSIONS_MAX = 1000;

/** A version that comes back, after it was unloaded or undeployed, goes on with what was learnt and counted. The newest ones are kept. */
export class LearntVersions {
  readonly #versions = new Map<string, Learnt>();

  of(service: string, { version, digest }: Pick<VersionRoute, 'version' | 'digest'>): Learnt {
    const key = `${service} ${version} ${digest}`;
    const learnt = this.#versions.get(key) ?? { tuner: new BatchTuner(), statistics: new VersionStatistics() };
    this.#versions.delete(key);
    this.#versions.set(key, learnt);
    if (this.#versions.size > VERSIONS_MAX) this.#versions.delete(this.#versions.keys().next().value as string);
    return learnt;
  }
}
