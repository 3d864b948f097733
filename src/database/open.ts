import { join } from 'node:path';
import { Kysely } from 'kysely';
import { migrateOrClose } from './migrations.ts';
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
  if (options.url === null) return openEmbedded(join(options.dataDirectory, SQLITE_FILE));
  // Loaded here, so that the embedded engine does without Postgres's client.
  const { openPostgres } = await import('./postgres-database.ts');
  return openPostgres(options.url);
}

async function openEmbedded(file: string): Promise<Database> {
  const db = new Kysely<Schema>({ dialect: new NodeSqliteDialect(openSqliteFile(file)) });
  const close = (): Promise<void> => db.destroy();
  await migrateOrClose(db, 'sqlite', close);
  return {
    db,
    engine: 'sqlite',
    immediate: (work) => db.transaction().execute(work),
    close,
  };
}
