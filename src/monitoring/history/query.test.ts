import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { planQuery, POINTS_MAX } from './query.ts';

const NOW = 1_795_655_123;
const DAY = 86_400;
const plan = (from: number | null, step: number | null, to: number | null = null) => planQuery({ from, to, step }, NOW);

describe('query plan', () => {
  it('takes the last 15 minutes in steps of seconds when nothing is said', () => {
    const { from, to, step, tier, points } = plan(null, null);
    assert.equal(tier, 'seconds');
    assert.ok(from <= NOW - 900 && from > NOW - 900 - step);
    assert.ok(to >= NOW && to < NOW + step);
    assert.ok(points <= 302 && points * step === to - from);
  });

  it('chooses a step that the window can be answered in', () => {
    assert.equal(plan(NOW - 3599, null).tier, 'seconds');
    assert.equal(plan(NOW - 2 * 3600, null).step, 60);
    const month = plan(NOW - 30 * DAY, null);
    assert.equal(month.tier, 'hours');
    assert.ok(month.points <= 301);
  });

  it('reads the coarsest that the step allows', () => {
    assert.equal(plan(NOW - 600, 60).tier, 'minutes');
    assert.equal(plan(NOW - 3000, 90).tier, 'seconds');
    assert.equal(plan(NOW - DAY, 7200).tier, 'hours');
  });

  it('takes a window as one step where it is asked to, to the second within the last hour', () => {
    assert.deepEqual(plan(NOW - 7, 0), { from: NOW - 7, to: NOW, step: 7, points: 1, tier: 'seconds' });
    const day = plan(NOW - DAY, 0);
    assert.deepEqual([day.points, day.tier, day.from % 60, day.to % 60], [1, 'minutes', 0, 0]);
  });

  it('refuses what is not kept, or too much, and says what would do', () => {
    assert.throws(() => plan(NOW - 2 * 3600, 10), /step 10 is too fine .* multiple of 60/);
    assert.throws(() => plan(NOW - 30 * DAY, 60), new RegExp(`at most ${POINTS_MAX} .* step of 900 or more`));
    assert.throws(() => plan(NOW, null, NOW - 60), /from must be before to/);
    assert.throws(() => plan(NOW - 60 * DAY, null, NOW - 50 * DAY), /in the last 30 days/);
  });

  it('never answers the future', () => {
    assert.ok(plan(NOW - 60, 10, NOW + 10 * DAY).to <= NOW + 10);
  });
});
