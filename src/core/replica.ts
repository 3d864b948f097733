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
  | 'Created' | 'EnvironmentBuilding' | 'EnvironmentFailed' | 'Spawned' | 'Loaded' | 'Adopted'
  | 'Replaced' | 'ScaledDown' | 'Undeployed' | 'Unloaded' | 'Shutdown' | 'Drained' | 'DrainTimeout'
  | 'LoadFailed' | 'LoadTimeout' | 'KnownAnswerFailed' | 'SmokeRunFailed' | 'SpawnFailed' | 'ArtefactMissing'
  | 'Crashed' | 'Killed' | 'OutOfMemory' | 'Hung' | 'Lost';

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

/** What a worker measured when it loaded; the gateway batches by it. */
export interface LoadProfile {
  /** From spawn to ready, milliseconds. */
  readonly loadMs: number;
  /** Whether rows of a batch were seen to be answered as they are alone. */
  readonly batchable: boolean;
  /** Why not, in words; '' if batchable. */
  readonly batchableReason: string;
  /** The batch with the best throughput, 1 when not batchable. */
  readonly bestBatch: number;
  /** Median milliseconds of a run by batch size. */
  readonly latencyMsByBatch: Readonly<Record<string, number>>;
  /** `known-answer`, `smoke`, or `inconclusive` (no guess at the free dimensions ran; see message). */
  readonly check: 'known-answer' | 'smoke' | 'inconclusive';
  readonly checkMessage: string;
  readonly residentBytes: number;
}
