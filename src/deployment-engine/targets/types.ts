import type { BatchingHint, Digest, LoadProfile, ModelFormat, ReplicaReason, Resources, Signature, TimeoutSpec } from '../../core/index.ts';
import type { WorkerStatus } from '../../wire/index.ts';

/** What a target needs to start one replica. */
export interface WorkerSpec {
  /** Unique; letters, digits and `-` only, so it may name files. */
  readonly replica: string;
  readonly service: string;
  readonly version: string;
  readonly digest: Digest;
  /** Secret that a hello must bring; made and stored by the engine before the worker exists. */
  readonly token: string;
  readonly format: ModelFormat;
  /** Directory with the artefact's files. */
  readonly modelDirectory: string;
  readonly entry: string;
  readonly signature: Signature;
  readonly batching: BatchingHint | null;
  readonly resources: Resources;
  readonly timeouts: TimeoutSpec;
}

/** Where a replica's files are; known before it starts, so that the engine can store them first. */
export interface WorkerPaths {
  readonly socketPath: string;
  readonly configPath: string;
  readonly logPath: string;
}

/** What the engine remembered of a replica that it started earlier. */
export interface WorkerRecord {
  readonly replica: string;
  readonly pid: number | null;
  readonly pidStartTime: string | null;
  readonly token: string;
  readonly socketPath: string;
  readonly configPath: string;
}

/** How a worker ended. Reported once. */
export interface WorkerExit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly reason: ReplicaReason;
  /** With the last lines of its log where that helps. */
  readonly message: string;
  /** It left because it was told to (`stop`). */
  readonly expected: boolean;
}

export interface WorkerUsage {
  readonly residentBytes: number;
  /** User and system, since the start. */
  readonly cpuSeconds: number;
}

/** One running worker. */
export interface WorkerHandle {
  readonly replica: string;
  readonly pid: number | null;
  readonly pidStartTime: string | null;
  readonly socketPath: string;
  /** Newest status known; null before the first. */
  readonly status: WorkerStatus | null;
  /** Calls for each change, and at once when one is known already. */
  onStatus(listener: (status: WorkerStatus) => void): void;
  /** Calls once, at once when it has ended already. */
  onExit(listener: (exit: WorkerExit) => void): void;
  /** null when it can't be read (any more). */
  usage(): Promise<WorkerUsage | null>;
  /** Asks it to finish and leave; kills it after the grace. Resolves when it is gone. */
  stop(graceMs: number, reason: string): Promise<void>;
  /** Ends it now. Resolves when it is gone. */
  kill(): Promise<void>;
  /** Lets go of it without ending it: control leaves and another may adopt. */
  release(): void;
}

/** A place where workers run. It knows no runtime. */
export interface Target {
  readonly name: string;
  paths(replica: string): WorkerPaths;
  /** Resolves when the process exists; ready and failed come as status and exit. Rejects when it could not be started. */
  start(spec: WorkerSpec): Promise<WorkerHandle>;
  /** A handle to a worker that still runs; null when it is gone or another (what is left of it was ended and removed). */
  adopt(record: WorkerRecord): Promise<WorkerHandle | null>;
}

export type { LoadProfile };
