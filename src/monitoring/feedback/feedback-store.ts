import { type Clock, type FeedbackEntry, type FeedbackOutcome, LeptonError, parsePredictionKey, type PredictionKey } from '../../core/index.ts';
import type { Database, Row } from '../../database/index.ts';
import { type FeedbackFilter, type FeedbackRecord, listFeedback } from './feedback-list.ts';
import type { FeedbackMetrics } from './feedback-metrics.ts';
import { type FeedbackSummary, summariseFeedback } from './feedback-summary.ts';
import { judge, type Judgement, type Judged } from './judge.ts';
import { writeFeedback } from './write.ts';

export interface FeedbackStoreOptions {
  readonly database: Database;
  readonly clock: Clock;
  /** Of the check bits of prediction ids. */
  readonly predictionKey: string;
  /** How old an answer may be. */
  readonly windowMs: number;
  /** Entries kept; the oldest are removed. What they add to the totals stays. */
  readonly rowsMax: number;
  readonly metrics: FeedbackMetrics;
}

/** Entries that may wait to be written: what a slow disk may cost in memory. */
const WAITING_MAX = 20_000;
/** Entries of one transaction, unless a single request has more. */
const TOGETHER_MAX = 2_000;

interface Waiting {
  readonly judged: readonly Judged[];
  readonly resolve: (outcomes: readonly FeedbackOutcome[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Feedback, joined to the version that answered by the prediction id alone: also when the version was undeployed or its
 * service deleted since. One entry a prediction; the first one counts.
 */
export class FeedbackStore {
  readonly #options: FeedbackStoreOptions;
  readonly #key: PredictionKey;
  /** By serial. Sources never change. */
  readonly #sources = new Map<number, Row<'prediction_sources'>>();
  readonly #waiting: Waiting[] = [];
  #waitingEntries = 0;
  #writing: Promise<void> | null = null;

  constructor(options: FeedbackStoreOptions) {
    this.#options = options;
    this.#key = parsePredictionKey(options.predictionKey);
  }

  /**
   * Stores what can be accepted; resolves, once that is durable, with what became of each entry, in order. Requests that come
   * while others are being written share the next transaction. Rejects with DATABASE_UNAVAILABLE; then nothing is stored.
   */
  async send(entries: readonly FeedbackEntry[]): Promise<readonly FeedbackOutcome[]> {
    if (this.#waitingEntries + entries.length > WAITING_MAX) throw new LeptonError('DATABASE_UNAVAILABLE', `the database does not keep up: ${this.#waitingEntries} entries of feedback wait to be stored`, { retryAfterSeconds: 1 });
    this.#waitingEntries += entries.length;
    try {
      const judged = await this.#judge(entries);
      const { promise, resolve, reject } = Promise.withResolvers<readonly FeedbackOutcome[]>();
      this.#waiting.push({ judged, resolve, reject });
      this.#writing ??= this.#write();
      return await promise;
    } finally {
      this.#waitingEntries -= entries.length;
    }
  }

  /** Oldest first, with ids above `after`; without `after` the newest `limit`. Rejects with SERVICE_NOT_FOUND. */
  list(filter: FeedbackFilter): Promise<readonly FeedbackRecord[]> {
    return listFeedback(this.#options.database, filter);
  }

  /** Totals since ever by version. Rejects with SERVICE_NOT_FOUND. */
  summary(service: string): Promise<FeedbackSummary> {
    return summariseFeedback(this.#options.database, service);
  }

  async #judge(entries: readonly FeedbackEntry[]): Promise<readonly Judged[]> {
    const { clock, windowMs, database } = this.#options;
    const limits = { key: this.#key, now: clock.now(), windowMs };
    const judged: Judgement[] = entries.map((entry) => judge(entry, limits));
    const missing = new Set(judged.flatMap((one) => ('serial' in one && !this.#sources.has(one.serial) ? [one.serial] : [])));
    if (missing.size) for (const row of await database.db.selectFrom('prediction_sources').selectAll().where('serial', 'in', [...missing]).execute()) this.#sources.set(row.serial, row);
    return judged.map((one) => {
      if (!('serial' in one)) return one;
      const source = this.#sources.get(one.serial);
      return source ? { ...one, source } : unknownSource(one.entry);
    });
  }

  async #write(): Promise<void> {
    // A turn of the loop later, so that requests that arrive together share a commit.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length) {
      const group = this.#nextGroup();
      try {
        const { database, rowsMax, clock, metrics } = this.#options;
        const { outcomes, removed } = await writeFeedback(database, group.flatMap(({ judged }) => judged), { rowsMax, now: new Date(clock.now()).toISOString() });
        metrics.count(group.flatMap(({ judged }) => judged), outcomes, removed);
        let at = 0;
        for (const { judged, resolve } of group) resolve(outcomes.slice(at, (at += judged.length)));
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#writing = null;
  }

  #nextGroup(): Waiting[] {
    let entries = 0;
    const fits = this.#waiting.findIndex(({ judged }) => (entries += judged.length) > TOGETHER_MAX);
    return this.#waiting.splice(0, fits === -1 ? this.#waiting.length : Math.max(1, fits));
  }
}

function unknownSource(entry: FeedbackEntry): Judged {
  return { entry, refusal: new LeptonError('FEEDBACK_UNKNOWN', `the prediction id '${entry.predictionId.slice(0, 100)}' names no version that was ever served here`) };
}
