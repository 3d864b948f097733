import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { admissions, inLine, type MemoryState, type StartRequest, type Verdict } from './admissions.ts';
import { chooseEvictions, evictableAt, type Resident, sliceMs } from './evictions.ts';

const NOW = 1_000_000;
const GIB = 2 ** 30;
const resident = (version: string, changes: Partial<Resident> = {}): Resident => ({ service: 's', version, bytes: GIB, priority: 0, loadMs: 1_000, readyAt: NOW - 600_000, usedAt: NOW - 60_000, inUse: false, ...changes });
const names = (residents: readonly Resident[] | null): string[] | undefined => residents?.map(({ version }) => version);

describe('the order of eviction', () => {
  const cases: [what: string, candidates: Resident[], bytes: number, chosen: string[] | undefined][] = [
    ['what was used longest ago', [resident('new'), resident('old', { usedAt: NOW - 61_000 })], GIB, ['old']],
    ['of equal age the larger', [resident('small'), resident('large', { bytes: 2 * GIB })], GIB, ['large']],
    ['of equal age and size what loads faster', [resident('slow', { loadMs: 30_000 }), resident('fast')], GIB, ['fast']],
    ['what is idle before what is used, whatever its load costs', [resident('busy', { inUse: true, usedAt: NOW }), resident('idle', { loadMs: 60_000 })], GIB, ['idle']],
    ['as many as are needed', [resident('a'), resident('b', { usedAt: NOW - 61_000 }), resident('c', { usedAt: NOW - 62_000 })], 2 * GIB, ['c', 'b']],
    ['none that a larger one makes needless', [resident('a', { usedAt: NOW - 600_000 }), resident('b', { bytes: 4 * GIB })], 3 * GIB, ['b']],
    ['nobody when all together have not enough', [resident('a'), resident('b')], 3 * GIB, undefined],
  ];
  for (const [what, candidates, bytes, chosen] of cases) it(what, () => assert.deepEqual(names(chooseEvictions(candidates, bytes, NOW)), chosen));
});

describe('turns', () => {
  it('last four loads, at least a second and at most ten, but never less than a load', () => {
    assert.deepEqual([10, 500, 2_000, 5_000, 20_000].map((loadMs) => sliceMs(loadMs, 0)), [1_000, 2_000, 8_000, 10_000, 20_000]);
  });
  it('of the more important are longer', () => assert.deepEqual([sliceMs(1_000, 2), sliceMs(1_000, -2), sliceMs(1_000, 500)], [12_000, 4_000, 40_000]));
  it('end early for what is idle, once its load was worth it', () => {
    const fresh = { readyAt: NOW - 100, usedAt: NOW - 100, loadMs: 1_000 };
    assert.equal(evictableAt(resident('used', { ...fresh, inUse: true }), 0), NOW - 100 + 4_000);
    assert.equal(evictableAt(resident('idle', fresh), 0), NOW - 100 + 1_000);
    assert.equal(evictableAt(resident('just asked', { readyAt: NOW - 3_000, usedAt: NOW, loadMs: 1_000 }), 0), NOW + 500);
  });
});

describe('admissions', () => {
  const ask = (version: string, changes: Partial<StartRequest> = {}): StartRequest => ({ service: 's', version, bytes: GIB, priority: 0, since: NOW, ...changes });
  const memory = (changes: Partial<MemoryState> = {}): MemoryState => ({ budgetBytes: 4 * GIB, pinnedBytes: 0, leavingBytes: 0, residents: [], ...changes });
  const judged = (line: readonly StartRequest[], state: MemoryState): Record<string, Verdict> => Object.fromEntries([...admissions(line, state, NOW)].map(([{ version }, verdict]) => [version, verdict]));
  const kinds = (line: readonly StartRequest[], state: MemoryState) => Object.fromEntries(Object.entries(judged(line, state)).map(([version, verdict]) => [version, verdict.kind === 'wait' ? `wait ${verdict.evict.map((one) => one.version).join(' ')}`.trim() : verdict.kind]));

  it('starts what fits, in the order of arrival', () => assert.deepEqual(kinds([ask('b', { bytes: 3 * GIB, since: NOW + 1 }), ask('a', { bytes: 2 * GIB })], memory()), { a: 'start', b: 'wait' }));
  it('evicts for what does not fit', () => assert.deepEqual(kinds([ask('b')], memory({ pinnedBytes: 3 * GIB, residents: [resident('a')] })), { b: 'wait a' }));
  it('evicts nobody when what leaves already is enough', () => assert.deepEqual(kinds([ask('b')], memory({ pinnedBytes: 2 * GIB, leavingBytes: GIB, residents: [resident('a')] })), { b: 'wait' }));
  it('evicts once for two that wait for the same memory', () => assert.deepEqual(kinds([ask('b'), ask('c', { since: NOW + 1 })], memory({ pinnedBytes: 2 * GIB, residents: [resident('a', { bytes: 2 * GIB })] })), { b: 'wait a', c: 'wait' }));
  it('never touches what must stay, and says so with the numbers', () => {
    const { b } = judged([ask('b', { bytes: 2 * GIB })], memory({ pinnedBytes: 3 * GIB, residents: [] }));
    assert.ok(b?.kind === 'wait' && b.at === null);
    assert.match(b.message, /needs 2\.0 GiB, and versions hold 3\.0 GiB of the 4\.0 GiB.*3\.0 GiB by versions that must stay/);
  });
  it('refuses what would not fit an empty machine', () => assert.equal(judged([ask('b', { bytes: 5 * GIB })], memory())['b']?.kind, 'never'));
  it('lets nobody overtake who waits for memory that can be had', () => assert.deepEqual(kinds([ask('large', { bytes: 2 * GIB }), ask('small', { since: NOW + 1 })], memory({ pinnedBytes: 2 * GIB, residents: [resident('busy', { inUse: true, readyAt: NOW })] })), { large: 'wait', small: 'wait' }));
  it('lets others pass who waits for pinned versions to go', () => assert.deepEqual(kinds([ask('large', { bytes: 3 * GIB }), ask('small', { since: NOW + 1 })], memory({ pinnedBytes: 2 * GIB })), { large: 'wait', small: 'start' }));
  it('tells when the turn of one in use is over', () => {
    const { b } = judged([ask('b')], memory({ pinnedBytes: 3 * GIB, residents: [resident('a', { inUse: true, readyAt: NOW - 1_000 })] }));
    assert.ok(b?.kind === 'wait' && b.at === NOW - 1_000 + 4_000 && b.evict.length === 0);
  });
  it('puts the more important first, but not for ever', () => {
    const line = [ask('waits long', { since: NOW - 60_000 }), ask('now'), ask('important', { priority: 3, since: NOW + 1 })];
    assert.deepEqual(inLine(line).map(({ version }) => version), ['waits long', 'important', 'now']);
  });
});
