import { readFileSync } from 'node:fs';
import { availableParallelism, hostname, totalmem } from 'node:os';
import type { Clock } from '../../core/index.ts';
import { readProcess } from '../process-table.ts';
import type { SchedulerNode } from '../scheduler/index.ts';

/** Never less of a core is left to versions, whatever the platform takes. */
const CPUS_MIN = 0.25;
/** Of the platform's own CPU, over about this long. */
const SMOOTHING_SECONDS = 15;

/** This machine as a node of the scheduler: what its versions may have beside the platform's own processes. */
export class HostNode {
  readonly #clock: Clock;
  readonly #processes: () => readonly number[];
  #last: { readonly atMs: number; readonly cpuSeconds: ReadonlyMap<number, number> } | null = null;
  #platformCpus = 0;

  /** `processes`: those of the platform, without workers. */
  constructor(clock: Clock, processes: () => readonly number[]) {
    this.#clock = clock;
    this.#processes = processes;
  }

  /** `workerBytes`: what workers have in RAM now, which is theirs to have again. */
  node(workerBytes: number): SchedulerNode {
    this.#measure();
    const cpus = availableParallelism();
    return {
      name: 'local',
      cpus: Math.max(CPUS_MIN, cpus - this.#platformCpus),
      memoryBytes: Math.max(0, availableBytes() + workerBytes),
      storageBytes: Number.POSITIVE_INFINITY,
      networkBytesPerSecond: Number.POSITIVE_INFINITY,
      gpus: 0,
      labels: { host: hostname(), arch: process.arch },
    };
  }

  #measure(): void {
    const now = this.#clock.monotonic();
    const cpuSeconds = new Map(this.#processes().flatMap((pid) => {
      const found = readProcess(pid);
      return found ? [[pid, found.cpuSeconds] as const] : [];
    }));
    const last = this.#last;
    this.#last = { atMs: now, cpuSeconds };
    const seconds = last ? (now - last.atMs) / 1000 : 0;
    if (!last || seconds <= 0) return;
    const used = [...cpuSeconds].reduce((sum, [pid, total]) => sum + Math.max(0, total - (last.cpuSeconds.get(pid) ?? total)), 0) / seconds;
    this.#platformCpus += (1 - Math.exp(-seconds / SMOOTHING_SECONDS)) * (used - this.#platformCpus);
  }
}

/** What could be given to programs without swapping, as the kernel estimates it. */
function availableBytes(): number {
  try {
    const match = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'));
    if (match) return Number(match[1]) * 1024;
  } catch {
    // No /proc: all of it, then.
  }
  return totalmem();
}
