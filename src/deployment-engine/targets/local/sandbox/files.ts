import { realpathSync, statSync } from 'node:fs';
import { dirname, normalize, sep } from 'node:path';

export const isAlreadyThere = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EEXIST';

/** Directories without symbolic links in their path, of those paths that exist; for a file the one that it is in. */
export function realDirectories(paths: readonly string[]): string[] {
  const found = new Set<string>();
  for (const path of paths) {
    const real = realpathIfThere(path);
    if (real !== null) found.add(statSync(real).isDirectory() ? real : dirname(real));
  }
  return [...found];
}

/** The same, as they are named: a program that is started by a path with links in it must find that path. */
export function namedDirectories(paths: readonly string[]): string[] {
  const there = paths.filter((path) => realpathIfThere(path) !== null);
  return [...new Set(there.map((path) => (statSync(path).isDirectory() ? normalize(path).replace(/(.)\/$/, '$1') : dirname(normalize(path)))))];
}

export function realpathIfThere(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}

/** Directories on the way to these, without their own, that not everybody may pass; of each way the first. */
export function closedAncestors(paths: readonly string[]): string[] {
  const found = paths.flatMap((path) => {
    const parts = path.split(sep);
    const ancestors = parts.slice(1, -1).map((_, index) => parts.slice(0, index + 2).join(sep));
    return ancestors.find((directory) => (statSync(directory).mode & 0o001) === 0) ?? [];
  });
  return [...new Set(found)];
}

/** Whether everybody may read it, and enter it where it is a directory; its parents are another question. */
export function isPublic(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats) return true;
  const needed = stats.isDirectory() ? 0o005 : 0o004;
  return (stats.mode & needed) === needed;
}

/** Whether it is somebody else's. */
export const isForeign = (path: string): boolean => (statSync(path, { throwIfNoEntry: false })?.uid ?? process.getuid?.()) !== process.getuid?.();
