/**
 * The life of a replica:
 *
 *   pending ──▶ starting ──▶ ready ──▶ draining ──▶ stopped
 *      │            │          │           │
 *      └────────────┴──────────┴───────────┴──────▶ failed
 *
 * `pending` may also go straight to `stopped` (never started), `starting` to `draining`/`stopped` (no longer wanted).
 */
export type ReplicaPhase = 'pending' | 'starting' | 'ready' | 'draining' | 'stopped' | 'failed';

const EDGES: Readonly<Record<ReplicaPhase, readonly ReplicaPhase[]>> = {
  pending: ['starting', 'stopped', 'failed'],
  starting: ['ready', 'draining', 'stopped', 'failed'],
  ready: ['draining', 'stopped', 'failed'],
  draining: ['stopped', 'failed'],
  stopped: [],
  failed: [],
};

/** Reasons that a replica's phase carries; `message` has the particulars. */
export type ReplicaReason =
  | 'Created' | 'EnvironmentBuilding' | 'EnvironmentFailed' | 'LoadQueued' | 'Spawned' | 'Loaded' | 'Adopted'
  | 'Replaced' | 'ScaledDown' | 'Undeployed' | 'Unloaded' | 'Shutdown' | 'Drained' | 'DrainTimeout'
  | 'LoadFailed' | 'LoadTimeout' | 'KnownAnswerFailed' | 'SmokeRunFailed' | 'SpawnFailed' | 'ArtefactMissing'
  | 'Crashed' | 'Killed' | 'OutOfMemory' | 'StorageExceeded' | 'Hung' | 'Lost';

export interface ReplicaState {
  readonly phase: ReplicaPhase;
  readonly reason: ReplicaReason;
  readonly message: string;
}

/** The only way to change a phase; throws on an edge that the diagram lacks. */
export function transition(from: ReplicaState, to: ReplicaState): ReplicaState {
  if (!EDGES[from.phase].includes(to.phase)) throw new Error(`replica cannot go from ${from.phase} (${from.reason}) to ${to.phase} (${to.reason})`);
  return to;
}

export const isTerminal = (phase: ReplicaPhase): boolean => phase === 'stopped' || phase === 'failed';

/** One run with so many threads. */
export interface ThreadMeasurement {
  readonly threads: number;
  /** Rows. */
  readonly batch: number;
  readonly latencyMs: number;
  /** Over all threads. */
  readonly cpuMs: number;
}

/** What a worker measured when it loaded; the gateway batches by it, and the scheduler plans by it. */
export interface LoadProfile {
  /** From spawn to ready, milliseconds. */
  readonly loadMs: number;
  /** Of these, what measuring took; a start that is told an earlier profile does without. */
  readonly measureMs: number;
  /** `kept`: an earlier start of the same version on this class of host had measured; only load, check and memory are this start's own. */
  readonly origin: 'measured' | 'kept';
  /** Whether rows of a batch were seen to be answered as they are alone. */
  readonly batchable: boolean;
  /** Why not, in words; '' if batchable. */
  readonly batchableReason: string;
  /** The batch with the best throughput, 1 when not batchable. */
  readonly bestBatch: number;
  /** Median milliseconds of a run by batch size. */
  readonly latencyMsByBatch: Readonly<Record<string, number>>;
  /** CPU milliseconds of a run, over all threads, by batch size. */
  readonly cpuMsByBatch: Readonly<Record<string, number>>;
  /** A single row and the best batch with each number of threads that was tried; empty where the host or the runtime allows one only. */
  readonly byThreads: readonly ThreadMeasurement[];
  /** `known-answer`, `smoke`, or `inconclusive` (no guess at the free dimensions ran; see message). */
  readonly check: 'known-answer' | 'smoke' | 'inconclusive';
  readonly checkMessage: string;
  readonly residentBytes: number;
  /** Most memory in RAM up to now. */
  readonly peakBytes: number;
}

/** A profile of a worker that an earlier release started, which did not measure all of it. */
export function completeProfile(profile: Partial<LoadProfile> & Omit<LoadProfile, 'measureMs' | 'origin' | 'cpuMsByBatch' | 'byThreads' | 'peakBytes'>): LoadProfile {
  return { measureMs: 0, origin: 'measured', cpuMsByBatch: {}, byThreads: [], peakBytes: profile.residentBytes, ...profile };
}
