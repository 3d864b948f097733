import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LeptonError, seededRandom, type ServiceRoute } from '../../../core/index.ts';
import { Deck } from './deck.ts';
import { hashToUnit, murmur3 } from './hash.ts';
import { rendezvous } from './rendezvous.ts';
import { compileTrafficPolicy } from './traffic-policy.ts';

function route(overrides: Partial<ServiceRoute> = {}): ServiceRoute {
  const version = (name: string) => ({ version: name }) as ServiceRoute['versions'][number];
  return { service: 's', weights: { a: 90, b: 10 }, sticky: null, defaultVersion: 'a', labels: { stable: 'a', gone: 'z' }, versions: ['a', 'b', 'dark'].map(version), ...overrides };
}

const isError = (code: string, pattern: RegExp) => (error: unknown) => error instanceof LeptonError && error.code === code && pattern.test(error.message);

describe('deck', () => {
  for (const weights of [{ a: 90, b: 10 }, { a: 33.33, b: 33.33, c: 33.34 }, { a: 99.99, b: 0.01 }, { a: 50, b: 49.5, c: 0.5 }]) {
    test(`any 10,000 requests are within 0.5 % of ${JSON.stringify(weights)}`, () => {
      const deck = new Deck(weights as Record<string, number>, seededRandom(7));
      const drawn = Array.from({ length: 30_000 }, () => deck.draw());
      for (let start = 0; start < 20_000; start += 137) {
        for (const [version, weight] of Object.entries(weights)) {
          const share = (drawn.slice(start, start + 10_000).filter((name) => name === version).length / 10_000) * 100;
          assert.ok(Math.abs(share - weight) <= 0.5, `${version} got ${share} % from ${start}`);
        }
      }
    });
  }

  test('weights that do not sum to 100 are shares all the same', () => {
    const deck = new Deck({ a: 30, b: 10, c: 0.01 }, seededRandom(5));
    const drawn = Array.from({ length: 40_000 }, () => deck.draw());
    assert.ok(Math.abs(drawn.filter((name) => name === 'a').length - 30_000) <= 50);
  });

  test('decks that are renewed for every request still reach a small weight', () => {
    const random = seededRandom(3);
    const hits = Array.from({ length: 20_000 }, () => new Deck({ a: 99.5, b: 0.5 }, random).draw()).filter((name) => name === 'b').length;
    assert.ok(hits > 60 && hits < 150, `${hits} of 20,000`);
  });
});

describe('hash', () => {
  test('is MurmurHash3 x86_32 by its public test vectors', () => {
    const vectors: [string, number, number][] = [['', 0, 0], ['', 1, 0x514e28b7], ['', 0xffffffff, 0x81f16f39], ['hello', 0, 0x248bfa47], ['hello, world', 0, 0x149bbb7f], ['The quick brown fox jumps over the lazy dog', 0, 0x2e4ff723]];
    for (const [text, seed, expected] of vectors) assert.equal(murmur3(Buffer.from(text), seed), expected, text);
  });

  test('spreads similar keys evenly', () => {
    const buckets = new Array<number>(20).fill(0);
    for (let key = 0; key < 20_000; key++) buckets[Math.floor(hashToUnit(`user-${key}`) * 20)]!++;
    for (const count of buckets) assert.ok(count > 850 && count < 1150, buckets.join(' '));
  });
});

describe('sticky decisions', () => {
  const KEYS = Array.from({ length: 10_000 }, (_, index) => `key-${index}`);
  const assign = (weights: Record<string, number>) => KEYS.map((key) => rendezvous(Object.entries(weights), key));
  const moves = (before: readonly string[], after: readonly string[]) => before.flatMap((from, index) => (from === after[index] ? [] : [[from, after[index] as string] as const]));
  const distance = (p: Record<string, number>, q: Record<string, number>) => [...new Set([...Object.keys(p), ...Object.keys(q)])].reduce((sum, name) => sum + Math.abs((p[name] ?? 0) - (q[name] ?? 0)), 0) / 200;

  test('follow the weights', () => {
    const counts = assign({ a: 70, b: 25, c: 5 });
    for (const [name, weight] of [['a', 70], ['b', 25], ['c', 5]] as const) assert.ok(Math.abs(counts.filter((version) => version === name).length / 100 - weight) < 1.5);
  });

  for (const [before, after] of [
    [{ a: 90, b: 10 }, { a: 70, b: 30 }],
    [{ a: 100 }, { a: 90, b: 10 }],
    [{ a: 60, b: 40 }, { a: 54, b: 36, canary: 10 }],
    [{ a: 54, b: 36, canary: 10 }, { a: 60, b: 40 }],
  ] as Record<string, number>[][] as [Record<string, number>, Record<string, number>][]) {
    test(`${JSON.stringify(before)} → ${JSON.stringify(after)} moves exactly the total-variation distance, from losers to gainers only`, () => {
      const moved = moves(assign(before), assign(after));
      assert.ok(Math.abs(moved.length / KEYS.length - distance(before, after)) < 0.012, `${moved.length} moved`);
      for (const [from, to] of moved) {
        assert.ok((after[from] ?? 0) < (before[from] ?? 0), `${from} did not lose`);
        assert.ok((after[to] ?? 0) > (before[to] ?? 0), `${to} did not gain`);
      }
    });
  }

  test('with three versions and one unchanged, nothing moves towards a version whose share fell against the other', () => {
    const before = { a: 50, b: 30, c: 20 };
    const after = { a: 40, b: 40, c: 20 };
    const moved = moves(assign(before), assign(after));
    // Exponential races: 1 − (40/100 + 1/(1 + 5/3 + 2/3) + 20/110) = 0.118, where no mapping at all could move less than 0.1.
    assert.ok(Math.abs(moved.length / KEYS.length - 0.118) < 0.012, `${moved.length} moved`);
    for (const [from, to] of moved) assert.ok(['a>b', 'a>c', 'c>b'].includes(`${from}>${to}`), `${from}>${to}`);
  });

  test('two versions whose weights did not change exchange no keys', () => {
    const moved = moves(assign({ a: 40, b: 30, c: 20, d: 10 }), assign({ a: 30, b: 40, c: 20, d: 10 }));
    assert.equal(moved.filter(([from, to]) => 'cd'.includes(from) && 'cd'.includes(to)).length, 0);
  });
});

describe('policy', () => {
  test('a pinned name is a version before it is a label, and both before weights', () => {
    const policy = compileTrafficPolicy(route({ labels: { stable: 'a', b: 'a' } }), seededRandom(1));
    assert.equal(policy.pickVersion({ pinned: 'dark' }), 'dark');
    assert.equal(policy.pickVersion({ pinned: 'b' }), 'b');
    assert.equal(policy.pickVersion({ pinned: 'stable' }), 'a');
  });

  test('an unknown pinned name is refused with what exists', () => {
    const policy = compileTrafficPolicy(route(), seededRandom(1));
    for (const pinned of ['nope', 'gone', '__proto__', 'constructor']) assert.throws(() => policy.pickVersion({ pinned }), isError('VERSION_NOT_FOUND', /^Request for unknown model: 's' version .*'a', 'b', 'dark'/));
  });

  test('a sticky key decides alike every time; without one the deck does', () => {
    const policy = compileTrafficPolicy(route({ weights: { a: 50, b: 50 } }), seededRandom(1));
    const first = policy.pickVersion({ stickyKey: 'x' });
    for (let again = 0; again < 100; again++) assert.equal(policy.pickVersion({ stickyKey: 'x' }), first);
    assert.equal(new Set(Array.from({ length: 100 }, () => policy.pickVersion({}))).size, 2);
  });

  test('dark versions never answer version-less requests', () => {
    const policy = compileTrafficPolicy(route({ weights: { a: 100, b: 0 } }), seededRandom(1));
    for (let again = 0; again < 300; again++) assert.equal(policy.pickVersion(again % 2 ? { stickyKey: String(again) } : {}), 'a');
  });

  test('without any weight the answer is VERSION_NOT_READY', () => {
    assert.throws(() => compileTrafficPolicy(route({ weights: {} }), seededRandom(1)).pickVersion({}), isError('VERSION_NOT_READY', /takes traffic/));
  });
});
