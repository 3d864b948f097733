import type { ReplicaReason } from '../../../core/index.ts';
import type { WorkerStatus } from '../../../wire/index.ts';
import type { WorkerExit } from '../target.ts';
import type { MemoryVerdict } from './limit-keeper.ts';

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
  /** What the kernel counted; null: it did not. */
  readonly memory: MemoryVerdict | null;
  readonly logTail: string;
}

/** Signals by which a program dies of its own fault. */
const FAULTS: ReadonlySet<string> = new Set(['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGTRAP', 'SIGSYS']);

/** How a worker ended, from what is known; the kernel's count of ends for want of memory first, then what the worker said of itself, then what we did, then its code and signal. */
export function exitOf(facts: ExitFacts): WorkerExit {
  const { code, signal, ending, status, memory } = facts;
  if (memory && wantedMemory(memory, facts) && !ending?.expected) return { code, signal, reason: 'OutOfMemory', message: withLog(outOfMemory(memory), facts), expected: false };
  if (status?.phase === 'failed') return { code, signal, reason: status.reason, message: status.message, expected: false };
  if (ending) return { code, signal, ...ending, message: ending.expected ? ending.message : withLog(ending.message, facts) };
  const { reason, message } = unasked(facts);
  return { code, signal, reason, message: withLog(message, facts), expected: false };
}

/** How programs say that they were refused memory: Python, V8, C++, the C library. */
const REFUSED = /MemoryError|out of memory|bad_alloc|Allocation failed|Cannot allocate memory/i;

const wantedMemory = ({ oomKills, byRlimit }: MemoryVerdict, { code, signal, logTail }: ExitFacts): boolean => oomKills > 0 || (byRlimit && (signal !== null || code !== 0) && REFUSED.test(logTail));

function outOfMemory({ limitBytes, peakBytes }: MemoryVerdict): string {
  const peak = peakBytes === null ? '' : ` (at most ${mebibytes(peakBytes)} were in use)`;
  if (limitBytes === null) return `out of memory: the host had none left, and the kernel ended it${peak}; give it a limit of its own, run fewer replicas, or use a host with more`;
  return `out of memory: it wanted more than its limit of ${mebibytes(limitBytes)}${peak}, and did not get it; raise \`resources.memory\` (--memory), or lower the batch (--max-batch) or threads`;
}

const mebibytes = (bytes: number): string => `${Math.round((bytes / 2 ** 20) * 10) / 10} MiB`;

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
