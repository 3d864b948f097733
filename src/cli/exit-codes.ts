/** What `lepton-ai` exits with; part of its interface, for scripts. */
export const ExitCode = {
  ok: 0,
  error: 1,
  usage: 2,
  notFound: 3,
  refused: 4,
  unreachable: 5,
  notServing: 6,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** For `--help` and the documentation. */
export const EXIT_CODES_HELP: Readonly<Record<ExitCode, string>> = {
  0: 'done',
  1: 'error',
  2: 'the command line, a file or a value is wrong',
  3: 'not found',
  4: 'refused: a conflict, still in use, too late, or a model that cannot be served',
  5: 'the server cannot be reached',
  6: 'the change was accepted, but does not serve: it failed, or not in time',
};

/** A failure that the command line itself states, with its exit code. */
export class CliError extends Error {
  readonly exitCode: ExitCode;
  /** What to do, on a line of its own. */
  readonly hint: string | undefined;
  constructor(message: string, exitCode: ExitCode, hint?: string) {
    super(message);
    this.exitCode = exitCode;
    this.hint = hint;
  }
}

/** The exit code of an error's code and HTTP status. */
export function exitCodeOf(code: string, status: number): ExitCode {
  if (code === 'SERVER_UNREACHABLE' || code === 'CONTROL_UNAVAILABLE') return ExitCode.unreachable;
  if (status === 404) return ExitCode.notFound;
  if (status === 409 || status === 410 || status === 412 || status === 422) return ExitCode.refused;
  if (status === 400 || code === 'INVALID_ARGUMENT') return ExitCode.usage;
  return ExitCode.error;
}
