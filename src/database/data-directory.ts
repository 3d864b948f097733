import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { LeptonError } from '../core/index.ts';

/**
 * Makes a data directory (absolute path) with the folders above it that are missing, mode 0700. Throws INVALID_ARGUMENT
 * with the reason. Not `mkdir` with `recursive`: where a file system makes no directories (/proc) that never returns.
 */
export function makeDataDirectory(directory: string): void {
  try {
    const missing: string[] = [];
    for (let path = directory; !isDirectory(path); path = dirname(path)) missing.unshift(path);
    for (const path of missing) makeOne(path);
  } catch (cause) {
    throw unusable(directory, cause);
  }
}

/** Says of a file system's refusal which directory cannot be used. */
export const unusable = (directory: string, cause: unknown): LeptonError => new LeptonError('INVALID_ARGUMENT', `data directory ${directory} can't be used: ${(cause as Error).message}`, { cause });

function isDirectory(path: string): boolean {
  const facts = statSync(path, { throwIfNoEntry: false });
  if (facts && !facts.isDirectory()) throw new Error(`${path} is not a directory`);
  return facts !== undefined;
}

function makeOne(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another server that starts may have been faster.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !isDirectory(path)) throw error;
  }
}
