import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Line, type Report, verdict } from './report.ts';
import { median, ratios, summarise } from './statistics.ts';
import { goalShare, plot } from './svg.ts';
import { lineTable, markdownTable, shown, terminalTable } from './text.ts';

const line = (value: number, goal?: Line['goal']): Line => ({ id: 'x', text: 'some <line>', unit: 'µs', summary: summarise([value]), ...(goal ? { goal } : {}) });

describe('statistics', () => {
  it('takes the middle of an odd and of an even number of rounds, in any order', () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 3, 2]), 2.5);
    assert.ok(Number.isNaN(median([])));
  });

  it('tells the extremes as the spread', () => {
    assert.deepEqual(summarise([5, 1, 9]), { median: 5, low: 1, high: 9, samples: [5, 1, 9] });
  });

  it('divides rounds that belong together, and refuses unequal numbers of them', () => {
    assert.deepEqual(ratios([2, 9], [4, 3]), [0.5, 3]);
    assert.throws(() => ratios([1], [1, 2]), /1 rounds against 2/);
  });
});

describe('verdicts', () => {
  it('holds at the goal itself, on either side', () => {
    assert.equal(verdict(line(65, { at: 'most', value: 65 })), 'PASS');
    assert.equal(verdict(line(65.1, { at: 'most', value: 65 })), 'MISS');
    assert.equal(verdict(line(0.9, { at: 'least', value: 0.9 })), 'PASS');
    assert.equal(verdict(line(0.89, { at: 'least', value: 0.9 })), 'MISS');
    assert.equal(verdict(line(1)), '');
  });

  it('never holds without a figure', () => {
    assert.equal(verdict(line(Number.NaN, { at: 'most', value: 1 })), 'MISS');
    assert.equal(verdict(line(Number.NaN, { at: 'least', value: 1 })), 'MISS');
  });

  it('draws a miss beyond the goal, and zero failures as nothing', () => {
    assert.equal(goalShare(line(130, { at: 'most', value: 65 })), 2);
    assert.equal(goalShare(line(0.45, { at: 'least', value: 0.9 })), 2);
    assert.equal(goalShare(line(0, { at: 'most', value: 0 })), 0);
    assert.equal(goalShare(line(3, { at: 'most', value: 0 })), 2);
  });
});

describe('the report', () => {
  it('shows numbers with three digits, thousands apart', () => {
    assert.deepEqual([shown(0.12345), shown(12.345), shown(12345.6), shown(7), shown(Number.NaN)], ['0.123', '12.3', '12,346', '7', '–']);
  });

  it('aligns columns in a terminal and escapes them in Markdown', () => {
    const table = { title: 't', columns: ['a', 'b'], rows: [['x|y', 1], ['z', 1000]] };
    assert.equal(terminalTable(table), 't\na        b\nx|y      1\nz    1,000');
    assert.match(markdownTable(table), /\| x\\\|y \| 1 \|/);
  });

  it('has a verdict in each line with a goal', () => {
    assert.deepEqual(lineTable('', [line(10, { at: 'most', value: 65, aim: 45 })]).rows[0], ['some <line>', '10', '', 'µs', '≤ 65 (aim 45)', 'PASS']);
  });

  it('is plotted as well-formed text whatever the lines are called', () => {
    const report: Report = { startedAt: '2026-01-01T00:00:00Z', seconds: 1, quick: false, interrupted: false, machine: {}, versions: {}, scenarios: [{ scenario: 's', lines: [line(10, { at: 'most', value: 65 }), line(Number.NaN, { at: 'least', value: 1 })], tables: [], charts: [{ title: 'c', unit: '/s', bars: [{ label: 'a & b', value: 3, ours: true }] }] }] };
    const svg = plot(report);
    assert.ok(!svg.includes('<line>') && svg.includes('some &#60;line&#62;') && svg.includes('a &#38; b'));
    assert.ok(!svg.includes('NaN'));
  });
});
