/** Processes as the kernel tells of them in /proc (proc(5)). Linux only. */
import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks of /proc are 1/100 s for programs on every Linux architecture (USER_HZ). */
const TICKS_PER_SECOND = 100;

export interface ProcessInfo {
  /** Field 22 of /proc/<pid>/stat: with the pid it names one process for as long as the machine runs. */
  readonly startTime: string;
  readonly cpuSeconds: number;
  readonly threads: number;
}

/** null when there is no such process, or when it has ended and only waits to be reaped. */
export function readProcess(pid: number): ProcessInfo | null {
  const fields = readStat(pid);
  if (!fields || fields[0] === 'Z' || fields[0] === 'X') return null;
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { startTime: fields[19] ?? '', cpuSeconds: ticks / TICKS_PER_SECOND, threads: Number(fields[17]) };
}

/** The start time of a process, of one that has ended and waits to be reaped too; '' when there is none. */
export function readStartTime(pid: number): string {
  return readStat(pid)?.[19] ?? '';
}

/** Fields 3 and up of /proc/<pid>/stat. The command name before them may hold spaces and parentheses. */
function readStat(pid: number): string[] | null {
  const stat = readText(`/proc/${pid}/stat`);
  return stat === null ? null : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** Bytes of memory in RAM; 0 when the process is gone. */
export function residentBytes(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readText(`/proc/${pid}/status`) ?? '');
  return match ? Number(match[1]) * 1024 : 0;
}

/**
 * Processes that this one has started and that have not left its session, itself too: of a process that was started
 * detached, all it has forked but for daemons. The kernel gives the number of a session to no other process while it lasts.
 */
export function sessionOf(pid: number): readonly number[] {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) && readStat(Number(name))?.[3] === String(pid) ? Number(name) : []));
}

/** Whether this very process runs: the pid may have been given to another. */
export function isAlive(pid: number, startTime: string): boolean {
  return readProcess(pid)?.startTime === startTime;
}

/** Sends a signal to this very process; false when it is gone. */
export function signalProcess(pid: number, startTime: string, signal: NodeJS.Signals): boolean {
  if (!isAlive(pid, startTime)) return false;
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
