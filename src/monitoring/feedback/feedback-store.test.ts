import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type FeedbackEntry, type FeedbackOutcome, PREDICTION_SOURCE_MAX, PredictionIds } from '../../core/index.ts';
import { type Database, openDatabase } from '../../database/index.ts';
import { findPostgres, startPostgres, type ThrowAwayPostgres } from '../../testing/postgres.ts';
import { FeedbackMetrics, FeedbackStore } from './index.ts';

const KEY = '00112233445566aa';
const DAY_MS = 86_400_000;

describeFeedback('sqlite', async () => null);
const postgresBin = findPostgres();
if (postgresBin === undefined) describe('feedback on postgres', { skip: 'Postgres is not installed (Debian: postgresql)' }, () => {});
else {
  describe('with a Postgres server', () => {
    let server: ThrowAwayPostgres;
    before(async () => {
      server = await startPostgres(postgresBin);
    });
    after(() => server.stop());
    describeFeedback('postgres', () => server.createDatabase());
  });
}

function describeFeedback(engine: string, url: () => Promise<string | null>): void {
  describe(`feedback on ${engine}`, () => {
    let directory = '';
    let databaseUrl: string | null = null;
    let database: Database;
    let metrics: FeedbackMetrics;
    let now = 0;
    let serials: { v1: number; v2: number; other: number };
    const clock = { now: () => now, monotonic: () => performance.now() };
    let ids: PredictionIds;
    const open = (options: { rowsMax?: number } = {}): FeedbackStore => new FeedbackStore({ database, clock, predictionKey: KEY, windowMs: 30 * DAY_MS, rowsMax: options.rowsMax ?? 1000, metrics });
    const reopen = (): Promise<Database> => openDatabase({ dataDirectory: directory, url: databaseUrl });

    before(async () => {
      directory = await mkdtemp(join(tmpdir(), 'lepton-feedback-'));
      databaseUrl = await url();
      database = await reopen();
    });
    after(async () => {
      await database.close();
      await rm(directory, { recursive: true, force: true });
    });
    beforeEach(async () => {
      for (const table of ['feedback', 'feedback_totals', 'prediction_sources', 'counters'] as const) await database.db.deleteFrom(table).execute();
      now = Date.UTC(2026, 10, 25, 12);
      metrics = new FeedbackMetrics();
      ids = new PredictionIds({ key: KEY, chance: 77, now: () => now });
      const source = async (service: string, version: string): Promise<number> =>
        (await database.db.insertInto('prediction_sources').values({ service, repository: 'r', version, digest: `sha256:${version}`, created_at: 'then' }).returning('serial').executeTakeFirstOrThrow()).serial;
      serials = { v1: await source('s', 'v1'), v2: await source('s', 'v2'), other: await source('t', 'v1') };
    });

    const one = async (store: FeedbackStore, entry: FeedbackEntry): Promise<FeedbackOutcome> => (await store.send([entry]))[0] as FeedbackOutcome;
    const codeOf = (outcome: FeedbackOutcome): string => (outcome.outcome === 'refused' ? outcome.code : outcome.outcome);

    it('keeps every field, joined to the version that answered, over a second opening', async () => {
      const predictionId = ids.create(serials.v2);
      now += 5_000;
      const entry: FeedbackEntry = { predictionId, reward: 0.1, label: ['cat', 3, true], correct: false, comment: '模型 🐉 \' "x"', metadata: { b: 1, a: null }, key: 'k-1' };
      assert.deepEqual(await open().send([entry]), [{ predictionId, outcome: 'accepted', service: 's', version: 'v2' }]);
      await database.close();
      database = await reopen();
      const [kept, ...more] = await open().list({ service: 's' });
      assert.deepEqual(more, []);
      assert.deepEqual({ ...kept, id: 0 }, {
        id: 0, predictionId, service: 's', repository: 'r', version: 'v2', digest: 'sha256:v2', predictedAt: '2026-11-25T12:00:00.000Z', receivedAt: '2026-11-25T12:00:05.000Z',
        reward: 0.1, label: ['cat', 3, true], correct: false, comment: entry.comment, metadata: { b: 1, a: null }, key: 'k-1',
      });
    });

    it('tells unknown, twice and too late apart', async () => {
      const store = open();
      const id = ids.create(serials.v1);
      const forged = `${id.slice(0, -1)}${id.endsWith('0') ? '1' : '0'}`;
      const unserved = ids.create(PREDICTION_SOURCE_MAX);
      const outcomes = await store.send([{ predictionId: forged, reward: 1 }, { predictionId: unserved, reward: 1 }, { predictionId: ids.create(0), reward: 1 }, { predictionId: 'x', reward: 1 }, { predictionId: id, reward: 1 }, { predictionId: id, reward: 2 }]);
      assert.deepEqual(outcomes.map(codeOf), ['FEEDBACK_UNKNOWN', 'FEEDBACK_UNKNOWN', 'FEEDBACK_UNKNOWN', 'FEEDBACK_UNKNOWN', 'accepted', 'FEEDBACK_DUPLICATE']);
      const old = ids.create(serials.v1);
      now += 30 * DAY_MS;
      assert.equal(codeOf(await one(store, { predictionId: old, reward: 1 })), 'accepted');
      const later = ids.create(serials.v1);
      now += 30 * DAY_MS + 1;
      assert.equal(codeOf(await one(store, { predictionId: later, reward: 1 })), 'FEEDBACK_TOO_LATE');
      assert.equal(codeOf(await one(store, { predictionId: id, reward: 1 })), 'duplicate', 'what is there already is never late');
      assert.equal((await store.list({ service: 's' })).length, 2);
      now -= 40 * DAY_MS;
      assert.equal(codeOf(await one(store, { predictionId: later, reward: 1 })), 'FEEDBACK_UNKNOWN', 'an answer of the future');
    });

    it('takes the same again as a repetition, by content or by the sender’s id', async () => {
      const store = open();
      const [a, b] = [ids.create(serials.v1), ids.create(serials.v1)];
      await store.send([{ predictionId: a, correct: true, metadata: { x: 1, y: 2 } }, { predictionId: b, reward: 1, key: 'retry' }]);
      const outcomes = await store.send([
        { predictionId: a.toUpperCase(), correct: true, metadata: { y: 2, x: 1 } },
        { predictionId: a, correct: true, metadata: { x: 1, y: 3 } },
        { predictionId: a, correct: true },
        { predictionId: b, reward: 5, key: 'retry' },
        { predictionId: b, reward: 1 },
        { predictionId: b, reward: 5, key: 'other' },
      ]);
      assert.deepEqual(outcomes.map(codeOf), ['duplicate', 'FEEDBACK_DUPLICATE', 'FEEDBACK_DUPLICATE', 'duplicate', 'duplicate', 'FEEDBACK_DUPLICATE']);
      assert.deepEqual((await store.summary('s')).versions.map(({ count }) => count), [2]);
    });

    it('stores one of many that say the same or other things at once', async () => {
      const store = open();
      const contested = ids.create(serials.v1);
      const requests = Array.from({ length: 50 }, (_, index) => store.send([{ predictionId: contested, reward: index }, { predictionId: ids.create(serials.v2), correct: index % 2 === 0 }]));
      const outcomes = (await Promise.all(requests)).flat().map(codeOf);
      assert.equal(outcomes.filter((code) => code === 'accepted').length, 51);
      assert.equal(outcomes.filter((code) => code === 'FEEDBACK_DUPLICATE').length, 49);
      assert.equal((await store.list({ service: 's', limit: 1000 })).length, 51);
    });

    it('sums up by version: mean, deviation, accuracy, first and last', async () => {
      const store = open();
      await store.send([1, 2, 3, -2.5].map((reward) => ({ predictionId: ids.create(serials.v1), reward })));
      now += 60_000;
      await store.send([{ predictionId: ids.create(serials.v1), correct: true, label: 'a' }, { predictionId: ids.create(serials.v1), correct: false }, { predictionId: ids.create(serials.v1), correct: true }, { predictionId: ids.create(serials.other), reward: 9 }]);
      const { versions, removed } = await store.summary('s');
      assert.equal(removed, 0);
      assert.equal(versions.length, 1);
      const { reward, ...rest } = versions[0] as (typeof versions)[number];
      assert.deepEqual(rest, { repository: 'r', version: 'v1', digest: 'sha256:v1', count: 7, correct: { count: 3, correct: 2, accuracy: 2 / 3 }, labels: 1, firstAt: '2026-11-25T12:00:00.000Z', lastAt: '2026-11-25T12:01:00.000Z' });
      assert.deepEqual({ ...reward, deviation: reward?.deviation?.toFixed(6) }, { count: 4, sum: 3.5, mean: 0.875, deviation: '2.393568' });
      assert.deepEqual((await store.summary('t')).versions.map(({ reward: other }) => other), [{ count: 1, sum: 9, mean: 9, deviation: null }]);
      await assert.rejects(store.summary('never'), { code: 'SERVICE_NOT_FOUND' });
      await assert.rejects(store.list({ service: 'never' }), { code: 'SERVICE_NOT_FOUND' });
    });

    it('finds a small deviation beside a large mean, over many requests', async () => {
      const store = open();
      for (let index = 0; index < 6; index++) await store.send([{ predictionId: ids.create(serials.v1), reward: 1e9 + index }, { predictionId: ids.create(serials.v1), reward: 1e9 + index }]);
      const { reward } = (await store.summary('s')).versions[0] ?? {};
      assert.deepEqual([reward?.mean, reward?.deviation?.toFixed(6)], [1e9 + 2.5, '1.783765']);
    });

    it('keeps so many, the newest, and counts what it removed; totals stay', async () => {
      const store = open({ rowsMax: 10 });
      for (let round = 0; round < 5; round++) await store.send(Array.from({ length: 6 }, (_, index) => ({ predictionId: ids.create(serials.v1), reward: round * 6 + index })));
      assert.deepEqual((await store.list({ service: 's' })).map(({ reward }) => reward), [20, 21, 22, 23, 24, 25, 26, 27, 28, 29]);
      const { versions, removed } = await store.summary('s');
      assert.deepEqual([versions[0]?.count, versions[0]?.reward?.sum, removed], [30, 435, 20]);
      assert.match(await metrics.text(), /^lepton_feedback_removed_total 20$/m);
    });

    it('lists by version, in pages', async () => {
      const store = open();
      await store.send(Array.from({ length: 10 }, (_, index) => ({ predictionId: ids.create(index % 2 ? serials.v1 : serials.v2), reward: index })));
      const rewards = async (filter: object): Promise<unknown> => (await store.list({ service: 's', ...filter })).map(({ reward }) => reward);
      assert.deepEqual(await rewards({ version: 'v1' }), [1, 3, 5, 7, 9]);
      assert.deepEqual(await rewards({ version: 'v9' }), []);
      assert.deepEqual(await rewards({ limit: 3 }), [7, 8, 9]);
      const [first] = await store.list({ service: 's' });
      assert.deepEqual(await rewards({ after: first?.id, limit: 2 }), [1, 2]);
    });

    it('counts outcomes, rewards and right answers', async () => {
      const store = open();
      const id = ids.create(serials.v1);
      await store.send([{ predictionId: id, reward: -0.5, correct: true }, { predictionId: ids.create(serials.v1), reward: 2 }, { predictionId: 'nonsense', reward: 1 }]);
      await store.send([{ predictionId: id, reward: -0.5, correct: true }, { predictionId: id, reward: 1 }]);
      const text = await metrics.text();
      for (const line of [
        'lepton_feedback_total{service="s",version="v1",outcome="accepted"} 2', 'lepton_feedback_total{service="s",version="v1",outcome="duplicate"} 1',
        'lepton_feedback_total{service="s",version="v1",outcome="conflict"} 1', 'lepton_feedback_total{service="",version="",outcome="unknown"} 1',
        'lepton_feedback_reward_sum{service="s",version="v1"} 1.5', 'lepton_feedback_reward_count{service="s",version="v1"} 2', 'lepton_feedback_correct_total{service="s",version="v1",correct="true"} 1',
      ]) assert.ok(text.includes(`${line}\n`), `${line} in\n${text}`);
    });

    it('stores nothing of a request that the database refuses, and goes on with the next', async () => {
      const store = open();
      await database.db.schema.alterTable('feedback_totals').renameTo('away').execute();
      const entries = [1, 2].map((reward) => ({ predictionId: ids.create(serials.v1), reward }));
      await assert.rejects(store.send(entries));
      await database.db.schema.alterTable('away').renameTo('feedback_totals').execute();
      assert.deepEqual(await store.list({ service: 's' }), []);
      assert.deepEqual((await store.send(entries)).map(codeOf), ['accepted', 'accepted']);
    });

    it('lets only so much wait', async () => {
      const store = open({ rowsMax: 100_000 });
      const burst = Array.from({ length: 25 }, () => store.send(Array.from({ length: 1000 }, () => ({ predictionId: ids.create(serials.v1), correct: true }))));
      const settled = await Promise.allSettled(burst);
      const refused = settled.filter((outcome) => outcome.status === 'rejected');
      assert.equal(refused.length, 5);
      assert.ok(refused.every(({ reason }) => (reason as { code?: string }).code === 'DATABASE_UNAVAILABLE'));
      assert.equal((await store.summary('s')).versions[0]?.count, 20_000);
    });
  });
}
