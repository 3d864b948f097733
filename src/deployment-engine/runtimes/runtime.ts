import type { VersionManifest } from '../../core/index.ts';

/** A program and how to start it. */
export interface ProgramCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Files and directories that the program is made of, wherever they are; the rest of the machine may be out of its sight. */
  readonly reads: readonly string[];
}

/** A worker's command line for a WorkerConfig file at this path (the path as the worker sees it). */
export type WorkerCommand = (configPath: string) => ProgramCommand;

/** One worker that is to be started. */
export interface Preparation {
  readonly manifest: VersionManifest;
  /** Hears, in one line, what is being done when it takes a while. */
  readonly progress: (message: string) => void;
  /** Hears what the programs write that do it, for the replica's log. */
  readonly output: (text: string) => void;
  /** Nobody needs it any more. */
  readonly signal: AbortSignal;
}

/** How a format is served: which worker program loads it, and what that needs before it can run. A runtime knows no target. */
export interface Runtime {
  /** Makes what the worker needs and is not there yet. Rejects with the reason, in the words of the tool that failed. */
  prepare(preparation: Preparation): Promise<WorkerCommand>;
}
