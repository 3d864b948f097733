import { readFileSync } from 'node:fs';

/** Linux counts processes' CPU time in hundredths of a second for user space, whatever its own clock. */
const TICKS_PER_SECOND = 100;

/** User and system time of a process with all its threads, seconds; 0 when it has gone. */
export function cpuSeconds(pid: number): number {
  const stat = read(pid, 'stat');
  // The name in parentheses may hold anything; fields are counted behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS_PER_SECOND;
}

export interface Memory {
  readonly rssBytes: number;
  /** Resident, where pages shared with other processes count in parts. */
  readonly pssBytes: number;
  /** Private anonymous memory: what nobody shares and no file backs. */
  readonly privateBytes: number;
}

export function memoryOf(pid: number): Memory {
  const rollup = read(pid, 'smaps_rollup');
  const bytes = (field: string): number => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0) * 1024;
  return { rssBytes: bytes('Rss'), pssBytes: bytes('Pss'), privateBytes: bytes('Private_Dirty') + bytes('Private_Clean') };
}

/** CPU time that the whole machine has spent on anything, seconds, stolen time of a virtual machine included. */
export function machineBusySeconds(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]?.split(/\s+/).slice(1).map(Number) ?? [];
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND;
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch {
    return '';
  }
}
