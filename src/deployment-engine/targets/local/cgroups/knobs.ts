import type { WorkerLimits } from '../../limits.ts';
import type { CgroupFiles } from './cgroup-files.ts';
import type { CgroupVersion, Controller } from './hierarchies.ts';

/** The controller that makes a limit hold. */
export const CONTROLLER_OF: Readonly<Record<keyof WorkerLimits, Controller>> = { memoryBytes: 'memory', cpuWeight: 'cpu', cpus: 'cpu', cpuset: 'cpuset', pids: 'pids' };

/** What the kernel counts of a group, all its processes together; null: it does not, or not on this host. */
export interface GroupCounters {
  readonly cpuSeconds: number | null;
  readonly throttledSeconds: number | null;
  readonly memoryBytes: number | null;
  readonly memoryPeakBytes: number | null;
  readonly oomKills: number | null;
  readonly threads: number | null;
}

/** Where a group has the files of a controller; null: that controller is not ours there. */
export type DirectoryOf = (controller: Controller) => string | null;

/** The files of one version of control groups: how a limit is said and what is read. */
export interface Knobs {
  readonly version: CgroupVersion;
  /** Writes each limit into the group's directory. Throws what the kernel says. */
  readonly write: { readonly [Limit in keyof WorkerLimits]: (files: CgroupFiles, directory: string, value: WorkerLimits[Limit]) => void };
  /** What a group is limited to now. */
  readonly read: { readonly [Limit in keyof WorkerLimits]: (files: CgroupFiles, directory: string) => WorkerLimits[Limit] };
  /** After a group was made, before a process joins it. Throws what the kernel says. */
  prepare(files: CgroupFiles, directory: string, controllers: readonly Controller[]): void;
  /** Ends for want of memory so far; null: not counted. */
  oomKills(files: CgroupFiles, directoryOf: DirectoryOf): number | null;
  counters(files: CgroupFiles, directoryOf: DirectoryOf): GroupCounters;
  /** Ends all processes of a group that are there now, and lets them start no other. `signalAll` does it one by one. */
  kill(files: CgroupFiles, directoryOf: DirectoryOf, signalAll: () => void): void;
}

/** A whole number that is a file's text. */
export function readNumber(files: CgroupFiles, directory: string | null, name: string): number | null {
  const text = directory === null ? null : files.read(`${directory}/${name}`)?.trim();
  return text === undefined || text === null || !/^-?\d+$/.test(text) ? null : Number(text);
}

/** A field of a file of lines `name value`. */
export function readField(files: CgroupFiles, directory: string | null, file: string, field: string): number | null {
  const text = directory === null ? null : files.read(`${directory}/${file}`);
  const match = text && new RegExp(`^${field}\\s+(\\d+)$`, 'm').exec(text);
  return match ? Number(match[1]) : null;
}

export const scaled = (value: number | null, factor: number): number | null => (value === null ? null : value * factor);

/** Writes a file that some kernels lack. */
export function writeIfThere(files: CgroupFiles, path: string, text: string): void {
  if (files.has(path)) files.write(path, text);
}
