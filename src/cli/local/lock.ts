import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CliError, ExitCode } from '../exit-codes.ts';

const RETRY_MS = 50;

/** Runs `task` alone among this user's commands. SQLite's lock, since it goes with its holder (docs/decisions/0002). */
export async function withLock<T>(directory: string, waitMs: number, task: () => Promise<T>): Promise<T> {
  const { DatabaseSync } = await import('node:sqlite');
  const database = new DatabaseSync(join(directory, 'lock.sqlite'), { timeout: 0 });
  try {
    for (const deadline = performance.now() + waitMs; !acquired(database); await delay(RETRY_MS)) {
      if (performance.now() > deadline) throw new CliError(`another lepton-ai has been starting or stopping the platform for ${waitMs / 1000} s (lock in ${directory})`, ExitCode.error);
    }
    return await task();
  } finally {
    database.close();
  }
}

function acquired(database: { exec(sql: string): void }): boolean {
  try {
    database.exec('BEGIN EXCLUSIVE');
    return true;
  } catch (error) {
    if (/locked|busy/i.test((error as Error).message)) return false;
    throw error;
  }
}
