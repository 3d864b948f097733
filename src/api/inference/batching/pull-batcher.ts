import { BatchTuner } from './batch-tuner.ts';
import { type QueueEntry, RequestQueue } from './queue.ts';

/** A run that is longer than usual for a trial's sake takes at most this long. */
const TRIAL_MS_MAX = 250;

/** How one version's requests are merged; comes with the routing table. */
export interface BatchingRules {
  /** Rows may be merged along dimension 0. */
  readonly batchable: boolean;
  /** Largest batch to form, rows; where it is tuned, the one to begin with. */
  readonly batchMax: number;
  /** Serving may find a better batch than `batchMax`, of at most this many rows; null: `batchMax` was asked for and stays. */
  readonly tunedMax: number | null;
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
 * up to the version's best batch, which `tuner` learns. Nothing waits for company while a replica is free, unless maxDelayMs
 * says so.
 *
 *    arrivals ──▶ [ f e d c b a ] ──pull(batchMax 4)──▶ run {a b c d}     [ f e ] wait for the next free replica
 */
export class PullBatcher<T extends QueueEntry> {
  readonly queue = new RequestQueue<T>();
  readonly #tuner: BatchTuner;
  #rules: BatchingRules;
  #rowBytes: number | null = null;

  constructor(rules: BatchingRules, tuner = new BatchTuner()) {
    this.#tuner = tuner;
    this.#rules = rules;
    this.setRules(rules);
  }

  get rules(): BatchingRules {
    return this.#rules;
  }

  setRules(rules: BatchingRules): void {
    this.#rules = rules;
    if (rules.tunedMax !== null) this.#tuner.setBounds(rules.batchMax, rules.tunedMax);
  }

  get full(): boolean {
    return this.queue.length >= this.#rules.queueLengthMax;
  }

  /**
   * Decides for one free replica; entries of a run have left the queue. `fullOnly`: for a replica that still runs another
   * batch, which takes no more than what waiting could not make better.
   */
  pull(nowMs: number, { fullOnly = false } = {}): Pull<T> {
    const head = this.queue.first();
    if (!head) return { kind: 'idle' };
    const { entries, mayGrow } = this.#gather(head, nowMs);
    if (mayGrow && fullOnly) return { kind: 'idle' };
    const untilMs = head.enqueuedAtMs + this.#rules.maxDelayMs;
    if (mayGrow && nowMs < untilMs) return { kind: 'wait', untilMs };
    for (const entry of entries) this.queue.remove(entry);
    return { kind: 'run', entries };
  }

  /** These ran together, and took this long. */
  ran(entries: readonly T[], milliseconds: number): void {
    const head = entries[0];
    if (!head || this.#rules.tunedMax === null || head.mergeKey === null) return;
    this.#rowBytes = bytesOfRow(head);
    this.#tuner.ran(this.#rowBytes, rowsOf(entries), milliseconds);
  }

  /** Rows of the batches that it forms now, of what ran last. */
  get batchRows(): number {
    const { batchable, batchMax, tunedMax } = this.#rules;
    if (!batchable) return 1;
    return tunedMax === null || this.#rowBytes === null ? batchMax : this.#tuner.best(this.#rowBytes);
  }

  #gather(head: T, nowMs: number): { entries: readonly T[]; mayGrow: boolean } {
    const { batchable, batchMax, tunedMax } = this.#rules;
    if (!batchable || head.mergeKey === null) return { entries: [head], mayGrow: false };
    if (tunedMax === null) return this.#company(batchMax);
    const proposed = this.#tuner.propose(bytesOfRow(head));
    const best = this.#tuner.best(bytesOfRow(head));
    if (proposed === best) return this.#company(best);
    const trial = this.#company(proposed);
    return !trial.mayGrow && (proposed < best || this.#isLeisurely(head, best, trial.entries, nowMs)) ? trial : this.#company(best);
  }

  #company(rowsMax: number): { entries: readonly T[]; mayGrow: boolean } {
    const entries = this.queue.batch(rowsMax);
    return { entries, mayGrow: rowsOf(entries) < rowsMax };
  }

  /** Whether a larger batch than the best delays no entry past its deadline, even when it takes twice as long as it should. */
  #isLeisurely(head: T, best: number, entries: readonly T[], nowMs: number): boolean {
    const bestMs = this.#tuner.expectedMs(bytesOfRow(head), best);
    if (bestMs === null) return false;
    const expectedMs = (bestMs * rowsOf(entries)) / best;
    return expectedMs <= TRIAL_MS_MAX && entries.every((entry) => entry.deadlineMs > nowMs + 2 * expectedMs);
  }
}

const rowsOf = (entries: readonly QueueEntry[]): number => entries.reduce((rows, entry) => rows + entry.rows, 0);
const bytesOfRow = ({ bytes, rows }: QueueEntry): number => bytes / rows;
