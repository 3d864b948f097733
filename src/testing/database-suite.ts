/** What every database engine must do; run once per engine. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { sql } from 'kysely';
import { LeptonError } from '../core/index.ts';
import { type Database, type NewRow, SCHEMA_VERSION } from '../database/index.ts';

export interface DatabaseUnderTest {
  /** Opens the same database each time it is called. */
  open(): Promise<Database>;
}

const event = (message: string): NewRow<'events'> => ({ at: '2026-01-01T00:00:00.000Z', severity: 'info', reason: 'Tested', message, actor: 'test', repository: null, service: null, version: null, replica: null, before: null, after: null });
const repository = (name: string): NewRow<'repositories'> => ({ name, description: '', created_at: '2026-01-01T00:00:00.000Z', created_by: 'test' });
const version = (name: string): NewRow<'versions'> => ({ repository: 'r', version: name, digest: 'sha256:0', manifest: '{}', parent_version: null, size_bytes: 2 ** 40, created_at: '2026-01-01T00:00:00.000Z', created_by: 'test' });

/** Runs the suite against a fresh database. */
export function describeDatabase(engine: string, setUp: () => Promise<DatabaseUnderTest>): void {
  describe(`database on ${engine}`, () => {
    let subject: DatabaseUnderTest;
    let database: Database;
    before(async () => {
      subject = await setUp();
      database = await subject.open();
    });
    after(() => database.close());

    it('says which engine it is and keeps its schema over a second opening', async () => {
      assert.equal(database.engine, engine);
      await database.db.insertInto('counters').values({ name: 'kept', value: 7 }).execute();
      await database.close();
      database = await subject.open();
      const row = await database.db.selectFrom('counters').selectAll().where('name', '=', 'kept').executeTakeFirst();
      assert.deepEqual({ ...row }, { name: 'kept', value: 7 });
    });

    it('keeps one profile for each version, class of host and number of threads', async () => {
      const row = { digest: 'sha256:0', host_class: 'here', threads: 1, measured: '{}', observed: null, updated_at: '2026-01-01T00:00:00.000Z' };
      const save = (changes: Partial<typeof row>) => database.db.insertInto('version_profiles').values({ ...row, ...changes }).onConflict((conflict) => conflict.columns(['digest', 'host_class', 'threads']).doUpdateSet({ measured: changes.measured ?? row.measured })).execute();
      for (const changes of [{}, { threads: 2 }, { host_class: 'there' }, { measured: '{"newer":true}' }]) await save(changes);
      const rows = await database.db.selectFrom('version_profiles').select(['host_class', 'threads', 'measured']).orderBy('host_class').orderBy('threads').execute();
      assert.deepEqual(rows.map((each) => ({ ...each })), [{ host_class: 'here', threads: 1, measured: '{"newer":true}' }, { host_class: 'here', threads: 2, measured: '{}' }, { host_class: 'there', threads: 1, measured: '{}' }]);
    });

    it('gives numbers as numbers, counts too', async () => {
      await database.db.insertInto('repositories').values(repository('r')).execute();
      await database.db.insertInto('versions').values(version('v1')).execute();
      const row = await database.db.selectFrom('versions').select(['size_bytes', 'sequence']).executeTakeFirstOrThrow();
      assert.equal(row.size_bytes, 2 ** 40);
      assert.equal(typeof row.sequence, 'number');
      const count = await database.db.selectFrom('versions').select((e) => e.fn.countAll<number>().as('n')).executeTakeFirstOrThrow();
      assert.equal(count.n, 1);
    });

    it('numbers rows in increasing order and never gives a number twice', async () => {
      const ids: number[] = [];
      for (const message of ['a', 'b', 'c']) ids.push((await database.db.insertInto('events').values(event(message)).returning('id').executeTakeFirstOrThrow()).id);
      await database.db.deleteFrom('events').execute();
      ids.push((await database.db.insertInto('events').values(event('d')).returning('id').executeTakeFirstOrThrow()).id);
      assert.deepEqual(ids, [...new Set(ids)].sort((a, b) => a - b));
    });

    it('rolls a transaction back when its work rejects', async () => {
      const failing = database.immediate(async (trx) => {
        await trx.insertInto('counters').values({ name: 'lost', value: 1 }).execute();
        throw new LeptonError('CONFLICT', 'no');
      });
      await assert.rejects(failing, { code: 'CONFLICT' });
      assert.equal(await database.db.selectFrom('counters').selectAll().where('name', '=', 'lost').executeTakeFirst(), undefined);
    });

    it('loses no update among concurrent transactions', async () => {
      await database.db.insertInto('counters').values({ name: 'total', value: 0 }).execute();
      const increments = Array.from({ length: 20 }, () =>
        database.immediate(async (trx) => {
          const { value } = await trx.selectFrom('counters').select('value').where('name', '=', 'total').executeTakeFirstOrThrow();
          await trx.updateTable('counters').set({ value: value + 1 }).where('name', '=', 'total').execute();
        }),
      );
      await Promise.all(increments);
      const { value } = await database.db.selectFrom('counters').select('value').where('name', '=', 'total').executeTakeFirstOrThrow();
      assert.equal(value, 20);
    });

    it('lets one of many concurrent creators of the same key in', async () => {
      const create = (): Promise<boolean> =>
        database.immediate(async (trx) => {
          if (await trx.selectFrom('repositories').select('name').where('name', '=', 'once').executeTakeFirst()) return false;
          await trx.insertInto('repositories').values(repository('once')).execute();
          return true;
        });
      const created = await Promise.all(Array.from({ length: 10 }, create));
      assert.equal(created.filter(Boolean).length, 1);
    });

    it('refuses to delete what a label or pin refers to', async () => {
      await database.db.insertInto('labels').values({ repository: 'r', label: 'stable', version: 'v1', moved_at: 'now', moved_by: 'test' }).execute();
      await assert.rejects(database.db.deleteFrom('versions').where('version', '=', 'v1').execute());
      await database.db.deleteFrom('labels').execute();
      await database.db.deleteFrom('versions').where('version', '=', 'v1').execute();
    });

    it('keeps text of all scripts and text that looks like SQL', async () => {
      const message = `'; drop table events; -- 模型 ٣ 🐉 "x" \\ %`;
      const { id } = await database.db.insertInto('events').values(event(message)).returning('id').executeTakeFirstOrThrow();
      const row = await database.db.selectFrom('events').select('message').where('id', '=', id).executeTakeFirstOrThrow();
      assert.equal(row.message, message);
    });

    it('refuses a schema that is newer than the program', async () => {
      await sql`insert into schema_migrations (number, name, applied_at) values (${SCHEMA_VERSION + 1}, 'future', 'then')`.execute(database.db);
      await database.close();
      await assert.rejects(async () => {
        database = await subject.open();
      }, (error: LeptonError) => error.code === 'UNSUPPORTED' && error.message.includes(`schema ${SCHEMA_VERSION + 1}`));
      // Leave an open database for `after`.
      database = { ...database, close: async () => {} };
    });
  });
}
