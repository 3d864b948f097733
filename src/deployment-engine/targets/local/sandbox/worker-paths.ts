import { readdirSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Files of one worker in the run directory:
 *
 *   worker-<hex>.json    its configuration, with its secret; the group is the worker's own where it has a user id
 *   worker-<hex>.d/      the worker's own until it has made its socket `s` in it, then ours; a link to the configuration
 *   worker-<hex>.mounts  what it sees, see `mountTable`
 *   worker-<hex>.tmp/    its temporary files, where those are on disk
 */
export interface WorkerPaths {
  readonly config: string;
  readonly directory: string;
  readonly socket: string;
  readonly mounts: string;
  readonly temporary: string;
}

export function pathsOf(configPath: string): WorkerPaths {
  const stem = configPath.replace(/\.json$/, '');
  return { config: configPath, directory: `${stem}.d`, socket: join(`${stem}.d`, 's'), mounts: `${stem}.mounts`, temporary: `${stem}.tmp` };
}

/** The configuration as the worker finds it. */
export const configPathOf = (paths: WorkerPaths): string => join(paths.directory, 'config.json');

export async function removeWorkerFiles({ config, directory, mounts, temporary }: WorkerPaths): Promise<void> {
  await rm(config, { force: true });
  await rm(mounts, { force: true });
  for (const path of [directory, temporary]) await rm(path, { recursive: true, force: true });
}

/** The worker's user id; null: it has none of its own. */
export function userOf(paths: WorkerPaths): number | null {
  const group = statSync(paths.config, { throwIfNoEntry: false })?.gid ?? 0;
  return group === process.getgid?.() || process.getuid?.() !== 0 ? null : group;
}

/** User ids of all workers with files here. */
export function takenIds(runDirectory: string): ReadonlySet<number> {
  const configs = readdirSync(runDirectory).filter((name) => /^worker-.*\.json$/.test(name));
  return new Set(configs.map((name) => userOf(pathsOf(join(runDirectory, name)))).filter((id) => id !== null));
}
