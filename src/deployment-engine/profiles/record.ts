/** What is known of one version (by its digest) on one class of host, with one number of threads. */
import type { LoadProfile, ModelFormat } from '../../core/index.ts';

export interface ProfileRecord {
  readonly digest: string;
  readonly hostClass: string;
  readonly threads: number;
  /** null: never run here. */
  readonly measured: MeasuredProfile | null;
  /** null: no request was seen to be answered yet. */
  readonly observed: ObservedProfile | null;
  /** null: the version is not known any more. */
  readonly facts: VersionFacts | null;
}

/** Of the version alone, whatever the host. */
export interface VersionFacts {
  readonly format: ModelFormat;
  /** Of its files, each content counted once. */
  readonly storageBytes: number;
}

/** What workers measured when they loaded. */
export interface MeasuredProfile {
  /** Of the newest start that measured; load time and memory are those of that start. */
  readonly profile: LoadProfile;
  /** ISO 8601, UTC. */
  readonly measuredAt: string;
  /** From spawn to ready of the newest start that took the measurements over; null: there was none. */
  readonly keptLoadMs: number | null;
  /** Highest peak of any start. */
  readonly peakBytes: number;
}

/** What serving was seen to cost. The sums fade as new requests come, so that their quotients follow a change. */
export interface ObservedProfile {
  /** ISO 8601, UTC: of the first and of the newest requests that count. */
  readonly since: string;
  readonly updatedAt: string;
  /** Requests ever, unfaded. */
  readonly requests: number;
  /** Highest memory of a replica, which fades slowly towards what is used now. */
  readonly peakBytes: number;
  readonly sums: ObservedSums;
}

export interface ObservedSums {
  /** Of the workers, all threads. */
  readonly cpuSeconds: number;
  readonly requests: number;
  readonly rows: number;
  readonly runs: number;
  readonly runSeconds: number;
  readonly runSecondsSquared: number;
  /** Tensors of requests and answers. */
  readonly networkBytes: number;
}
