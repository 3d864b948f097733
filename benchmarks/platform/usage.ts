import { readFileSync } from 'node:fs';
import { readProcess } from '../../src/deployment-engine/process-table.ts';

/** Linux counts processes' CPU time in hundredths of a second for user space, whatever its own clock. */
const TICKS_PER_SECOND = 100;

/** User and system time of a process with all its threads, seconds; 0 when it has gone. */
export const cpuSeconds = (pid: number): number => readProcess(pid)?.cpuSeconds ?? 0;

export interface Memory {
  readonly rssBytes: number;
  /** Resident, where pages shared with other processes count in parts. */
  readonly pssBytes: number;
  /** Private anonymous memory: what nobody shares and no file backs. */
  readonly privateBytes: number;
}

export function memoryOf(pid: number): Memory {
  const rollup = readRollup(pid);
  const bytes = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0) * 1024;
  return { rssBytes: bytes('Rss'), pssBytes: bytes('Pss'), privateBytes: bytes('Private_Dirty') + bytes('Private_Clean') };
}

/** CPU time that the whole machine has spent on anything, seconds, stolen time of a virtual machine included. */
export function machineBusySeconds(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]?.split(/\s+/).slice(1).map(Number) ?? [];
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND;
}

function readRollup(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  } catch {
    return '';
  }
}
