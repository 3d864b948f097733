import { join } from 'node:path';
import { Kysely, PostgresDialect } from 'kysely';
import { migrate } from './migrations.ts';
import { openPostgresPool, PostgresLock, withRetries } from './postgres.ts';
import type { Schema } from './schema.ts';
import { NodeSqliteDialect, openSqliteFile } from './sqlite-dialect.ts';
import type { Database, DatabaseOptions } from './types.ts';

/** The embedded database's file inside the data directory. */
export const SQLITE_FILE = 'lepton.sqlite';

/**
 * Opens the database and brings its schema up to date. A Postgres database is taken exclusively: DATA_DIRECTORY_LOCKED if
 * another server uses it. UNSUPPORTED if a newer program has used it.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  return options.url === null ? openEmbedded(join(options.dataDirectory, SQLITE_FILE)) : openPostgres(options.url);
}

const now = (): string => new Date().toISOString();

async function openEmbedded(file: string): Promise<Database> {
  const db = new Kysely<Schema>({ dialect: new NodeSqliteDialect(openSqliteFile(file)) });
  await closingOnFailure(db, () => db.transaction().execute((trx) => migrate(trx, 'sqlite', now)));
  return {
    db,
    engine: 'sqlite',
    immediate: (work) => db.transaction().execute(work),
    close: () => db.destroy(),
  };
}

async function openPostgres(url: string): Promise<Database> {
  const lock = new PostgresLock(url);
  await lock.ensure();
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: openPostgresPool(url) }) });
  const close = async (): Promise<void> => {
    await db.destroy();
    await lock.release();
  };
  await closingOnFailure({ destroy: close }, () => db.transaction().execute((trx) => migrate(trx, 'postgres', now)));
  return {
    db,
    engine: 'postgres',
    async immediate(work) {
      await lock.ensure();
      return withRetries(() => db.transaction().setIsolationLevel('serializable').execute(work));
    },
    close,
  };
}

async function closingOnFailure(resource: { destroy(): Promise<void> }, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    await resource.destroy();
    throw error;
  }
}
