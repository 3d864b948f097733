import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { VersionStatistics } from './statistics.ts';

const MS = 1e6;
const run = (milliseconds: number, rows = 4) => ({ rows, requests: 2, inputNs: 0.5 * MS, runNs: (milliseconds - 1) * MS, outputNs: 0.5 * MS, inputBytes: 100, outputBytes: 10 });
const near = (value: number, expected: number): void => assert.ok(Math.abs(value - expected) <= 1e-9 * expected, `${value}, not ${expected}`);

describe('the work of a version, for control', () => {
  it('sums what runs took and carried', () => {
    const statistics = new VersionStatistics();
    for (const milliseconds of [2, 4]) statistics.ran(run(milliseconds));
    const { runSeconds, runSecondsSquared, ...counts } = statistics.work;
    assert.deepEqual(counts, { requests: 4, rows: 8, runs: 2, inputBytes: 200, outputBytes: 20 });
    near(runSeconds, 0.006);
    near(runSecondsSquared, 0.002 ** 2 + 0.004 ** 2);
  });

  it('follows a model that becomes much slower', () => {
    const statistics = new VersionStatistics();
    for (let index = 0; index < 100; index++) statistics.ran(run(2));
    const before = statistics.work.runSeconds;
    for (let index = 0; index < 100; index++) statistics.ran(run(100));
    assert.ok(statistics.work.runSeconds - before > 0.95 * 100 * 0.1, `${statistics.work.runSeconds - before}`);
  });

  it('does not take a run that the machine held up for the spread of the model', () => {
    const statistics = new VersionStatistics();
    for (let index = 0; index < 1000; index++) statistics.ran(run(2));
    statistics.ran(run(2000));
    const { runs, runSeconds, runSecondsSquared } = statistics.work;
    const mean = runSeconds / runs;
    assert.ok(Math.sqrt(runSecondsSquared / runs - mean ** 2) / mean < 1, `${runSecondsSquared}`);
  });
});
