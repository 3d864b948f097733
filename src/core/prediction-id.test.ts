import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { halfSipHash, parsePredictionKey, PREDICTION_CHANCE_MAX, PREDICTION_SOURCE_MAX, PredictionIds, readPredictionId } from './prediction-id.ts';

const KEY = '0123456789abcdef';
const NOW = Date.UTC(2026, 10, 25, 12);
const key = parsePredictionKey(KEY);
const makeIds = (chance: number, now: () => number = Date.now): PredictionIds => new PredictionIds({ key: KEY, chance, now });

describe('prediction ids', () => {
  it('hash as the published HalfSipHash-1-3 does', () => {
    // Linux, lib/test_siphash.c: 16 bytes 00 01 02 … under the key 00 … 07.
    assert.equal(halfSipHash({ low: 0x03020100, high: 0x07060504 }, 0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c), 0x8b31d501);
  });

  it('are UUIDs of version 8 that say when and whose', () => {
    for (const chance of [0, 1, 0x2aaaaa, PREDICTION_CHANCE_MAX]) {
      for (const source of [0, 1, 15, 16, 0xabcde, PREDICTION_SOURCE_MAX]) {
        const id = makeIds(chance, () => NOW).create(source);
        assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        assert.deepEqual(readPredictionId(key, id), { id, atMs: NOW, source });
        assert.deepEqual(readPredictionId(key, id.toUpperCase()), { id, atMs: NOW, source });
      }
    }
    for (const atMs of [0, 2 ** 32 - 1, 2 ** 48 - 1]) assert.equal(readPredictionId(key, makeIds(7, () => atMs).create(9))?.atMs, atMs);
  });

  it('never repeat within a process, also when the clock stands still or goes back', () => {
    const times = [NOW, NOW, NOW - 5_000, NOW + 1];
    let reads = 0;
    const ids = makeIds(5, () => times[Math.floor(reads++ / 1000) % times.length] as number);
    const seen = new Set(Array.from({ length: 1_000_000 }, (_, index) => ids.create(index % 3)));
    assert.equal(seen.size, 1_000_000);
    let before = '';
    for (const id of seen) {
      // Time and counter come first: ids of one process are in order.
      assert.ok(id.slice(0, 17) > before, `${id} after ${before}`);
      before = id.slice(0, 17);
    }
  });

  it('never repeat across processes', async () => {
    const script = `
      import { randomInt } from 'node:crypto';
      import { PREDICTION_CHANCE_MAX, PredictionIds } from ${JSON.stringify(new URL('./prediction-id.ts', import.meta.url).href)};
      const ids = new PredictionIds({ key: '${KEY}', chance: randomInt(PREDICTION_CHANCE_MAX + 1), now: Date.now });
      process.stdout.write(Array.from({ length: 100_000 }, () => ids.create(1)).join('\\n'));`;
    const run = (): Promise<string[]> => promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], { maxBuffer: 2 ** 26 }).then(({ stdout }) => stdout.split('\n'));
    const all = (await Promise.all([run(), run(), run()])).flat();
    assert.equal(new Set(all).size, 300_000);
  });

  it('are known to be changed, whichever digit is', () => {
    for (const [chance, source] of [[0, 1], [0x155555, 0x12345], [PREDICTION_CHANCE_MAX, PREDICTION_SOURCE_MAX]] as const) {
      const id = makeIds(chance, () => NOW).create(source);
      for (let at = 0; at < id.length; at++) {
        if (id[at] === '-') continue;
        for (const digit of '0123456789abcdef') {
          if (digit === id[at]) continue;
          const changed = id.slice(0, at) + digit + id.slice(at + 1);
          assert.equal(readPredictionId(key, changed), null, changed);
        }
      }
      for (let at = 0; at < id.length - 1; at++) {
        const swapped = id.slice(0, at) + id[at + 1] + id[at] + id.slice(at + 2);
        if (swapped !== id) assert.equal(readPredictionId(key, swapped), null, swapped);
      }
    }
  });

  it('are not read under another key, nor is what has another form', () => {
    const id = makeIds(1, () => NOW).create(1);
    assert.equal(readPredictionId(parsePredictionKey('0123456789abcdee'), id), null);
    for (const text of ['', 'p', id.slice(1), `${id} `, `{${id}}`, id.replaceAll('-', ''), crypto.randomUUID(), '0'.repeat(36), 'g'.repeat(36)]) assert.equal(readPredictionId(key, text), null, text);
    for (const bad of ['', '0123', 'g'.repeat(16), '0'.repeat(17)]) assert.throws(() => parsePredictionKey(bad));
  });

  it('made up at random are taken for ours about once in 16 million times', () => {
    const hex = (digits: number): string => Array.from({ length: digits }, () => randomInt(16).toString(16)).join('');
    const taken = Array.from({ length: 20_000 }, () => readPredictionId(key, `${hex(8)}-${hex(4)}-8${hex(3)}-8${hex(3)}-${hex(12)}`)).filter(Boolean);
    assert.ok(taken.length <= 1, `${taken.length} of 20000`);
  });
});
