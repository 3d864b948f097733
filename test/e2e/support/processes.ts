import { readdirSync, readFileSync } from 'node:fs';

/** A living process of one platform under test. */
export interface FoundProcess {
  readonly pid: number;
  readonly command: string;
}

/**
 * The living processes whose environment holds `marker` (we give every platform its own TMPDIR, and its children inherit it),
 * and those in whose mounts `directory` stands: workers get temporary files of their own, and see parts of the data directory.
 * Zombies do not count: they hold nothing and wait only for their parent.
 */
export function processesWith(marker: string, directory?: string): readonly FoundProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const inherits = readFileSync(`/proc/${name}/environ`, 'latin1').split('\0').includes(marker);
        if (!inherits && !(directory !== undefined && readFileSync(`/proc/${name}/mountinfo`, 'latin1').includes(directory))) return [];
        if (/^State:\s+Z/m.test(readFileSync(`/proc/${name}/status`, 'latin1'))) return [];
        return [{ pid: Number(name), command: readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ').trim() }];
      } catch {
        return []; // It has gone meanwhile.
      }
    });
}

/** Sends a signal to a process that may be gone already. */
export function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
