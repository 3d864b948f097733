import { type QueueEntry, RequestQueue } from './queue.ts';

/** How one version's requests are merged; comes with the routing table. */
export interface BatchingRules {
  /** Rows may be merged along dimension 0. */
  readonly batchable: boolean;
  /** Largest batch to form, rows. */
  readonly batchMax: number;
  /** How long the first of a batch that is not full may wait for company, milliseconds. */
  readonly maxDelayMs: number;
  readonly queueLengthMax: number;
}

/** What a replica that has become free should do. */
export type Pull<T> =
  | { readonly kind: 'run'; readonly entries: readonly T[] }
  /** Nothing to run before this time unless more arrives. */
  | { readonly kind: 'wait'; readonly untilMs: number }
  | { readonly kind: 'idle' };

/**
 * Pull batching: requests wait while replicas are busy, and a replica that becomes free takes what has queued meanwhile,
 * up to the version's best batch. Nothing waits for company while a replica is free, unless maxDelayMs says so.
 *
 *    arrivals ──▶ [ f e d c b a ] ──pull(batchMax 4)──▶ run {a b c d}     [ f e ] wait for the next free replica
 */
export class PullBatcher<T extends QueueEntry> {
  readonly queue = new RequestQueue<T>();
  #rules: BatchingRules;

  constructor(rules: BatchingRules) {
    this.#rules = rules;
  }

  get rules(): BatchingRules {
    return this.#rules;
  }

  setRules(rules: BatchingRules): void {
    this.#rules = rules;
  }

  get full(): boolean {
    return this.queue.length >= this.#rules.queueLengthMax;
  }

  /** Decides for one free replica; entries of a run have left the queue. */
  pull(nowMs: number): Pull<T> {
    const head = this.queue.first();
    if (!head) return { kind: 'idle' };
    const { batchable, batchMax, maxDelayMs } = this.#rules;
    const entries = batchable && batchMax > 1 ? this.queue.batch(batchMax) : [head];
    const untilMs = head.enqueuedAtMs + maxDelayMs;
    if (maxDelayMs > 0 && nowMs < untilMs && this.#mayGrow(entries)) return { kind: 'wait', untilMs };
    for (const entry of entries) this.queue.remove(entry);
    return { kind: 'run', entries };
  }

  #mayGrow(entries: readonly T[]): boolean {
    const { batchable, batchMax } = this.#rules;
    if (!batchable || entries[0]?.mergeKey === null) return false;
    return entries.reduce((rows, entry) => rows + entry.rows, 0) < batchMax;
  }
}
