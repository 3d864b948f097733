/**
 * One request's place in a queue. Subclassed by what waits, so that the hot path allocates nothing for queueing.
 */
export class QueueEntry {
  /** 1 is the most urgent, as in Triton; absent or 0 means LOWEST_PRIORITY. */
  readonly priority: number;
  /** Rows along the first dimension. */
  rows = 1;
  /** Of its inputs. */
  bytes = 0;
  /** Entries with equal keys may share a run; null: always alone. */
  mergeKey: string | null = null;
  /** Monotonic milliseconds at which it joined the queue. */
  enqueuedAtMs = 0;
  /** Monotonic milliseconds after which nobody wants its answer. */
  deadlineMs = Number.POSITIVE_INFINITY;

  /** @internal links of its level; only RequestQueue touches them. */
  next: QueueEntry | null = null;
  previous: QueueEntry | null = null;
  level: Level | null = null;

  constructor(priority: number) {
    this.priority = priority;
  }
}

/** Requests without a priority come after all that have one. */
export const LOWEST_PRIORITY = Number.MAX_SAFE_INTEGER;

interface Level {
  readonly priority: number;
  first: QueueEntry | null;
  last: QueueEntry | null;
}

/** Bytes of requests that are merged; one alone may have more. */
const BATCH_BYTES_MAX = 256 * 2 ** 20;

/** Entries that a search for company looks at; those behind wait for the next run. */
const SCAN_MAX = 256;

/**
 * Requests that wait for one version: by priority, then by arrival. Removing from anywhere costs O(1), so clients that
 * leave and deadlines that pass take their requests out at once.
 *
 *    levels   1: a ⇄ b ⇄ c        (most urgent)
 *             5: d
 *        lowest: e ⇄ f
 */
export class RequestQueue<T extends QueueEntry> {
  readonly #levels: Level[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Joins behind its peers. */
  push(entry: T, nowMs: number): void {
    const level = this.#enter(entry, nowMs);
    entry.previous = level.last;
    if (level.last) level.last.next = entry;
    else level.first = entry;
    level.last = entry;
  }

  /** Joins before its peers: it has waited its turn once already. */
  pushFront(entry: T, nowMs: number): void {
    const level = this.#enter(entry, nowMs);
    entry.next = level.first;
    if (level.first) level.first.previous = entry;
    else level.last = entry;
    level.first = entry;
  }

  /** Takes it out, wherever it is; false if it was not in. */
  remove(entry: T): boolean {
    const { level } = entry;
    if (!level) return false;
    if (entry.previous) entry.previous.next = entry.next;
    else level.first = entry.next;
    if (entry.next) entry.next.previous = entry.previous;
    else level.last = entry.previous;
    entry.next = entry.previous = entry.level = null;
    this.#length--;
    if (!level.first) this.#levels.splice(this.#levels.indexOf(level), 1);
    return true;
  }

  first(): T | undefined {
    return this.#levels[0]?.first as T | undefined;
  }

  /** The first entry and those that may run with it, in order, at most `rowsMax` rows and BATCH_BYTES_MAX together. They stay in the queue. */
  batch(rowsMax: number): T[] {
    const head = this.first();
    if (!head) return [];
    const taken = [head];
    if (head.mergeKey === null) return taken;
    let { rows, bytes } = head;
    let scanned = 0;
    for (const entry of this.#entries()) {
      if (rows >= rowsMax || ++scanned > SCAN_MAX) break;
      if (entry === head || entry.mergeKey !== head.mergeKey || rows + entry.rows > rowsMax || bytes + entry.bytes > BATCH_BYTES_MAX) continue;
      taken.push(entry);
      rows += entry.rows;
      bytes += entry.bytes;
    }
    return taken;
  }

  /** Empties it and returns what was in, in order. */
  drain(): T[] {
    const entries = [...this.#entries()];
    for (const entry of entries) this.remove(entry);
    return entries;
  }

  *#entries(): Generator<T> {
    for (const level of this.#levels) {
      for (let entry = level.first; entry; entry = entry.next) yield entry as T;
    }
  }

  #enter(entry: T, nowMs: number): Level {
    entry.enqueuedAtMs = nowMs;
    this.#length++;
    let at = this.#levels.length;
    while (at > 0 && (this.#levels[at - 1] as Level).priority >= entry.priority) at--;
    let level = this.#levels[at];
    if (level?.priority !== entry.priority) {
      level = { priority: entry.priority, first: null, last: null };
      this.#levels.splice(at, 0, level);
    }
    entry.level = level;
    return level;
  }
}
