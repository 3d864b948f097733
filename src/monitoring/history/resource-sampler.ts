import type { PlatformEvent } from '../../core/index.ts';
import { encodeReport, Sample } from '../samples/index.ts';

/** A version's resources as the engine tells them. */
export interface ResourceView {
  readonly name: string;
  readonly versions: readonly {
    readonly version: string;
    /** Percent. */
    readonly weight: number;
    readonly profile: { readonly loadMs: number } | null;
    readonly replicas: readonly { readonly id: string; readonly phase: string; readonly cpuSeconds: number | null; readonly residentBytes: number | null }[];
  }[];
}

interface Seen {
  readonly cpuSeconds: number;
  readonly atMs: number;
}
interface Happened {
  loads: number;
  failures: number;
  oomKills: number;
}

const keyOf = (service: string, version: string): string => JSON.stringify([service, version]);

/** Turns what the engine says of replicas, and the events of their starts and ends, into reports for the history. */
export class ResourceSampler {
  readonly #source: string;
  #sequence = 0;
  #seen = new Map<string, Seen>();
  readonly #happened = new Map<string, Happened>();

  /** `source`: another one in each run of the process. */
  constructor(source: string) {
    this.#source = source;
  }

  /** Notes starts and failures of replicas. */
  note({ reason, message, service, version }: PlatformEvent): void {
    if (service === null || version === null || (reason !== 'ReplicaReady' && reason !== 'ReplicaFailed')) return;
    const key = keyOf(service, version);
    const happened = this.#happened.get(key) ?? { loads: 0, failures: 0, oomKills: 0 };
    if (reason === 'ReplicaReady') happened.loads++;
    if (reason === 'ReplicaFailed') happened.failures++;
    if (reason === 'ReplicaFailed' && message.includes('is failed: OutOfMemory')) happened.oomKills++;
    this.#happened.set(key, happened);
  }

  /** The encoded report of this moment; null when no version is there. */
  sample(services: readonly ResourceView[], nowMs: number): Uint8Array | null {
    const seen = new Map<string, Seen>();
    const samples = services.flatMap(({ name, versions }) => versions.map((version) => ({ service: name, version: version.version, bytes: this.#sampleOf(name, version, nowMs, seen) })));
    this.#seen = seen;
    this.#happened.clear();
    return samples.length ? encodeReport({ source: this.#source, sequence: ++this.#sequence, at: Math.floor(nowMs / 1000) - 1, samples }) : null;
  }

  #sampleOf(service: string, { version, weight, profile, replicas }: ResourceView['versions'][number], nowMs: number, seen: Map<string, Seen>): Uint8Array {
    const sample = new Sample();
    let [memoryKiB, elapsedUs] = [0, 0];
    for (const { id, cpuSeconds, residentBytes } of replicas) {
      memoryKiB += (residentBytes ?? 0) / 1024;
      if (cpuSeconds === null) continue;
      seen.set(id, { cpuSeconds, atMs: nowMs });
      const before = this.#seen.get(id);
      if (!before) continue;
      elapsedUs = Math.max(elapsedUs, (nowMs - before.atMs) * 1000);
      sample.add('cpuUs', Math.max(0, cpuSeconds - before.cpuSeconds) * 1e6);
    }
    sample.add('resourceSamples', 1);
    sample.add('cpuElapsedUs', elapsedUs);
    sample.add('memoryKiB', memoryKiB);
    sample.add('memoryMaxKiB', memoryKiB);
    sample.add('weight', weight * 100);
    sample.add('replicasReady', replicas.filter(({ phase }) => phase === 'ready').length);
    this.#addHappened(sample, this.#happened.get(keyOf(service, version)), profile?.loadMs ?? 0);
    return sample.encode();
  }

  #addHappened(sample: Sample, happened: Happened | undefined, loadMs: number): void {
    if (!happened) return;
    sample.add('loads', happened.loads);
    sample.add('loadUs', happened.loads * loadMs * 1000);
    sample.add('replicaFailures', happened.failures);
    sample.add('oomKills', happened.oomKills);
  }
}
