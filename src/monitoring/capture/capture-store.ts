import { type Clock, type EventSink, LeptonError } from '../../core/index.ts';
import type { Database } from '../../database/index.ts';
import type { AnswerCall } from '../../wire/index.ts';
import { CaptureFiles, rowsOf } from './capture-files.ts';
import { type DriftReport, driftOf } from './drift.ts';
import { npzOf } from './npz.ts';
import { type CapturedRow, rowOf } from './rows.ts';
import { CAPTURE_PATH, type CaptureReport, type CaptureRule } from './rule.ts';

export interface CaptureStoreOptions {
  readonly database: Database;
  readonly directory: string;
  /** Of all captured answers together, without references. */
  readonly bytesMax: number;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly onProblem: (message: string, cause: unknown) => void;
}
export interface CaptureOverview {
  readonly rules: readonly CaptureRule[];
  readonly versions: readonly { readonly service: string; readonly version: string; readonly bytes: number }[];
  /** Since control started. */
  readonly captured: number;
  /** Sampled answers that were left out since a buffer, a second or the disk was full. */
  readonly dropped: number;
}

/** Answers of a version that are its reference unless another is given. */
export const REFERENCE_ROWS = 1000;
export const EXPORT_ROWS_MAX = 50_000;
const DRIFT_ROWS_MAX = 5_000;
const PENDING_MAX = 8;
const DRIFT_KEPT_MS = 60_000;

/** What is captured, and where it goes. */
export class CaptureStore {
  readonly #options: CaptureStoreOptions;
  readonly #files: CaptureFiles;
  readonly #referenceRows = new Map<string, number>();
  readonly #drifts = new Map<string, { readonly atMs: number; readonly drift: { readonly psi: number; readonly samples: number } | null }>();
  #rules = new Map<string, CaptureRule>();
  #captured = 0;
  #dropped = 0;
  #pending = 0;
  #work: Promise<unknown> = Promise.resolve();

  constructor(options: CaptureStoreOptions) {
    this.#options = options;
    this.#files = new CaptureFiles(options.directory);
  }

  async start(): Promise<void> {
    const rows = await this.#options.database.db.selectFrom('capture_rules').selectAll().execute();
    this.#rules = new Map(rows.map(({ service, spec }) => [service, JSON.parse(spec) as CaptureRule]));
  }

  async overview(): Promise<CaptureOverview> {
    return { rules: [...this.#rules.values()], versions: await this.#files.list(), captured: this.#captured, dropped: this.#dropped };
  }

  /** Captures so from now on; null: no more. */
  async setRule(service: string, rule: CaptureRule | null, by: string): Promise<void> {
    const { database, events, clock } = this.#options;
    await database.immediate(async (trx) => {
      await trx.deleteFrom('capture_rules').where('service', '=', service).execute();
      if (rule) await trx.insertInto('capture_rules').values({ service, spec: JSON.stringify(rule), updated_at: new Date(clock.now()).toISOString(), updated_by: by }).execute();
    });
    const before = this.#rules.get(service);
    if (rule) this.#rules.set(service, rule);
    else this.#rules.delete(service);
    events.record({ severity: 'info', reason: rule ? 'CaptureStarted' : 'CaptureStopped', message: rule ? `${rule.rate * 100} % of the answers of ${service} are captured` : `answers of ${service} are captured no more`, actor: by, service, before: before ? JSON.stringify(before) : null, after: rule ? JSON.stringify(rule) : null });
  }

  /** Takes gateways' reports past the management API; all else is `next`'s. The answer holds the rules. */
  answerCall(next: AnswerCall): AnswerCall {
    return async (call, body) => {
      if (!call.own || call.url !== CAPTURE_PATH) return next(call, body);
      this.#receive(JSON.parse(Buffer.from(body).toString('utf8')) as CaptureReport);
      return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify([...this.#rules.values()])) };
    };
  }

  /** The newest captured answers of a version, oldest first. */
  async export(service: string, version: string, format: 'jsonl' | 'npz', limit: number): Promise<Buffer> {
    const rows = await this.#files.newest(service, version, Math.min(limit, EXPORT_ROWS_MAX));
    return format === 'npz' ? npzOf(rows) : Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  }

  /** The newest captured answers that are not of the reference, beside the reference. */
  async drift(service: string, version: string, limit = 1000): Promise<DriftReport> {
    const reference = await this.#files.reference(service, version);
    const own = new Set(reference.map(({ prediction_id: id }) => id));
    const captured = await this.#files.newest(service, version, Math.min(limit, DRIFT_ROWS_MAX));
    return driftOf(reference, captured.filter(({ prediction_id: id }) => !own.has(id)));
  }

  /** The index of the feature that drifted most; reckoned at most once a minute. Resolves with null while too little is known. */
  async greatestDrift(service: string, version: string): Promise<{ readonly psi: number; readonly samples: number } | null> {
    const key = keyOf(service, version);
    const now = this.#options.clock.now();
    const known = this.#drifts.get(key);
    if (known && now - known.atMs < DRIFT_KEPT_MS) return known.drift;
    const [feature] = (await this.drift(service, version)).features;
    const drift = feature && feature.psi !== null ? { psi: feature.psi, samples: feature.samples } : null;
    this.#drifts.set(key, { atMs: now, drift });
    return drift;
  }

  /** Text as `export` gives it; null: the answers from now on. Resolves with its rows. */
  async setReference(service: string, version: string, text: string | null): Promise<number> {
    const rows = text === null ? [] : rowsOf(text);
    if (text !== null && !rows.some((row) => Object.keys(row).some((key) => key.endsWith('.datatype')))) throw new LeptonError('INVALID_ARGUMENT', 'the reference holds no captured answers: it must be lines of JSON as `capture export` writes them');
    await this.#then(() => this.#files.setReference(service, version, rows));
    // One that is given is whole, however long.
    this.#referenceRows.set(keyOf(service, version), text === null ? 0 : Math.max(rows.length, REFERENCE_ROWS));
    return rows.length;
  }

  async close(): Promise<void> {
    await this.#work.catch(() => undefined);
  }

  #receive({ answers, dropped }: CaptureReport): void {
    this.#dropped += dropped;
    // A disk that does not keep up costs answers, not memory.
    if (this.#pending >= PENDING_MAX) {
      this.#dropped += answers.length;
      return;
    }
    if (!answers.length) return;
    this.#pending++;
    void this.#then(() => this.#store(answers))
      .catch((error: unknown) => {
        this.#dropped += answers.length;
        this.#options.onProblem('captured answers could not be written', error);
      })
      .finally(() => this.#pending--);
  }

  async #store(answers: CaptureReport['answers']): Promise<void> {
    for (const [, group] of Map.groupBy(answers, ({ service, version }) => keyOf(service, version))) {
      const [{ service, version }] = group as [CaptureReport['answers'][number]];
      const rows = group.map(rowOf);
      await this.#files.append(service, version, rows, this.#options.clock.now());
      await this.#extendReference(service, version, rows);
      this.#captured += rows.length;
    }
    await this.#files.trim(this.#options.bytesMax);
  }

  async #extendReference(service: string, version: string, rows: readonly CapturedRow[]): Promise<void> {
    const key = keyOf(service, version);
    const have = this.#referenceRows.get(key) ?? (await this.#files.reference(service, version)).length;
    const added = rows.slice(0, Math.max(0, REFERENCE_ROWS - have));
    if (added.length) await this.#files.addReference(service, version, added);
    this.#referenceRows.set(key, have + added.length);
  }

  #then<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#work.then(act, act);
    this.#work = result.catch(() => undefined);
    return result;
  }
}

const keyOf = (service: string, version: string): string => `${service} ${version}`;
