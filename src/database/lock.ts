import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { LeptonError } from '../core/index.ts';
import { makeDataDirectory, unusable } from './data-directory.ts';

/** What the refused second server is told about the first. */
export interface LockHolder {
  readonly pid: number;
  /** ISO 8601. */
  readonly since: string;
  /** Where it answers, once that is known. */
  readonly url?: string | null;
}

export interface DataDirectoryLock {
  /** Replaces the facts that a refused server is told. */
  update(holder: LockHolder): void;
  release(): void;
}

/** A connection that nobody refers to is collected and closed, and its lock with it. */
const held = new Set<DatabaseSync>();

/**
 * Takes a data directory (made if need be) for this process alone; throws DATA_DIRECTORY_LOCKED naming the holder,
 * INVALID_ARGUMENT if it can't be made or written to.
 *
 * The lock is an exclusive transaction held open on `lock.sqlite`, that is a POSIX record lock: it ends with the process
 * however that ends, and children don't inherit it, unlike flock's, which would live on in workers.
 */
export function lockDataDirectory(directory: string, holder: LockHolder): DataDirectoryLock {
  makeDataDirectory(directory);
  const database = openLockFile(directory);
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    if (!isBusy(cause)) throw cause;
    throw new LeptonError('DATA_DIRECTORY_LOCKED', `another server uses the data directory ${directory}: ${describeHolder(directory)}; stop it, or give this one another directory`, { cause });
  }
  held.add(database);
  writeHolder(directory, holder);
  return {
    update: (facts) => writeHolder(directory, facts),
    release() {
      rmSync(holderFile(directory), { force: true });
      held.delete(database);
      database.close();
    },
  };
}

function openLockFile(directory: string): DatabaseSync {
  try {
    return new DatabaseSync(join(directory, 'lock.sqlite'), { timeout: 0 });
  } catch (cause) {
    throw unusable(directory, cause);
  }
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return error instanceof Error && ((error as Error & { errcode?: number }).errcode ?? 0) % 256 === SQLITE_BUSY;
}

const holderFile = (directory: string): string => join(directory, 'lock.json');

function writeHolder(directory: string, holder: LockHolder): void {
  const temporary = `${holderFile(directory)}.new`;
  writeFileSync(temporary, JSON.stringify(holder), { mode: 0o600 });
  renameSync(temporary, holderFile(directory));
}

function describeHolder(directory: string): string {
  try {
    const holder = JSON.parse(readFileSync(holderFile(directory), 'utf8')) as Partial<LockHolder>;
    return `process ${holder.pid}, since ${holder.since}${holder.url ? `, at ${holder.url}` : ''}`;
  } catch {
    return 'it is just starting or stopping';
  }
}
