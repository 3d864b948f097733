import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type PlatformEvent, systemClock } from '../../core/index.ts';
import { type Database, openDatabase } from '../../database/index.ts';
import { EventStore } from './event-store.ts';

describe('event store', () => {
  let directory = '';
  let database: Database;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lepton-events-'));
    database = await openDatabase({ dataDirectory: directory, url: null });
  });
  after(async () => {
    await database.close();
    await rm(directory, { recursive: true, force: true });
  });
  beforeEach(async () => {
    await database.db.deleteFrom('events').execute();
  });
  const open = (eventsMax = 1000): EventStore => new EventStore({ database, clock: systemClock, eventsMax });

  it('keeps order and every field, and fills in what was left out', async () => {
    const store = open();
    store.record({ severity: 'info', reason: 'First', message: 'one', service: 's', version: 'v1', actor: 'ann', before: 'a', after: 'b' });
    store.record({ severity: 'error', reason: 'Second', message: 'two' });
    await store.flush();
    const [first, second] = await store.list();
    assert.ok(first && second && first.id < second.id);
    assert.deepEqual({ ...first, id: 0, at: '' }, { id: 0, at: '', severity: 'info', reason: 'First', message: 'one', actor: 'ann', repository: null, service: 's', version: 'v1', replica: null, before: 'a', after: 'b' });
    assert.equal(second.actor, 'engine');
    assert.match(first.at, /^\d{4}-\d\d-\d\dT.*Z$/);
  });

  it('filters by service and gravity, pages upwards and gives the newest without a page', async () => {
    const store = open();
    for (let index = 0; index < 10; index++) store.record({ severity: index % 2 ? 'warning' : 'info', reason: `R${index}`, message: 'm', service: index < 5 ? 'a' : 'b' });
    await store.flush();
    assert.deepEqual((await store.list({ limit: 2 })).map((event) => event.reason), ['R8', 'R9']);
    assert.deepEqual((await store.list({ service: 'a', severity: 'warning' })).map((event) => event.reason), ['R1', 'R3']);
    const page = await store.list({ after: (await store.list({ limit: 10 }))[6]?.id as number });
    assert.deepEqual(page.map((event) => event.reason), ['R7', 'R8', 'R9']);
  });

  it('tells listeners in order after the event can be listed, and survives a bad listener', async () => {
    const store = open();
    const heard: PlatformEvent[] = [];
    store.subscribe(() => {
      throw new Error('bad listener');
    });
    const stop = store.subscribe((event) => heard.push(event));
    for (let index = 0; index < 5; index++) store.record({ severity: 'info', reason: `R${index}`, message: 'm' });
    await store.flush();
    stop();
    store.record({ severity: 'info', reason: 'later', message: 'm' });
    await store.flush();
    assert.deepEqual(heard.map((event) => event.reason), ['R0', 'R1', 'R2', 'R3', 'R4']);
  });

  it('is bounded by count', async () => {
    const store = open(200);
    for (let index = 0; index < 1000; index++) store.record({ severity: 'info', reason: `R${index}`, message: 'm' });
    await store.flush();
    const { count } = await database.db.selectFrom('events').select((e) => e.fn.countAll().as('count')).executeTakeFirstOrThrow();
    assert.ok(Number(count) <= 300, `${count} events are kept`);
    assert.equal((await store.list({ limit: 1 }))[0]?.reason, 'R999');
  });

  it('goes on and says so when the database refuses', async () => {
    const closed = await openDatabase({ dataDirectory: await mkdtemp(join(directory, 'closed-')), url: null });
    const problems: string[] = [];
    const store = new EventStore({ database: closed, clock: systemClock, eventsMax: 10, onProblem: (message) => problems.push(message) });
    await closed.close();
    store.record({ severity: 'info', reason: 'Lost', message: 'm' });
    await store.flush();
    assert.equal(problems.length, 1);
  });
});
