import { CommanderError } from 'commander';
import { LeptonApiError } from '../../clients/typescript/src/index.ts';
import { LeptonError } from '../core/index.ts';
import { outputOf } from './context.ts';
import { CliError, ExitCode, exitCodeOf } from './exit-codes.ts';
import { buildProgram } from './program.ts';

interface Failure {
  readonly message: string;
  readonly code: string;
  readonly exitCode: number;
  readonly hint?: string | undefined;
}

/** Runs one command line (without node and script) and answers its exit code. Never throws. */
export async function run(argv: readonly string[]): Promise<number> {
  let exitCode: number = ExitCode.ok;
  try {
    await buildProgram((code) => (exitCode = code)).parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (thrown) {
    // Commander has printed its own message, or the help that was asked for.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? ExitCode.ok : ExitCode.usage;
    const failure = failureOf(thrown);
    report(failure, argv);
    return failure.exitCode;
  }
}

function failureOf(thrown: unknown): Failure {
  if (thrown instanceof CliError) return { message: thrown.message, code: 'CLI', exitCode: thrown.exitCode, hint: thrown.hint };
  if (thrown instanceof LeptonApiError) return { message: thrown.message, code: thrown.code, exitCode: exitCodeOf(thrown.code, thrown.status), hint: hintFor(thrown) };
  if (thrown instanceof LeptonError) return { message: thrown.message, code: thrown.code, exitCode: exitCodeOf(thrown.code, thrown.httpStatus) };
  return { message: thrown instanceof Error ? thrown.message : String(thrown), code: 'CLI', exitCode: ExitCode.error };
}

const HINTS: Readonly<Record<string, string>> = {
  SERVER_UNREACHABLE: 'start it with lepton-ai serve, name another with --url or LEPTON_URL, or leave both out for the local platform',
  CONTROL_UNAVAILABLE: 'inference goes on; lepton-ai serve on the same data directory brings management back',
  SERVICE_NOT_FOUND: 'lepton-ai services',
  REPOSITORY_NOT_FOUND: 'lepton-ai versions',
  REVISION_NOT_FOUND: 'lepton-ai services --revisions SERVICE',
  CORRUPT: 'lepton-ai fsck',
};

function hintFor(error: LeptonApiError): string | undefined {
  if (error.retryAfterSeconds !== undefined && error.status === 503) return `try again in ${error.retryAfterSeconds} s`;
  return HINTS[error.code];
}

function report(failure: Failure, argv: readonly string[]): void {
  const out = outputOf({ json: argv.includes('--json'), color: !argv.includes('--no-color') });
  if (out.json) return void process.stderr.write(`${JSON.stringify({ error: failure.message, code: failure.code, ...(failure.hint ? { hint: failure.hint } : {}) })}\n`);
  out.problem({ text: 'error: ', style: 'red' }, failure.message);
  if (failure.hint) out.problem({ text: 'hint: ', style: 'dim' }, failure.hint);
}
