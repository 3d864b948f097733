import { type ChildProcess, spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { LeptonError } from '../../../../core/index.ts';

export interface ProgramRun {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly output?: (text: string) => void;
  /** The process is there; it leads a process group of its own. */
  readonly started?: (pid: number) => void;
  readonly background?: boolean;
}

export interface ProgramEnd {
  readonly code: number | null;
  readonly killedBy: string | null;
  /** Of both streams. */
  readonly tail: string;
  readonly stdout: string;
}

const STDOUT_CHARACTERS_MAX = 2 ** 20;
const TAIL_CHARACTERS = 16_000;

/**
 * Runs a program and all that it starts as one process group, which ends when the signal aborts. Rejects with the signal's
 * reason then, and with UNSUPPORTED when the program cannot be started.
 */
export async function runProgram(run: ProgramRun): Promise<ProgramEnd> {
  run.signal.throwIfAborted();
  const child = spawn(run.file, [...run.args], { env: { ...run.env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const kill = (): void => killGroup(child);
  run.signal.addEventListener('abort', kill, { once: true });
  try {
    const end = await ended(child, run);
    run.signal.throwIfAborted();
    return end;
  } finally {
    run.signal.removeEventListener('abort', kill);
  }
}

function ended(child: ChildProcess, run: ProgramRun): Promise<ProgramEnd> {
  let [tail, stdout] = ['', ''];
  const take = (text: string): void => {
    tail = (tail + text).slice(-TAIL_CHARACTERS);
    run.output?.(text);
  };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    if (stdout.length < STDOUT_CHARACTERS_MAX) stdout += text;
    take(text);
  });
  child.stderr?.setEncoding('utf8').on('data', take);
  child.once('spawn', () => {
    if (run.background) standBack(child.pid as number);
    run.started?.(child.pid as number);
  });
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(new LeptonError('UNSUPPORTED', `${run.file} cannot be started: ${cause.message}`, { cause })));
    child.once('close', (code, killedBy) => resolve({ code, killedBy, tail, stdout }));
  });
}

/** Those that serve come first. What it starts inherits it. */
function standBack(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It has ended already.
  }
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended already.
  }
}
