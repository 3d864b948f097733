import type { Clock, LoadProfile } from '../../core/index.ts';
import type { Database } from '../../database/index.ts';
import { measured, observe, type ServingWindow } from './observe.ts';
import { ProfileStore, type StoredProfile } from './profile-store.ts';
import type { ProfileRecord, VersionFacts } from './record.ts';
import { type EstimatedProfile, schedulerProfile } from './scheduler-profile.ts';

export interface ProfilesDependencies {
  readonly database: Database;
  readonly hostClass: string;
  /** Of a version that is deployed; undefined: not known. */
  readonly facts: (digest: string) => VersionFacts | undefined;
  readonly clock: Clock;
  readonly onProblem: (error: unknown) => void;
}

/** Measurements are made again after so long: kernels, neighbours and hosts change. */
const KEPT_MS_MAX = 30 * 24 * 3_600_000;

/**
 * What versions need, by their digest, in memory and kept across restarts. Loads and serving tell it; the scheduler and people
 * ask. Memory leads, rows follow with `save`: a database that does not answer costs the newest observations, no request.
 */
export class Profiles {
  readonly #dependencies: ProfilesDependencies;
  readonly #store: ProfileStore;
  /** By digest, host class and threads. */
  readonly #profiles = new Map<string, StoredProfile>();
  /** Keys by digest. */
  readonly #byDigest = new Map<string, Set<string>>();
  readonly #unsaved = new Set<string>();

  constructor(dependencies: ProfilesDependencies) {
    this.#dependencies = dependencies;
    this.#store = new ProfileStore(dependencies.database);
  }

  get hostClass(): string {
    return this.#dependencies.hostClass;
  }

  /** Reads what earlier control processes kept. */
  async load(): Promise<void> {
    for (const profile of await this.#store.load()) this.#set(profile);
  }

  /** What is known of a version on this class of host; of one that never ran the record is empty. */
  of(digest: string, threads: number): ProfileRecord {
    return this.#record(this.#profiles.get(keyOf(digest, this.hostClass, threads)) ?? { digest, hostClass: this.hostClass, threads, measured: null, observed: null });
  }

  /** What the scheduler should reckon with, and how far to trust it. */
  estimate(digest: string, threads: number): EstimatedProfile {
    const [elsewhere] = this.list(digest).filter((other) => (other.hostClass !== this.hostClass || other.threads !== threads) && other.measured).sort((a, b) => Number(b.hostClass === this.hostClass) - Number(a.hostClass === this.hostClass));
    return schedulerProfile(this.of(digest, threads), elsewhere ?? null);
  }

  /** On every class of host and with every number of threads, this class first. */
  list(digest: string): readonly ProfileRecord[] {
    const keys = [...(this.#byDigest.get(digest) ?? [])];
    const own = ({ hostClass }: ProfileRecord): number => Number(hostClass === this.hostClass);
    return keys.map((key) => this.#record(this.#profiles.get(key) as StoredProfile)).sort((a, b) => own(b) - own(a) || (a.hostClass < b.hostClass ? -1 : a.hostClass > b.hostClass ? 1 : a.threads - b.threads));
  }

  /** For a start that need not measure again; null: it has to. `urgent`: requests may wait for it, so an old measurement will do. */
  known(digest: string, threads: number, { urgent }: { readonly urgent: boolean }): LoadProfile | null {
    const { measured: found } = this.of(digest, threads);
    return found && (urgent || this.#dependencies.clock.now() - Date.parse(found.measuredAt) < KEPT_MS_MAX) ? found.profile : null;
  }

  /** A worker has loaded the version. Written at once: a measurement costs more than a row. */
  loaded(digest: string, threads: number, profile: LoadProfile): void {
    const record = this.of(digest, threads);
    this.#change({ ...record, measured: measured(record.measured, profile, this.#now()) });
    void this.save();
  }

  /** Requests were answered. */
  served(digest: string, threads: number, window: ServingWindow): void {
    const record = this.of(digest, threads);
    this.#change({ ...record, observed: observe(record.observed, window, this.#now()) });
  }

  /** Forgets a version: its next start measures, and what serving costs is learnt anew. */
  async forget(digest: string): Promise<void> {
    await this.#store.delete(digest);
    for (const key of this.#byDigest.get(digest) ?? []) {
      this.#profiles.delete(key);
      this.#unsaved.delete(key);
    }
    this.#byDigest.delete(digest);
  }

  /** Writes what has changed. Never rejects; what can't be written now is written with the next call. */
  async save(): Promise<void> {
    const keys = [...this.#unsaved];
    this.#unsaved.clear();
    try {
      await this.#store.save(keys.flatMap((key) => this.#profiles.get(key) ?? []), this.#now());
    } catch (error) {
      for (const key of keys) this.#unsaved.add(key);
      this.#dependencies.onProblem(error);
    }
  }

  #now(): string {
    return new Date(this.#dependencies.clock.now()).toISOString();
  }

  #change({ digest, hostClass, threads, measured: found, observed }: StoredProfile): void {
    this.#set({ digest, hostClass, threads, measured: found, observed });
    this.#unsaved.add(keyOf(digest, hostClass, threads));
  }

  #set(profile: StoredProfile): void {
    const key = keyOf(profile.digest, profile.hostClass, profile.threads);
    this.#profiles.set(key, profile);
    const keys = this.#byDigest.get(profile.digest) ?? new Set();
    this.#byDigest.set(profile.digest, keys.add(key));
  }

  #record(profile: StoredProfile): ProfileRecord {
    return { ...profile, facts: this.#dependencies.facts(profile.digest) ?? null };
  }
}

const keyOf = (digest: string, hostClass: string, threads: number): string => `${digest} ${threads} ${hostClass}`;
