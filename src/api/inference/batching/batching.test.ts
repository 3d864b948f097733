import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type BatchingRules, BatchTuner, Deadlines, LOWEST_PRIORITY, PullBatcher, type Pull, QueueEntry, RequestQueue } from './index.ts';

class Entry extends QueueEntry {
  readonly name: string;
  constructor(name: string, options: { priority?: number; rows?: number; key?: string | null } = {}) {
    super(options.priority ?? LOWEST_PRIORITY);
    this.name = name;
    this.rows = options.rows ?? 1;
    this.mergeKey = options.key === undefined ? '' : options.key;
  }
}

const RULES: BatchingRules = { batchable: true, batchMax: 4, maxDelayMs: 0, queueLengthMax: 10, tunedMax: null };
const names = (entries: readonly Entry[]): string => entries.map((entry) => entry.name).join('');
const ran = (pull: Pull<Entry>): string => (pull.kind === 'run' ? names(pull.entries) : pull.kind);

describe('queue', () => {
  test('orders by priority, then by arrival; absent priority is last', () => {
    const queue = new RequestQueue<Entry>();
    for (const entry of [new Entry('a'), new Entry('b', { priority: 2 }), new Entry('c', { priority: 1 }), new Entry('d', { priority: 2 }), new Entry('e')]) queue.push(entry, 0);
    assert.equal(names(queue.drain()), 'cbdae');
    assert.equal(queue.length, 0);
  });

  test('entries leave from anywhere, once', () => {
    const queue = new RequestQueue<Entry>();
    const entries = ['a', 'b', 'c', 'd'].map((name) => new Entry(name));
    for (const entry of entries) queue.push(entry, 0);
    assert.equal(queue.remove(entries[1]!), true);
    assert.equal(queue.remove(entries[1]!), false);
    assert.equal(queue.remove(entries[3]!), true);
    assert.equal(queue.remove(entries[0]!), true);
    assert.equal(names(queue.drain()), 'c');
  });

  test('what comes back stands before its peers, but not before a higher priority', () => {
    const queue = new RequestQueue<Entry>();
    queue.push(new Entry('a'), 0);
    queue.push(new Entry('u', { priority: 1 }), 0);
    for (const name of ['y', 'x']) queue.pushFront(new Entry(name), 1);
    assert.equal(names(queue.drain()), 'uxya');
  });

  test('random operations agree with a sorted list', () => {
    const queue = new RequestQueue<Entry>();
    let model: Entry[] = [];
    let state = 1;
    const random = (below: number): number => (state = (state * 48271) % 2147483647) % below;
    for (let step = 0; step < 5000; step++) {
      if (random(3) > 0 || model.length === 0) {
        const entry = new Entry(String(step), { priority: random(4) + 1 });
        queue.push(entry, step);
        model.push(entry);
        model = model.map((each, index) => [each, index] as const).sort(([a, i], [b, j]) => a.priority - b.priority || i - j).map(([each]) => each);
      } else {
        const [entry] = model.splice(random(model.length), 1);
        assert.ok(queue.remove(entry!));
      }
      assert.equal(queue.first(), model[0]);
      assert.equal(queue.length, model.length);
    }
    assert.equal(names(queue.drain()), names(model));
  });
});

describe('pull batching', () => {
  const filled = (entries: readonly Entry[], rules: Partial<typeof RULES> = {}): PullBatcher<Entry> => {
    const batcher = new PullBatcher<Entry>({ ...RULES, ...rules });
    for (const entry of entries) batcher.queue.push(entry, 0);
    return batcher;
  };

  test('a free replica takes what is queued, at most batchMax rows', () => {
    const batcher = filled(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => new Entry(name)));
    assert.deepEqual([ran(batcher.pull(0)), ran(batcher.pull(0)), ran(batcher.pull(0))], ['abcd', 'ef', 'idle']);
  });

  test('rows count, and what does not fit waits while smaller ones may pass', () => {
    const batcher = filled([new Entry('a', { rows: 2 }), new Entry('b', { rows: 3 }), new Entry('c', { rows: 2 })]);
    assert.deepEqual([ran(batcher.pull(0)), ran(batcher.pull(0))], ['ac', 'b']);
  });

  test('a request over the limit runs alone', () => {
    const batcher = filled([new Entry('a', { rows: 9 }), new Entry('b')]);
    assert.deepEqual([ran(batcher.pull(0)), ran(batcher.pull(0))], ['a', 'b']);
  });

  test('only equal shapes share a run; entries without a key never do', () => {
    const batcher = filled([new Entry('a', { key: '4' }), new Entry('b', { key: '8' }), new Entry('c', { key: '4' }), new Entry('d', { key: null })]);
    assert.deepEqual([ran(batcher.pull(0)), ran(batcher.pull(0)), ran(batcher.pull(0))], ['ac', 'b', 'd']);
  });

  test('a version that cannot be batched runs one request at a time', () => {
    const batcher = filled([new Entry('a'), new Entry('b')], { batchable: false });
    assert.deepEqual([ran(batcher.pull(0)), ran(batcher.pull(0))], ['a', 'b']);
  });

  test('with a delay it waits for company until the first has waited long enough, or the batch is full', () => {
    const batcher = filled([new Entry('a')], { maxDelayMs: 5, batchMax: 2 });
    assert.deepEqual(batcher.pull(3), { kind: 'wait', untilMs: 5 });
    batcher.queue.push(new Entry('b'), 3);
    assert.equal(ran(batcher.pull(3)), 'ab');
    batcher.queue.push(new Entry('c'), 4);
    assert.equal(ran(batcher.pull(9)), 'c');
  });

  test('for a busy replica it forms only what waiting would not make larger', () => {
    const batcher = filled(['a', 'b', 'c'].map((name) => new Entry(name)));
    assert.equal(ran(batcher.pull(0, { fullOnly: true })), 'idle');
    batcher.queue.push(new Entry('d'), 0);
    assert.equal(ran(batcher.pull(0, { fullOnly: true })), 'abcd');
    assert.equal(ran(filled([new Entry('a', { key: null }), new Entry('b')]).pull(0, { fullOnly: true })), 'a');
  });

  test('says how large its batches are now', () => {
    assert.deepEqual([filled([]).batchRows, filled([], { batchMax: 16, tunedMax: 64 }).batchRows, filled([], { batchable: false }).batchRows], [4, 16, 1]);
  });

  test('where the size is not asked for, it comes down to what runs best', () => {
    const batcher = filled([], { batchMax: 16, tunedMax: 64, queueLengthMax: 1000 });
    const sizes = Array.from({ length: 100 }, () => {
      while (batcher.queue.length < 64) batcher.queue.push(new Entry('x'), 0);
      const pull = batcher.pull(0);
      assert.ok(pull.kind === 'run');
      batcher.ran(pull.entries, pull.entries.length);
      return pull.entries.length;
    });
    assert.equal(sizes[0], 16);
    assert.ok(batcher.batchRows <= 2);
    assert.ok(sizes.slice(90).every((size) => size <= 2), sizes.join(' '));
  });

  test('larger batches are tried only when enough waits and no deadline would pass', () => {
    const tuner = new BatchTuner();
    const batcher = new PullBatcher<Entry>({ ...RULES, batchMax: 4, tunedMax: 64, queueLengthMax: 1000 }, tuner);
    const sizes = (waiting: number, deadlineMs: number): Set<number> => new Set(Array.from({ length: 200 }, () => {
      while (batcher.queue.length < waiting) batcher.queue.push(Object.assign(new Entry('x'), { deadlineMs }), 0);
      const pull = batcher.pull(0);
      assert.ok(pull.kind === 'run');
      // Twice the rows take 1.9 times as long: not worth it, so the best stays 4.
      const { length } = pull.entries;
      batcher.ran(pull.entries, length <= 4 ? 10 : 10 * (length / 4) ** 0.93);
      return length;
    }));
    assert.ok(!sizes(7, Number.POSITIVE_INFINITY).has(8));
    assert.ok(!sizes(64, 30).has(8));
    assert.ok(sizes(64, 60).has(8));
    assert.equal(tuner.best(0), 4);
  });

  test('is full at its bound', () => {
    const batcher = filled([new Entry('a'), new Entry('b')], { queueLengthMax: 2 });
    assert.equal(batcher.full, true);
    batcher.pull(0);
    assert.equal(batcher.full, false);
  });
});

test('deadlines come out in order, and entries leave early', () => {
  const deadlines = new Deadlines<{ deadlineMs: number; heapIndex: number }>();
  const entries = Array.from({ length: 1000 }, (_, index) => ({ deadlineMs: (index * 7919) % 1000, heapIndex: -1 }));
  for (const entry of entries) deadlines.add(entry);
  for (const entry of entries.filter((_, index) => index % 3 === 0)) {
    deadlines.remove(entry);
    deadlines.remove(entry);
  }
  const expected = entries.filter((_, index) => index % 3 !== 0).map((entry) => entry.deadlineMs).sort((a, b) => a - b);
  assert.equal(deadlines.nextMs, expected[0]);
  assert.equal(deadlines.popExpired(-1), undefined);
  const out: number[] = [];
  for (let entry = deadlines.popExpired(2000); entry; entry = deadlines.popExpired(2000)) out.push(entry.deadlineMs);
  assert.deepEqual(out, expected);
  assert.equal(deadlines.nextMs, Number.POSITIVE_INFINITY);
});
