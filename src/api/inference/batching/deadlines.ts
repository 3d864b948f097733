/** Something with a deadline. `heapIndex` belongs to the heap; −1 while outside. */
export interface Expiring {
  /** Monotonic milliseconds. */
  readonly deadlineMs: number;
  heapIndex: number;
}

/**
 * Deadlines of all open requests: a binary heap in which every entry knows its place, so that an answered request leaves
 * at once (O(log n)) instead of lingering until its deadline.
 */
export class Deadlines<T extends Expiring> {
  readonly #heap: T[] = [];

  get size(): number {
    return this.#heap.length;
  }

  /** The earliest deadline; Infinity when nothing is open. */
  get nextMs(): number {
    return this.#heap[0]?.deadlineMs ?? Number.POSITIVE_INFINITY;
  }

  add(entry: T): void {
    entry.heapIndex = this.#heap.length;
    this.#heap.push(entry);
    this.#up(entry);
  }

  remove(entry: T): void {
    const index = entry.heapIndex;
    if (index < 0) return;
    entry.heapIndex = -1;
    const last = this.#heap.pop() as T;
    if (last === entry) return;
    this.#place(last, index);
    this.#up(last);
    this.#down(last);
  }

  /** Takes out the entry that has expired longest ago, if any has. */
  popExpired(nowMs: number): T | undefined {
    const first = this.#heap[0];
    if (!first || first.deadlineMs > nowMs) return undefined;
    this.remove(first);
    return first;
  }

  #up(entry: T): void {
    while (entry.heapIndex > 0) {
      const parent = this.#heap[(entry.heapIndex - 1) >> 1] as T;
      if (parent.deadlineMs <= entry.deadlineMs) return;
      this.#swap(parent, entry);
    }
  }

  #down(entry: T): void {
    for (;;) {
      const left = this.#heap[2 * entry.heapIndex + 1];
      const right = this.#heap[2 * entry.heapIndex + 2];
      const child = right && left && right.deadlineMs < left.deadlineMs ? right : left;
      if (!child || child.deadlineMs >= entry.deadlineMs) return;
      this.#swap(entry, child);
    }
  }

  #swap(a: T, b: T): void {
    const index = a.heapIndex;
    this.#place(a, b.heapIndex);
    this.#place(b, index);
  }

  #place(entry: T, index: number): void {
    this.#heap[index] = entry;
    entry.heapIndex = index;
  }
}
