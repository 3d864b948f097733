import { randomBytes } from 'node:crypto';
import type { Database } from './types.ts';

/** A secret of this platform, hexadecimal; made of `bytes` random ones when it is first asked for, and the same ever after. */
export function platformSecret(database: Database, name: string, bytes: number): Promise<string> {
  return database.immediate(async (trx) => {
    const row = await trx.selectFrom('platform_secrets').select('value').where('name', '=', name).executeTakeFirst();
    if (row) return row.value;
    const value = randomBytes(bytes).toString('hex');
    await trx.insertInto('platform_secrets').values({ name, value }).execute();
    return value;
  });
}
