import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { CompiledQuery, type KyselyPlugin, type RootOperationNode, sql } from 'kysely';
import type { LeptonError } from '../core/index.ts';
import type { Database } from '../database/index.ts';
import { openRepository, type RepositoryFixture } from '../testing/repository-fixture.ts';
import { findPostgres, startPostgres, type ThrowAwayPostgres } from '../testing/postgres.ts';
import { createModelRepository, type ModelRepository } from './index.ts';

const REPOSITORIES = 40;
const VERSIONS = 25;
const AT = '2026-01-01T00:00:00.000Z';
const name = (number: number): string => `r${String(number).padStart(3, '0')}`;

/** Rows as publication writes them: what is tested here is how they are read. */
async function fill({ db }: Database): Promise<void> {
  for (let r = 0; r < REPOSITORIES; r++) {
    await db.insertInto('repositories').values({ name: name(r), description: '', created_at: AT, created_by: 'test' }).execute();
    const versions = Array.from({ length: VERSIONS }, (_, v) => ({ repository: name(r), version: `v${v}`, digest: `sha256:${r}-${v}`, manifest: '{"files":[]}', parent_version: null, size_bytes: 1, created_at: AT, created_by: 'test' }));
    await db.insertInto('versions').values(versions).execute();
    await db.insertInto('labels').values([{ repository: name(r), label: 'stable', version: 'v3', moved_at: AT, moved_by: 'test' }]).execute();
    await db.insertInto('repository_history').values(versions.map(({ repository, version }) => ({ repository, at: AT, actor: 'test', action: 'version-published', version, label: null, before: null, digest: null }))).execute();
  }
}

/** Keeps the statements that go through it. */
class Recorder implements KyselyPlugin {
  readonly nodes: RootOperationNode[] = [];
  transformQuery({ node }: { node: RootOperationNode }): RootOperationNode {
    this.nodes.push(node);
    return node;
  }
  async transformResult<R>({ result }: { result: R }): Promise<R> {
    return result;
  }
}

/** How the engine would run a statement; on Postgres without regard to how small the tables are. */
async function planOf({ db, engine }: Database, node: RootOperationNode): Promise<string> {
  const { sql: text, parameters } = db.getExecutor().compileQuery(node, { queryId: 'plan' } as never);
  if (engine === 'sqlite') {
    const { rows } = await db.executeQuery<{ detail: string }>(CompiledQuery.raw(`explain query plan ${text}`, [...parameters]));
    return rows.map(({ detail }) => detail).join('\n');
  }
  return db.transaction().execute(async (trx) => {
    await sql`set local enable_seqscan = off`.execute(trx);
    const { rows } = await trx.executeQuery<{ 'QUERY PLAN': string }>(CompiledQuery.raw(`explain ${text}`, [...parameters]));
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  });
}

/** Reads a whole table, or (on SQLite, which does not weigh how few they are) sorts what an index has in order. */
const SLOW = /^SCAN (?!counts)(?!.*USING (COVERING )?INDEX)|TEMP B-TREE FOR ORDER BY|Seq Scan/m;

function describeLists(engine: string, open: () => Promise<RepositoryFixture>): void {
  describe(`lists of many versions on ${engine}`, () => {
    let fixture: RepositoryFixture;
    let repository: ModelRepository;
    const recorder = new Recorder();
    before(async () => {
      fixture = await open();
      await fill(fixture.database);
      const database = { ...fixture.database, db: fixture.database.db.withPlugin(recorder) };
      repository = createModelRepository({ database, directory: fixture.directory, events: { record: () => {} }, clock: { now: Date.now, monotonic: performance.now }, fileBytesMax: 1 });
    });
    after(() => fixture.close());

    const statementsOf = async (work: () => Promise<unknown>): Promise<RootOperationNode[]> => {
      recorder.nodes.length = 0;
      await work();
      return [...recorder.nodes];
    };

    it('lists all repositories with a few statements, however many there are', async () => {
      const all = await repository.listRepositories();
      assert.equal(all.length, REPOSITORIES);
      assert.deepEqual({ ...all[7], labels: { ...all[7]?.labels } }, { name: 'r007', description: '', createdAt: AT, createdBy: 'test', versionCount: VERSIONS, latestVersion: `v${VERSIONS - 1}`, labels: { stable: 'v3' } });
      assert.equal((await statementsOf(() => repository.listRepositories())).length, 3);
      assert.deepEqual(await repository.count(), { repositories: REPOSITORIES, versions: REPOSITORIES * VERSIONS });
    });

    it('gives a repository without versions its zero', async () => {
      await repository.createRepository('empty', { by: 'test' });
      assert.deepEqual({ ...(await repository.getRepository('empty')) }, { ...(await repository.listRepositories({ limit: 1 }))[0], createdAt: (await repository.getRepository('empty')).createdAt });
      assert.equal((await repository.getRepository('empty')).versionCount, 0);
      assert.equal((await repository.getRepository('empty')).latestVersion, null);
      await repository.deleteRepository('empty', { by: 'test' });
    });

    it('pages through repositories by name', async () => {
      const names: string[] = [];
      for (let after: string | undefined; ; after = names.at(-1)) {
        const page = await repository.listRepositories({ limit: 7, ...(after === undefined ? {} : { after }) });
        names.push(...page.map((one) => one.name));
        if (page.length < 7) break;
      }
      assert.deepEqual(names, Array.from({ length: REPOSITORIES }, (_, r) => name(r)));
    });

    it('pages through versions both ways, and answers the newest', async () => {
      const names = async (page: Parameters<ModelRepository['listVersions']>[1]): Promise<string[]> => (await repository.listVersions('r005', page)).map(({ version }) => version);
      assert.deepEqual(await names({ limit: 2 }), ['v23', 'v24']);
      assert.deepEqual(await names({ before: 'v23', limit: 2 }), ['v21', 'v22']);
      assert.deepEqual(await names({ after: 'stable', limit: 2 }), ['v4', 'v5']);
      assert.deepEqual(await names({ after: 'v3', before: 'v6' }), ['v4', 'v5']);
      await assert.rejects(names({ after: 'none' }), (error: LeptonError) => error.code === 'VERSION_NOT_FOUND');
      for (const limit of [0, 1001, 1.5]) await assert.rejects(names({ limit }), /limit/);
    });

    for (const [what, work] of [
      ['a repository', () => repository.getRepository('r005')],
      ['its versions', () => repository.listVersions('r005')],
      ['its newest versions', () => repository.listVersions('r005', { limit: 3 })],
      ['a version by its label', () => repository.getVersion('r005', 'stable')],
      ['its labels', () => repository.listLabels('r005')],
      ['its history', () => repository.history('r005')],
      ['the holders of a version', () => repository.pinsOf('r005', 'v3')],
    ] as const) {
      it(`finds ${what} by an index`, async () => {
        const statements = await statementsOf(work);
        assert.ok(statements.length > 0 && statements.length <= 4, `${statements.length} statements`);
        for (const node of statements) assert.doesNotMatch(await planOf(fixture.database, node), SLOW);
      });
    }
  });
}

describeLists('sqlite', () => openRepository());
const bin = findPostgres();
if (bin === undefined) describe('lists of many versions on postgres', { skip: 'Postgres is not installed (Debian: postgresql)' }, () => {});
else {
  describe('with a Postgres server', () => {
    let server: ThrowAwayPostgres;
    before(async () => {
      server = await startPostgres(bin);
    });
    after(() => server.stop());
    describeLists('postgres', async () => openRepository({ url: await server.createDatabase() }));
  });
}
