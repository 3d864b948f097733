import type { ModelFormat } from '../../core/index.ts';

/** A program and how to start it. */
export interface ProgramCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** How a format is served: which worker program loads it. A runtime knows no target. */
export interface Runtime {
  readonly format: ModelFormat;
  /** The worker's command line for a WorkerConfig file at this path (the path as the worker sees it). */
  command(configPath: string): ProgramCommand;
}
