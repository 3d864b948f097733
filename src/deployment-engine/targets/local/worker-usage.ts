import { readProcess, residentBytes } from '../../process-table.ts';
import type { ProcessUsage } from '../target.ts';
import type { GroupCounters } from './cgroups/index.ts';

/** Of a worker with thousands of processes the first ones stand for all: reading each costs. */
const PROCESSES_MAX = 512;

/** What a worker uses, from its group's counters where it has a group and from its processes' own where not. */
export function usageOf(processes: readonly number[], counters: GroupCounters | null): ProcessUsage {
  const sums = { resident: 0, cpu: 0, threads: 0 };
  for (const pid of processes.slice(0, PROCESSES_MAX)) {
    const info = readProcess(pid);
    if (!info) continue;
    sums.resident += residentBytes(pid);
    sums.cpu += info.cpuSeconds;
    sums.threads += info.threads;
  }
  return {
    residentBytes: sums.resident,
    cpuSeconds: counters?.cpuSeconds ?? sums.cpu,
    throttledSeconds: counters?.throttledSeconds ?? null,
    memoryBytes: counters?.memoryBytes ?? null,
    memoryPeakBytes: counters?.memoryPeakBytes ?? null,
    oomKills: counters?.oomKills ?? null,
    processes: processes.length,
    threads: counters?.threads ?? sums.threads,
  };
}
