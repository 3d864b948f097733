import type { HostIsolation, IsolationReport, ReplicaReason } from '../../core/index.ts';
import type { WorkerConfig, WorkerStatus } from '../../wire/index.ts';
import type { LimitReport, WorkerLimits } from './limits.ts';

/** Where workers run. Every implementation passes `describeTarget` (src/testing/target-suite.ts). */
export interface Target {
  readonly name: string;
  /** What workers are kept from on this host, as was tried out. */
  isolation(): Promise<HostIsolation>;
  /**
   * Starts a worker. Resolves when the process is there (it then loads; see `onStatus`); rejects with REPLICA_FAILED and
   * `details.reason` 'SpawnFailed' when it cannot be started, leaving nothing behind.
   */
  start(spec: WorkerSpec): Promise<WorkerHandle>;
  /**
   * Finds a worker that an earlier control process started. null when it is not there any more, or is leaving already
   * (it finishes what it has within its grace); one that is there but does not prove to be this replica is ended first.
   */
  adopt(record: WorkerRecord): Promise<WorkerHandle | null>;
}

export interface WorkerSpec {
  /** The target chooses secret and socket. `replica` is unique and holds letters, digits and `-` only. */
  readonly worker: Omit<WorkerConfig, 'token' | 'socketPath'>;
  /** The program that serves the format; a Runtime's `command`. */
  readonly command: (configPath: string) => { readonly file: string; readonly args: readonly string[]; readonly env: Readonly<Record<string, string>>; readonly reads?: readonly string[] };
  /** Absolute path; stdout and stderr are appended to it. */
  readonly logFile: string;
  readonly limits: WorkerLimits;
}

/** What must be kept to find a worker again. JSON-serialisable; holds the worker's secret. */
export interface WorkerRecord {
  readonly replica: string;
  readonly pid: number;
  /** Tells the process from a later one with the same pid. */
  readonly pidStartTime: string;
  readonly socketPath: string;
  readonly token: string;
  readonly configPath: string;
  readonly logFile: string;
}

export interface WorkerExit {
  /** null: ended by a signal, or unknown (an adopted process). */
  readonly code: number | null;
  readonly signal: string | null;
  /** 'Drained' and 'DrainTimeout' after `stop`; otherwise why it is gone although nobody asked. */
  readonly reason: ReplicaReason;
  /** With the values, and the last lines of the log where it failed. */
  readonly message: string;
  /** It left because of `stop` or `kill`. */
  readonly expected: boolean;
}

/** null where nobody can tell, which is where the host gives the worker no group of its own. */
export interface ProcessUsage {
  /** In RAM, over all processes of the worker; pages that two of them share count twice. */
  readonly residentBytes: number;
  /** User and system, since the start, with processes that have ended. */
  readonly cpuSeconds: number;
  /** How long it had work and had to wait for its CPU quota. */
  readonly throttledSeconds: number | null;
  /** Charged to the worker's group, without what the kernel can drop from its file cache. */
  readonly memoryBytes: number | null;
  /** The most that was charged, file cache too. */
  readonly memoryPeakBytes: number | null;
  /** Processes of the worker that the kernel ended for want of memory. */
  readonly oomKills: number | null;
  readonly processes: number;
  readonly threads: number;
}

export interface WorkerUsage extends ProcessUsage {
  /** Of its temporary files and caches; null: not counted yet. */
  readonly storageBytes: number | null;
  /** Through its own network namespace; null where it uses the machine's. */
  readonly networkReceivedBytes: number | null;
  readonly networkSentBytes: number | null;
}

/** One running worker, as the engine holds it. */
export interface WorkerHandle {
  readonly record: WorkerRecord;
  readonly replica: string;
  readonly pid: number;
  readonly pidStartTime: string;
  readonly socketPath: string;
  /** The newest status; `loading` until the worker has said anything else. */
  readonly status: WorkerStatus;
  /** null while it runs. */
  readonly exited: WorkerExit | null;
  /** Milliseconds since the worker last showed a sign of life. */
  readonly silentMs: number;
  /** Calls back with the worker's own status (at once if there is one yet) and on every change. */
  onStatus(listener: (status: WorkerStatus) => void): void;
  /** Calls back once, soon if it has ended already. Files of the worker are removed by then, but for its log. */
  onExit(listener: (exit: WorkerExit) => void): void;
  /** null when it is gone. */
  usage(): WorkerUsage | null;
  /** What it is kept from, as the kernel says once it has been heard of. */
  readonly isolation: IsolationReport;
  /** What is asked of its limits now, and which of them hold. */
  readonly limits: LimitReport;
  /** Changes limits while it runs; the report says what holds afterwards. Rejects nothing: a limit that can't be had is in the report. */
  adjust(changes: Partial<WorkerLimits>): Promise<LimitReport>;
  /** Asks it to finish what is in flight and leave, and ends it a second after the grace. Resolves when it is gone. */
  stop(graceMs: number, reason: string): Promise<WorkerExit>;
  /** Ends it at once. Resolves when it is gone. */
  kill(): Promise<WorkerExit>;
  /** Lets go of it and leaves it running. No callbacks after this. */
  detach(): void;
}
