import { Kysely, PostgresDialect } from 'kysely';
import { migrateOrClose } from './migrations.ts';
import { openPostgresPool, PostgresLock, withRetries } from './postgres.ts';
import type { Schema } from './schema.ts';
import type { Database } from './types.ts';

/** See `openDatabase`. */
export async function openPostgres(url: string): Promise<Database> {
  const lock = new PostgresLock(url);
  await lock.ensure();
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: openPostgresPool(url) }) });
  const close = async (): Promise<void> => {
    await db.destroy();
    await lock.release();
  };
  await migrateOrClose(db, 'postgres', close);
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
