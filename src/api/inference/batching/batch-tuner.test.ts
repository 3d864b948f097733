import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BatchTuner } from './index.ts';

const IMAGE = 110_592;

/** A queue that is never empty: each run takes what the tuner proposes, and as long as `milliseconds` says. */
function serve(tuner: BatchTuner, rowBytes: number, milliseconds: (rows: number) => number, runs = 2_000): number[] {
  return Array.from({ length: runs }, () => {
    const rows = tuner.propose(rowBytes);
    tuner.ran(rowBytes, rows, milliseconds(rows));
    return rows;
  });
}
function tuned(start: number, ceiling = Number.POSITIVE_INFINITY): BatchTuner {
  const tuner = new BatchTuner();
  tuner.setBounds(start, ceiling);
  return tuner;
}

describe('batch tuner', () => {
  test('begins with what the load found', () => {
    assert.equal(tuned(16).best(IMAGE), 16);
    assert.equal(tuned(16).propose(IMAGE), 16);
  });

  test('comes down to one where batches gain nothing, within 60 runs', () => {
    const tuner = tuned(16);
    serve(tuner, IMAGE, (rows) => 4 * rows, 60);
    assert.equal(tuner.best(IMAGE), 1);
  });

  test('counts what a run costs on the way: short runs go a few at a time, though the model gains nothing', () => {
    const tuner = tuned(16);
    serve(tuner, IMAGE, (rows) => 0.5 * rows);
    assert.ok(tuner.best(IMAGE) === 2 || tuner.best(IMAGE) === 4);
  });

  test('finds the batch from which on more rows gain nothing, from below and from above', () => {
    // 1 ms a run and 0.1 ms a row, up to 8; beyond the caches are too small.
    const cost = (rows: number): number => (rows <= 8 ? 1 + 0.1 * rows : 0.4 * rows);
    for (const start of [1, 4, 64]) {
      const tuner = tuned(start);
      serve(tuner, 64, cost);
      assert.equal(tuner.best(64), 8, `from ${start}`);
    }
  });

  test('keeps what the load found while only smaller batches come up', () => {
    const tuner = tuned(16);
    for (let run = 0; run < 100; run++) tuner.ran(64, 1 + (run % 4), 1);
    assert.equal(tuner.best(64), 16);
  });

  test('tries other sizes seldom once it knows them, and none over the ceiling or 64', () => {
    for (const ceiling of [16, Number.POSITIVE_INFINITY]) {
      const tuner = tuned(16, ceiling);
      serve(tuner, 64, () => 1);
      const rows = serve(tuner, 64, () => 1, 6_400);
      const best = Math.min(ceiling, 64);
      assert.equal(tuner.best(64), best);
      assert.ok(rows.filter((each) => each !== best).length <= 100);
      assert.ok(rows.every((each) => each <= best));
    }
  });

  test('tries no larger batch whose inputs would take more than 4 MiB', () => {
    const tuner = tuned(1);
    const rows = serve(tuner, 2 ** 20, () => 1, 4_000);
    assert.equal(Math.max(...rows), 4);
    assert.equal(tuner.best(2 ** 20), 4);
  });

  test('tells rows of different sizes apart', () => {
    const tuner = tuned(16);
    serve(tuner, IMAGE, (rows) => rows);
    serve(tuner, 4, () => 1);
    assert.deepEqual([tuner.best(IMAGE), tuner.best(4)], [1, 64]);
  });

  test('a few runs that were held up change nothing', () => {
    const tuner = tuned(8);
    let run = 0;
    serve(tuner, 64, (rows) => (++run % 5 === 0 ? 50 : 1 + 0.05 * rows));
    assert.ok(tuner.best(64) >= 16);
  });

  test('follows a model that has changed its ways', () => {
    const tuner = tuned(1);
    serve(tuner, 64, () => 1);
    assert.equal(tuner.best(64), 64);
    serve(tuner, 64, (rows) => rows, 4_000);
    assert.equal(tuner.best(64), 1);
  });

  test('new bounds hold at once, and what was learnt stays', () => {
    const tuner = tuned(16);
    serve(tuner, 64, () => 1);
    tuner.setBounds(4, 8);
    assert.equal(tuner.best(64), 8);
    tuner.setBounds(4, 64);
    assert.equal(tuner.best(64), 64);
    assert.equal(tuner.best(IMAGE), 4);
  });
});
