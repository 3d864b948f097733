import type { LogSettings } from './log-settings.ts';
import type { BatchingSpec, StickyKey, TimeoutSpec } from './service.ts';
import type { Signature } from './tensor.ts';
import type { Digest, ModelFormat } from './version.ts';

/** One ready replica: where the gateway connects. */
export interface ReplicaRoute {
  readonly id: string;
  /** Unix socket of the worker. */
  readonly socketPath: string;
  /** Secret that the hello to this worker must bring. */
  readonly token: string;
}

/**
 * `ready`: at least one replica serves. `recovering`: it served and is being restarted, so requests wait in the queue.
 * `asleep`: not in memory, and the first request loads it; `waking`: it is being loaded for requests, which wait in the queue.
 * `starting`, `failed`: requests get VERSION_NOT_READY with reason and message at once. So they do from a version that was
 * asked to rest: `draining` while its last requests are answered, then `drained` (still in memory) or `unloaded`.
 */
export type VersionPhase = 'ready' | 'recovering' | 'asleep' | 'waking' | 'starting' | 'failed' | 'draining' | 'drained' | 'unloaded';

/** Whether a version takes requests: it answers them, or they wait in its queue until it does. */
export const takesRequests = (phase: VersionPhase): boolean => phase === 'ready' || phase === 'recovering' || phase === 'asleep' || phase === 'waking';

/** Whether a version was asked to take no requests. */
export const isResting = (phase: VersionPhase): boolean => phase === 'draining' || phase === 'drained' || phase === 'unloaded';

/** Names of an output's classes, by index. */
export interface ClassLabels {
  /** File of the artefact that they come from. */
  readonly file: string;
  readonly labels: readonly string[];
}

/** One version of a service as the gateway needs it. */
export interface VersionRoute {
  readonly version: string;
  readonly repository: string;
  readonly digest: Digest;
  /** Goes into the ids of its predictions: serial of this version in this service, never given to another; 0: not known yet. */
  readonly predictionSource: number;
  readonly format: ModelFormat;
  readonly signature: Signature;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** By output; absent: no output has any. */
  readonly classLabels?: Readonly<Record<string, ClassLabels>>;
  readonly phase: VersionPhase;
  readonly reason: string;
  readonly message: string;
  readonly priority: number;
  readonly batching: BatchingSpec & {
    /** Measured: rows may be merged along dimension 0. */
    readonly batchable: boolean;
    /** Largest batch to form now. */
    readonly batchMax: number;
    /** Most rows that one request may bring, as the publisher declared (`max_batch_size`); absent: any number. */
    readonly rowsMax?: number;
  };
  readonly timeouts: TimeoutSpec;
  readonly replicas: readonly ReplicaRoute[];
}

/** A service's traffic with labels already resolved. Weights are > 0 and sum to 100, or empty when nothing may answer. */
export interface ServiceRoute {
  readonly service: string;
  readonly weights: Readonly<Record<string, number>>;
  readonly sticky: StickyKey | null;
  /** Answers metadata, config and statistics without a version; null when no version is deployed. */
  readonly defaultVersion: string | null;
  /** Labels that may stand where a version may: label → version. Only versions of this service. */
  readonly labels: Readonly<Record<string, string>>;
  readonly versions: readonly VersionRoute[];
}

/** Immutable snapshot that the engine hands to gateways. A request reads it once. */
export interface RoutingTable {
  /** Grows with every change, across restarts of control. */
  readonly generation: number;
  readonly services: readonly ServiceRoute[];
  /** What gateways log; absent: what they were started with. */
  readonly logging?: LogSettings;
  /** Models of this start are still being brought up: a gateway that has not been ready yet isn't. */
  readonly starting?: true;
}
