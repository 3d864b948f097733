import type { Database, Row } from '../../database/index.ts';
import type { MeasuredProfile, ObservedProfile } from './record.ts';

/** As it is kept. */
export interface StoredProfile {
  readonly digest: string;
  readonly hostClass: string;
  readonly threads: number;
  readonly measured: MeasuredProfile | null;
  readonly observed: ObservedProfile | null;
}

/** Newest that are read at a start; older ones are found again when they are measured again. */
const ROWS_MAX = 20_000;

/** The table `version_profiles`. Every method has committed when it resolves. */
export class ProfileStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Newest first, after those of versions that are gone were removed. */
  async load(): Promise<readonly StoredProfile[]> {
    const { db } = this.#database;
    await db.deleteFrom('version_profiles').where('digest', 'not in', db.selectFrom('versions').select('digest')).execute();
    const rows = await db.selectFrom('version_profiles').selectAll().orderBy('updated_at', 'desc').limit(ROWS_MAX).execute();
    return rows.map(fromRow);
  }

  async save(profiles: readonly StoredProfile[], at: string): Promise<void> {
    if (profiles.length === 0) return;
    await this.#database.immediate(async (trx) => {
      for (const profile of profiles) {
        const row = toRow(profile, at);
        const { digest: _digest, host_class: _hostClass, threads: _threads, ...rest } = row;
        await trx.insertInto('version_profiles').values(row).onConflict((conflict) => conflict.columns(['digest', 'host_class', 'threads']).doUpdateSet(rest)).execute();
      }
    });
  }

  /** Forgets what is known of a version on every class of host. */
  async delete(digest: string): Promise<void> {
    await this.#database.db.deleteFrom('version_profiles').where('digest', '=', digest).execute();
  }
}

const fromRow = (row: Row<'version_profiles'>): StoredProfile => ({
  digest: row.digest, hostClass: row.host_class, threads: row.threads,
  measured: row.measured === null ? null : (JSON.parse(row.measured) as MeasuredProfile),
  observed: row.observed === null ? null : (JSON.parse(row.observed) as ObservedProfile),
});

const toRow = ({ digest, hostClass, threads, measured, observed }: StoredProfile, at: string): Row<'version_profiles'> => ({
  digest, host_class: hostClass, threads, updated_at: at,
  measured: measured && JSON.stringify(measured),
  observed: observed && JSON.stringify(observed),
});
