import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { LOG_LINEAR_ERROR, LogLinearHistogram, seededRandom } from '../../core/index.ts';
import { type Report, Sample } from '../samples/index.ts';
import type { HistoryMetricName } from './metrics.ts';
import { readHistory } from './read.ts';
import { HistoryStore } from './store.ts';

const directory = mkdtempSync(join(tmpdir(), 'lepton-history-'));
after(() => rmSync(directory, { recursive: true, force: true }));

let files = 0;
const newFile = (): string => join(directory, `${++files}.sqlite`);
const BYTES_MAX = 2 ** 30;
const openStore = (file = newFile(), bytesMax = BYTES_MAX): HistoryStore => new HistoryStore({ file, bytesMax });
/** A full hour. */
const START = 1_795_654_800;
const HOUR = 3600;

interface Second {
  readonly service?: string;
  readonly version?: string;
  readonly latenciesUs?: readonly number[];
  readonly failed?: number;
  readonly source?: string;
  readonly sequence?: number;
}

function report(at: number, { service = 's', version = 'v1', latenciesUs = [], failed = 0, source = 'g', sequence = at }: Second = {}): Report {
  const sample = new Sample();
  const histogram = new LogLinearHistogram();
  for (const latency of latenciesUs) histogram.observe(latency);
  sample.addCounts('total', histogram);
  sample.add('seconds', 1);
  sample.add('succeeded', latenciesUs.length);
  sample.add('failed', failed);
  if (failed) sample.addError('REPLICA_FAILED', failed);
  return { source, sequence, at, samples: [{ service, version, bytes: sample.encode() }] };
}

function valuesOf(store: HistoryStore, metric: HistoryMetricName, window: { from: number; to: number; step: number; versions?: string[]; by?: 'version' | 'service' }, now: number): (number | null)[][] {
  return readHistory(store, { service: 's', versions: window.versions ?? null, metrics: [metric], by: window.by ?? 'version', from: window.from, to: window.to, step: window.step }, now).series.map(({ values }) => [...values]);
}
const sum = (values: readonly (number | null)[] | undefined): number => (values ?? []).reduce<number>((total, value) => total + (value ?? 0), 0);

describe('history store', () => {
  it('answers what was written by second, minute and hour, and null where nothing was', () => {
    const store = openStore();
    for (let second = 0; second < 120; second++) if (second !== 30) store.write([report(START + second, { latenciesUs: [1000, 2000] })]);
    const now = START + 180;
    const [seconds] = valuesOf(store, 'requests', { from: START + 28, to: START + 32, step: 1 }, now);
    assert.deepEqual(seconds, [2, 2, null, 2]);
    assert.deepEqual(valuesOf(store, 'requests', { from: START, to: START + 180, step: 60 }, now), [[118, 120, null]]);
    assert.deepEqual(valuesOf(store, 'requests', { from: START, to: START + 180, step: HOUR }, now), [[238]]);
    assert.deepEqual(valuesOf(store, 'latency_mean', { from: START, to: START + 60, step: 60 }, now), [[1.5]]);
    store.close();
  });

  it('counts a report that is sent again once', () => {
    const store = openStore();
    const once = report(START, { latenciesUs: [500], sequence: 1 });
    store.write([once, once]);
    store.write([once, report(START, { latenciesUs: [500], sequence: 2 }), once, report(START, { latenciesUs: [500], sequence: 1, source: 'other' })]);
    assert.deepEqual(valuesOf(store, 'requests', { from: START, to: START + 60, step: 60 }, START + 60), [[3]]);
    assert.deepEqual(valuesOf(store, 'requests', { from: START, to: START + 1, step: 1 }, START + 60), [[3]]);
    store.close();
  });

  it('keeps counts, sums and quantiles when seconds become minutes and hours', () => {
    const store = openStore();
    const random = seededRandom(3);
    const all: number[] = [];
    for (let second = 0; second < HOUR; second += 7) {
      const latenciesUs = Array.from({ length: 5 }, () => Math.floor(2 ** (8 + random() * 12)));
      all.push(...latenciesUs);
      store.write([report(START + second, { latenciesUs, failed: 1 })]);
    }
    const now = START + HOUR + 700;
    store.maintain(now);
    assert.equal(store.database.prepare('SELECT COUNT(*) AS n FROM minutes').get()?.['n'], 1);
    assert.equal(store.open.hours().length, 0);
    all.sort((a, b) => a - b);
    for (const step of [60, 600, HOUR]) {
      const window = { from: START, to: START + HOUR, step };
      assert.equal(sum(valuesOf(store, 'requests', window, now)[0]), all.length + Math.ceil(HOUR / 7), `requests at ${step}`);
      assert.equal(sum(valuesOf(store, 'errors', window, now)[0]), Math.ceil(HOUR / 7), `errors at ${step}`);
    }
    for (const [metric, share] of [['latency_p50', 0.5], ['latency_p95', 0.95], ['latency_p99', 0.99]] as const) {
      const exact = (all[Math.ceil(share * all.length) - 1] as number) / 1000;
      const found = valuesOf(store, metric, { from: START, to: START + HOUR, step: HOUR }, now)[0]?.[0] as number;
      assert.ok(Math.abs(found - exact) <= exact * LOG_LINEAR_ERROR, `${metric}: ${found} for ${exact}`);
    }
    store.close();
  });

  it('knows after a kill what it had committed, and writes the hour that was open then', () => {
    const file = newFile();
    const killed = openStore(file);
    for (let second = 0; second < 200; second++) killed.write([report(START + second, { latenciesUs: [100] })]);
    // Never closed: as after kill -9 the next one finds the file and its log.
    const store = openStore(file);
    assert.deepEqual(valuesOf(store, 'requests', { from: START, to: START + 240, step: 60 }, START + 240), [[60, 60, 60, 20]]);
    store.maintain(START + HOUR + 700);
    const later = START + 3 * HOUR;
    assert.deepEqual(valuesOf(store, 'requests', { from: START, to: START + HOUR, step: HOUR }, later), [[200]]);
    store.close();
    const again = openStore(file);
    assert.deepEqual(valuesOf(again, 'requests', { from: START, to: START + HOUR, step: HOUR }, later), [[200]], 'not twice');
    again.close();
    killed.close();
  });

  it('adds what comes late to an hour that was written', () => {
    const store = openStore();
    store.write([report(START + 10, { latenciesUs: [1] })]);
    store.maintain(START + HOUR + 700);
    store.write([report(START + 20, { latenciesUs: [1, 1], source: 'late' })]);
    const now = START + HOUR + 800;
    const window = { from: START, to: START + HOUR, step: HOUR };
    assert.deepEqual(valuesOf(store, 'requests', window, now), [[3]]);
    store.maintain(now);
    assert.equal(store.open.hours().length, 0);
    assert.deepEqual(valuesOf(store, 'requests', window, now), [[3]]);
    assert.deepEqual(valuesOf(store, 'requests', { ...window, to: START + 60, step: 60 }, now), [[3]]);
    store.close();
  });

  it('keeps seconds for an hour and minutes for 30 days', () => {
    const store = openStore();
    store.write([report(START, { latenciesUs: [1] }), report(START + 2 * HOUR, { latenciesUs: [1] })]);
    const rows = (table: string) => store.database.prepare(`SELECT COUNT(*) AS n FROM ${table}`).get()?.['n'];
    store.maintain(START + 2 * HOUR + 700);
    assert.equal(Number(rows('packed')) + Number(rows('fresh')), 1);
    assert.equal(rows('minutes'), 1);
    store.maintain(START + 30 * 24 * HOUR);
    assert.equal(rows('minutes'), 2);
    store.maintain(START + 31 * 24 * HOUR + 4 * HOUR);
    assert.equal(rows('minutes'), 0);
    assert.equal(rows('hours'), 0);
    assert.deepEqual(store.series.list(null), []);
    store.close();
  });

  it('stays within its bytes by letting the oldest hours go', () => {
    const store = openStore(newFile(), 600_000);
    const random = seededRandom(5);
    for (let hour = 0; hour < 30; hour++) {
      for (let minute = 0; minute < 60; minute++) for (const version of ['v1', 'v2', 'v3']) store.write([report(START + hour * HOUR + minute * 60, { version, latenciesUs: Array.from({ length: 200 }, () => Math.floor(2 ** (random() * 25))), source: version })]);
      store.maintain(START + (hour + 1) * HOUR + 700);
    }
    const now = START + 31 * HOUR;
    assert.ok(store.usedBytes <= 600_000, `${store.usedBytes} bytes`);
    const [first] = valuesOf(store, 'requests', { from: START, to: now, step: HOUR, versions: ['v1'] }, now);
    assert.equal(first?.[0], null, 'the oldest hour is gone');
    assert.equal(first?.[29], 12_000, 'the newest is there');
    store.close();
  });

  it('takes the versions of a service together and knows their shares', () => {
    const store = openStore();
    store.write([report(START, { version: 'v1', latenciesUs: [1000, 1000, 1000], source: 'a' }), report(START, { version: 'v2', latenciesUs: [3000], source: 'b' })]);
    const window = { from: START, to: START + 60, step: 60 };
    assert.deepEqual(valuesOf(store, 'requests', { ...window, by: 'service' }, START + 60), [[4]]);
    assert.deepEqual(valuesOf(store, 'latency_mean', { ...window, by: 'service' }, START + 60), [[1.5]]);
    assert.deepEqual(valuesOf(store, 'traffic_share', window, START + 60), [[0.75], [0.25]]);
    assert.deepEqual(valuesOf(store, 'traffic_share', { ...window, versions: ['v2'] }, START + 60), [[0.25]]);
    store.close();
  });

  it('sets a file aside that it can not read, and begins anew', () => {
    const file = newFile();
    writeFileSync(file, 'this is no database, but it is long enough to be looked at as one, and it is not empty either');
    const store = openStore(file);
    assert.equal(store.setAside, `${file}.unreadable`);
    store.write([report(START, { latenciesUs: [1] })]);
    assert.deepEqual(valuesOf(store, 'requests', { from: START, to: START + 60, step: 60 }, START + 60), [[1]]);
    store.close();
  });
});
