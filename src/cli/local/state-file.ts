import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is recorded of the platform that was started in the background. */
export interface LocalPlatform {
  readonly pid: number;
  /** Clock ticks from boot to the process's start: with the pid it names one process for good. */
  readonly startTicks: string;
  readonly url: string;
  /** `host:port`, or `off`. */
  readonly grpcAddress: string;
  readonly dataDirectory: string;
  readonly logFile: string;
  readonly startedAt: string;
}

const fileIn = (directory: string): string => join(directory, 'platform.json');

/** The record, whether or not its process still runs; null: none, or one that cannot be read. */
export function readRecord(directory: string): LocalPlatform | null {
  try {
    const record = JSON.parse(readFileSync(fileIn(directory), 'utf8')) as Partial<LocalPlatform>;
    return Number.isSafeInteger(record.pid) && typeof record.url === 'string' && URL.canParse(record.url) ? (record as LocalPlatform) : null;
  } catch {
    return null;
  }
}

/** In one step, so that no reader sees half of it. */
export function writeRecord(directory: string, record: LocalPlatform): void {
  const temporary = `${fileIn(directory)}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, fileIn(directory));
}

export const removeRecord = (directory: string): void => rmSync(fileIn(directory), { force: true });

export function makeDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
}

/** Whether the recorded process is alive, and not another one that has its number now. */
export const isAlive = ({ pid, startTicks }: Pick<LocalPlatform, 'pid' | 'startTicks'>): boolean => startTicksOf(pid) === startTicks;

/** Field 22 of /proc/PID/stat (proc_pid_stat(5)); null: no such process, or it has ended and only waits for its parent. */
export function startTicksOf(pid: number): string | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold blanks.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}
