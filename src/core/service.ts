import type { Digest } from './version.ts';

/** Resources of one replica. */
export interface Resources {
  /** Intra-op threads of the runtime. */
  readonly threads: number;
  /** Limit of its memory, bytes; null: none. */
  readonly memoryBytes: number | null;
  /** Limit of its CPU, cores; null: none. */
  readonly cpus: number | null;
  /** Limit of its processes and threads; null: none. */
  readonly pids: number | null;
  /** May use the machine's network. */
  readonly network: boolean;
  /** Temporary files and caches, bytes; null: 1 GiB. */
  readonly storageBytes: number | null;
}

/** How many copies of a version run. */
export interface ReplicaBounds {
  /** 0: none while nobody asks; the first request loads it. */
  readonly min: number;
  readonly max: number;
  /** With `min` 0 only: seconds without a request after which it leaves memory. */
  readonly idleSeconds?: number;
}

export interface BatchingSpec {
  /** Largest batch; null: what the load-time measurement found best. 1: never batch. */
  readonly maxBatch: number | null;
  /** How long a queued request may wait for company, milliseconds. 0: take what is queued, never wait. */
  readonly maxDelayMs: number;
  /** Most requests that may wait for this version; one more is refused with QUEUE_FULL. */
  readonly queueLengthMax: number;
}

export interface TimeoutSpec {
  /** Deadline of a request that brings none, from arrival to answer. */
  readonly requestTimeoutMs: number;
  /** Longest single run; a replica that takes longer counts as hung. */
  readonly runTimeoutMs: number;
  /** Longest load including known answers and warm-up. */
  readonly loadTimeoutMs: number;
  /** Longest wait for requests in flight when a replica leaves. */
  readonly drainTimeoutMs: number;
}

/**
 * What a version of a service is asked to do:
 *
 *   loaded    in memory, takes its share of the traffic and requests that name it
 *   warm      in memory, only requests that name it
 *   drained   in memory, no new requests; those that it had are answered
 *   unloaded  not in memory
 *
 * The share of versions that are not `loaded` goes to those that are.
 */
export const DEPLOYMENT_STATES = ['loaded', 'warm', 'drained', 'unloaded'] as const;
export type DeploymentState = (typeof DEPLOYMENT_STATES)[number];

/** Share of the requests that shall be answered within a time. */
export interface LatencyObjective {
  readonly milliseconds: number;
  /** For example 0.99. */
  readonly quantile: number;
}

/** What a deployment says to the scheduler, beside replicas and priority. */
export interface SchedulingSpec {
  /** Worth of an answer beside those of other versions, or the name of a metric in the version's metadata; absent: a metric that all of the service's versions have, or 1. */
  readonly quality?: number | string;
  readonly latency?: LatencyObjective;
  /** Share of its demand that must be served, 0 to 1. */
  readonly servedMin?: number;
  /** Labels that a node must have. */
  readonly placement?: Readonly<Record<string, string>>;
  /** Versions (`version`, or `service:version`) that may not be on the same node; its own: at most one replica a node. */
  readonly apartFrom?: readonly string[];
}

/** One version inside a service. */
export interface DeploymentSpec extends SchedulingSpec {
  readonly repository: string;
  readonly version: string;
  readonly digest: Digest;
  readonly state: DeploymentState;
  readonly target: 'local';
  readonly replicas: ReplicaBounds;
  /** What one of its requests is worth beside those of others where not all can be served; 0: answered with what nobody else wants. */
  readonly priority: number;
  readonly resources: Resources;
  readonly batching: BatchingSpec;
  readonly timeouts: TimeoutSpec;
}

/** The key of a sticky decision: a request header (gRPC metadata) or a request parameter. */
export type StickyKey = { readonly header: string } | { readonly parameter: string };

/** Least and most percent of a version, between which the scheduler may move traffic. */
export type TrafficRanges = Readonly<Record<string, { readonly min: number; readonly max: number }>>;

/** Who answers a request that names no version. */
export type TrafficPolicy =
  /** Percent by version name, sum 100; versions not named, and those at 0, are dark: only reached by name. */
  | { readonly kind: 'weights'; readonly weights: Readonly<Record<string, number>>; readonly sticky: StickyKey | null; readonly defaultVersion: string | null; readonly ranges?: TrafficRanges }
  /** All to one version. */
  | { readonly kind: 'version'; readonly version: string; readonly defaultVersion: string | null }
  /** All to the version that a label of the deployments' repository points to now. */
  | { readonly kind: 'label'; readonly repository: string; readonly label: string; readonly defaultVersion: string | null };

/** Desired state of a service. In the Open Inference Protocol its name is the model name. */
export interface ServiceSpec {
  readonly name: string;
  /** Version names are unique within a service, whatever their repository. */
  readonly deployments: readonly DeploymentSpec[];
  readonly traffic: TrafficPolicy;
}

/** An immutable revision of a service's spec; rollback makes a new one that equals an earlier. */
export interface ServiceRevision {
  readonly service: string;
  readonly revision: number;
  readonly spec: ServiceSpec;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly reason: string;
}

export interface Condition {
  readonly type: 'Ready' | 'Progressing' | 'Degraded';
  readonly status: boolean;
  readonly reason: string;
  readonly message: string;
  readonly since: string;
}
