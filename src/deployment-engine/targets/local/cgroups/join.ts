/** A program and its arguments. */
export interface ProcessCommand {
  readonly file: string;
  readonly args: readonly string[];
}

/** Exit code of a process that could not be put where it belongs; it has run nothing. */
export const EXIT_NOT_JOINED = 125;

const SHELL = '/bin/sh';
/** `0` is the writing process: it is in its groups before the program's first instruction, and keeps its process id. */
const JOIN = `while [ "$1" != -- ]; do echo 0 > "$1" || exit ${EXIT_NOT_JOINED}; shift; done; shift; exec "$@"`;

/**
 * The same program, started within control groups (`joinFiles`: their `cgroup.procs`) and with at most so many bytes of
 * data (RLIMIT_DATA; null: as many as there are).
 */
export function startedWithin(command: ProcessCommand, joinFiles: readonly string[], dataBytes: number | null = null): ProcessCommand {
  if (!joinFiles.length && dataBytes === null) return command;
  // Only the soft limit, so that it can be raised later.
  const limit = dataBytes === null ? '' : `ulimit -S -d ${Math.max(1, Math.floor(dataBytes / 1024))} || exit ${EXIT_NOT_JOINED}; `;
  return { file: SHELL, args: ['-c', limit + JOIN, 'lepton-start', ...joinFiles, '--', command.file, ...command.args] };
}
