import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import pg from 'pg';
import { describeDatabase } from '../testing/database-suite.ts';
import { findPostgres, startPostgres, type ThrowAwayPostgres } from '../testing/postgres.ts';
import { lockDataDirectory, openDatabase } from './index.ts';

describe('database', () => {
  const root = mkdtempSync(join(tmpdir(), 'lepton-db-'));
  after(() => rmSync(root, { recursive: true, force: true }));
  const newDirectory = (): string => mkdtempSync(join(root, 'data-'));

  describeDatabase('sqlite', async () => {
    const dataDirectory = newDirectory();
    return { open: () => openDatabase({ dataDirectory, url: null }) };
  });

  const postgresBin = findPostgres();
  if (postgresBin === undefined) describe('database on postgres', { skip: 'Postgres is not installed (Debian: postgresql)' }, () => {});
  else {
    describe('with a Postgres server', () => {
      let server: ThrowAwayPostgres;
      before(async () => {
        server = await startPostgres(postgresBin);
      });
      after(() => server.stop());

      describeDatabase('postgres', async () => {
        const url = await server.createDatabase();
        return { open: () => openDatabase({ dataDirectory: newDirectory(), url }) };
      });

      it('refuses a second server on one Postgres database and lets it in after the first has closed', async () => {
        const url = await server.createDatabase();
        const first = await openDatabase({ dataDirectory: newDirectory(), url });
        await assert.rejects(openDatabase({ dataDirectory: newDirectory(), url }), (error: Error & { code?: string }) => {
          assert.equal(error.code, 'DATA_DIRECTORY_LOCKED');
          assert.match(error.message, new RegExp(`pid ${process.pid}, since 20`));
          return true;
        });
        await first.close();
        const second = await openDatabase({ dataDirectory: newDirectory(), url });
        await second.close();
      });

      it('says DATABASE_UNAVAILABLE of what ran when connections broke, and lives on', async () => {
        const url = await server.createDatabase();
        const database = await openDatabase({ dataDirectory: newDirectory(), url });
        const [inside, broken] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
        const outcomes = Promise.allSettled([
          sql`select pg_sleep(30)`.execute(database.db),
          database.immediate(async (trx) => {
            await sql`select 1`.execute(trx);
            inside.resolve();
            await broken.promise;
            await sql`select 1`.execute(trx);
          }),
        ]);
        await inside.promise;
        await breakConnections(url);
        broken.resolve();
        for (const outcome of await outcomes) assert.equal(outcome.status === 'rejected' && (outcome.reason as { code?: string }).code, 'DATABASE_UNAVAILABLE', String((outcome as PromiseRejectedResult).reason));
        await database.immediate((trx) => trx.insertInto('counters').values({ name: 'after', value: 1 }).execute());
        await database.close();
      });

      it('takes its lock again when connections broke, and stops writing when another server has it by then', async () => {
        const url = await server.createDatabase();
        const database = await openDatabase({ dataDirectory: newDirectory(), url });
        const write = (name: string): Promise<unknown> => database.immediate((trx) => trx.insertInto('counters').values({ name, value: 1 }).execute());
        await write('before');
        await breakConnections(url);
        await write('after');
        await breakConnections(url);
        const usurper = await openDatabase({ dataDirectory: newDirectory(), url });
        await assert.rejects(write('too late'), { code: 'DATA_DIRECTORY_LOCKED' });
        await usurper.close();
        await write('again');
        await database.close();
      });
    });
  }

  describe('lock of a data directory', () => {
    const facts = { pid: process.pid, since: '2026-01-02T03:04:05.000Z' };

    it('refuses a second holder naming the first, in the same process too', () => {
      const directory = newDirectory();
      const lock = lockDataDirectory(directory, facts);
      lock.update({ ...facts, url: 'http://127.0.0.1:8080' });
      assert.throws(() => lockDataDirectory(directory, facts), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'DATA_DIRECTORY_LOCKED');
        assert.match(error.message, new RegExp(`process ${process.pid}, since 2026-01-02T03:04:05.000Z, at http://127.0.0.1:8080`));
        return true;
      });
      lock.release();
      lockDataDirectory(directory, facts).release();
    });

    it('holds against another process, and vanishes when the holder is killed although its child lives on', async () => {
      const directory = newDirectory();
      const holder = spawnHolder(root, directory);
      const [output] = (await once(holder.stdout!, 'data')) as [Buffer];
      const grandchild = Number(output.toString());
      try {
        assert.throws(() => lockDataDirectory(directory, facts), new RegExp(`process ${holder.pid}`));
        holder.kill('SIGKILL');
        await once(holder, 'exit');
        assert.ok(existsSync(`/proc/${grandchild}`), 'the child outlives the holder');
        lockDataDirectory(directory, facts).release();
      } finally {
        holder.kill('SIGKILL');
        process.kill(grandchild, 'SIGKILL');
      }
    });
  });
});

/** Ends every connection of ours to this database and waits until they know it. */
async function breakConnections(url: string): Promise<void> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  const others = 'pid <> pg_backend_pid() and datname = current_database()';
  await admin.query(`select pg_terminate_backend(pid) from pg_stat_activity where ${others}`);
  while ((await admin.query(`select 1 from pg_stat_activity where ${others}`)).rowCount) await delay(10);
  // A round trip more: what the ended ones sent came before.
  await admin.end();
  await nextTurn();
}

function spawnHolder(root: string, directory: string): ChildProcess {
  const script = join(root, 'holder.ts');
  const index = new URL('./index.ts', import.meta.url).href;
  writeFileSync(script, `
    import { spawn } from 'node:child_process';
    import { lockDataDirectory } from ${JSON.stringify(index)};
    lockDataDirectory(${JSON.stringify(directory)}, { pid: process.pid, since: 'now' });
    const child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
    console.log(child.pid);
    setInterval(() => {}, 1000);
  `);
  return spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
}
