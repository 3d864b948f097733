import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { lineage } from './lineage.ts';

const versions = (...lines: [version: string, parent: string | null][]) => lines.map(([version, parent]) => ({ version, digest: version, parent }));

describe('the graph of lineage', () => {
  it('keeps a line in one lane and opens another for a branch', () => {
    assert.deepEqual(lineage(versions(['v3', 'v2'], ['large', 'v1'], ['v2', 'v1'], ['v1', null])), [
      { version: 'v3', lane: 0, parentRow: 2 },
      { version: 'large', lane: 1, parentRow: 3 },
      { version: 'v2', lane: 0, parentRow: 3 },
      { version: 'v1', lane: 0, parentRow: null },
    ]);
  });

  it('uses a lane again above the end of its branch', () => {
    const lanes = lineage(versions(['d', 'c'], ['y', 'c'], ['c', 'b'], ['x', 'a'], ['b', 'a'], ['a', null])).map(({ lane }) => lane);
    assert.deepEqual(lanes, [1, 0, 0, 1, 0, 0]);
  });

  it('never puts two open branches into one lane', () => {
    const graph = lineage(versions(['b2', 'b1'], ['c1', 'a'], ['b1', 'a'], ['a2', 'a'], ['a', null]));
    for (const { lane, parentRow } of graph) {
      const row = graph.findIndex((node) => node.lane === lane && node.parentRow === parentRow);
      const between = graph.slice(row + 1, parentRow ?? row + 1).filter((node) => node.lane === lane);
      assert.deepEqual(between, [], `row ${row}`);
    }
  });

  it('bears parents that are gone, newer or their own', () => {
    assert.deepEqual(lineage(versions(['a', 'a'], ['b', 'gone'], ['c', 'a'])).map(({ parentRow }) => parentRow), [null, null, null]);
  });

  it('places 10,000 versions at once', () => {
    const started = performance.now();
    lineage(Array.from({ length: 10_000 }, (_none, index) => ({ version: `v${index}`, digest: `d${index}`, parent: `d${index + 1}` })));
    assert.ok(performance.now() - started < 2000);
  });
});
