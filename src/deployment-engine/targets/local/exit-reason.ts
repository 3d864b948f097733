import type { ReplicaReason } from '../../../core/index.ts';
import type { WorkerStatus } from '../../../wire/index.ts';
import type { WorkerExit } from '../target.ts';

/** Why we ended a worker ourselves. */
export interface Ending {
  readonly reason: ReplicaReason;
  readonly message: string;
  readonly expected: boolean;
}

export interface ExitFacts {
  readonly code: number | null;
  readonly signal: string | null;
  readonly ending: Ending | undefined;
  /** The last that the worker said of itself. */
  readonly status: WorkerStatus | null;
  /** Not our child: the kernel does not tell us its code. */
  readonly adopted: boolean;
  readonly logTail: string;
}

/** Signals by which a program dies of its own fault. */
const FAULTS: ReadonlySet<string> = new Set(['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGTRAP', 'SIGSYS']);

/** How a worker ended, from what is known; what the worker said of itself counts most, then what we did, then what the kernel says. */
export function exitOf(facts: ExitFacts): WorkerExit {
  const { code, signal, ending, status } = facts;
  if (status?.phase === 'failed') return { code, signal, reason: status.reason, message: status.message, expected: false };
  if (ending) return { code, signal, ...ending, message: ending.expected ? ending.message : withLog(ending.message, facts) };
  const { reason, message } = unasked(facts);
  return { code, signal, reason, message: withLog(message, facts), expected: false };
}

function unasked({ code, signal, adopted }: ExitFacts): { reason: ReplicaReason; message: string } {
  if (signal === 'SIGKILL' || code === 137) return { reason: 'Killed', message: 'killed from outside (SIGKILL): by somebody, or by the kernel for want of memory' };
  if (signal !== null) return { reason: FAULTS.has(signal) ? 'Crashed' : 'Killed', message: `ended by ${signal}` };
  if (code === 0) return { reason: 'Shutdown', message: 'left on a signal that the engine had not sent, or because no control was connected for its grace time' };
  if (code !== null) return { reason: 'Crashed', message: `exited with code ${code}` };
  return { reason: adopted ? 'Lost' : 'Crashed', message: 'ended; its exit code is unknown, since an earlier control process had started it' };
}

function withLog(message: string, { logTail }: ExitFacts): string {
  const lines = logTail.trim().split('\n').slice(-5).join('\n');
  return lines === '' ? message : `${message}; its last lines:\n${lines}`;
}
