import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { readStartTime, sessionOf, signalProcess } from '../../process-table.ts';
import { type LimitReport, unenforced, type WorkerLimits } from '../limits.ts';
import type { WorkerRecord, ProcessUsage } from '../target.ts';
import { type Group, type ProcessCommand, startedWithin } from './cgroups/index.ts';
import { usageOf } from './worker-usage.ts';

/** What a worker that ended had of memory, as the kernel counted it. */
export interface MemoryVerdict {
  readonly oomKills: number;
  readonly limitBytes: number | null;
  readonly peakBytes: number | null;
  /** Ends for want of memory are not counted: a process is refused memory, and says so or not. */
  readonly byRlimit: boolean;
}

const NO_GROUP = 'this host gives the platform no control groups; see isolation in `lepton-ai status`';
const RLIMIT_CAVEAT = 'as RLIMIT_DATA, which holds for each process of the worker by itself';
const PRLIMIT_TIMEOUT_MS = 5_000;
const runFile = promisify(execFile);

/** Holds one worker to its limits: by its control group, and its memory by an rlimit where no group holds that. */
export class LimitKeeper {
  readonly #group: Group | null;
  /** Memory is limited by RLIMIT_DATA. */
  readonly #byRlimit: boolean;
  #report: LimitReport;

  /** `report`: what the group says of the limits; without a group only its limits count. */
  constructor(group: Group | null, report: LimitReport) {
    this.#group = group;
    this.#byRlimit = !group?.has('memory');
    this.#report = this.#told(group ? report : unenforced(report.limits, NO_GROUP));
  }

  get report(): LimitReport {
    return this.#report;
  }

  /** The command that starts the worker where it belongs. */
  within(command: ProcessCommand): ProcessCommand {
    return startedWithin(command, this.#group?.joinFiles ?? [], this.#byRlimit ? this.#report.limits.memoryBytes : null);
  }

  async adjust(pid: number, changes: Partial<WorkerLimits>): Promise<LimitReport> {
    const limits = { ...this.#report.limits, ...changes };
    const problem = this.#byRlimit && 'memoryBytes' in changes ? await setRlimit(pid, limits.memoryBytes) : null;
    this.#report = this.#told(this.#group?.apply(limits, changes) ?? unenforced(limits, NO_GROUP), problem);
    return this.#report;
  }

  /** Of a process that runs. */
  usage(pid: number): ProcessUsage {
    return this.#group ? usageOf(this.#group.processes(), this.#group.counters()) : usageOf(sessionOf(pid), null);
  }

  /** Whether the kernel has ended a process of the worker for want of memory, maybe not its main one. */
  get ranOutOfMemory(): boolean {
    return (this.#group?.oomKills() ?? 0) > 0;
  }

  /** null: nobody counts. */
  memory(): MemoryVerdict | null {
    const { memoryBytes } = this.#report.limits;
    if (this.#byRlimit) return memoryBytes === null ? null : { oomKills: 0, limitBytes: memoryBytes, peakBytes: null, byRlimit: true };
    const counters = this.#group?.counters();
    return counters?.oomKills == null ? null : { oomKills: counters.oomKills, limitBytes: this.#group?.limits().memoryBytes ?? null, peakBytes: counters.memoryPeakBytes, byRlimit: false };
  }

  /** Ends what the worker has started and left behind, and takes its group away. For after its own end. */
  async end({ pid, pidStartTime }: Pick<WorkerRecord, 'pid' | 'pidStartTime'>): Promise<void> {
    if (this.#group) return void (await this.#group.end());
    const now = readStartTime(pid);
    // The number belongs to somebody else by now, so nothing of the worker's session is left.
    if (now !== '' && now !== pidStartTime) return;
    for (const left of sessionOf(pid)) signalProcess(left, readStartTime(left), 'SIGKILL');
  }

  #told(report: LimitReport, problem: string | null = null): LimitReport {
    if (!this.#byRlimit || report.limits.memoryBytes === null) return report;
    const held = problem === null ? { inForce: true, by: 'rlimit', reason: RLIMIT_CAVEAT, needsRestart: false } as const : { inForce: false, by: 'none', reason: problem, needsRestart: true } as const;
    return { ...report, states: report.states.map((state) => (state.limit === 'memoryBytes' ? { ...state, ...held } : state)) };
  }
}

/** The rlimit of a running process is changed by prlimit(1) of util-linux. null: done; otherwise why not. */
async function setRlimit(pid: number, bytes: number | null): Promise<string | null> {
  try {
    await runFile('prlimit', ['--pid', String(pid), `--data=${bytes ?? 'unlimited'}:`], { timeout: PRLIMIT_TIMEOUT_MS });
    return null;
  } catch (error) {
    return `prlimit could not change RLIMIT_DATA of process ${pid}: ${(error as Error).message.trim()}; a worker that starts anew gets the limit`;
  }
}
