import type { Clock, EventInput, EventSink, PlatformEvent } from '../../core/index.ts';
import type { Database, NewRow, Row } from '../../database/index.ts';

/** Events that may wait to be written; beyond that the oldest are dropped and counted, so that a slow disk costs no memory. */
const BACKLOG_MAX = 10_000;
/** Rows of one INSERT. */
const BATCH_MAX = 100;
const LIST_MAX = 1000;
const SEVERITIES = ['info', 'warning', 'error'] as const;

/** All given conditions must hold. */
export interface EventFilter {
  readonly service?: string;
  readonly repository?: string;
  /** This severity and the graver ones. */
  readonly severity?: PlatformEvent['severity'];
}

export interface EventStoreOptions {
  readonly database: Database;
  readonly clock: Clock;
  /** Events kept; older ones are removed. */
  readonly eventsMax: number;
  /** Told when events could not be written. */
  readonly onProblem?: (message: string, cause?: unknown) => void;
}

/**
 * The feed of every change. `record` returns at once; rows are written in order in the background, and listeners hear of an
 * event after it can be listed. What was recorded within the last moments before a kill -9 may be missing; nothing else is.
 */
export class EventStore implements EventSink {
  readonly #options: EventStoreOptions;
  readonly #listeners = new Set<(event: PlatformEvent) => void>();
  #backlog: NewRow<'events'>[] = [];
  #writing: Promise<void> | null = null;
  #sinceTrim = 0;
  #dropped = 0;

  constructor(options: EventStoreOptions) {
    this.#options = options;
  }

  record(event: EventInput): void {
    if (this.#backlog.length >= BACKLOG_MAX) {
      this.#backlog.shift();
      this.#dropped++;
    }
    this.#backlog.push({
      at: new Date(this.#options.clock.now()).toISOString(),
      severity: event.severity,
      reason: event.reason,
      // One event is one line, whatever a worker wrote.
      message: event.message.replace(/\s*\n\s*/g, ' | '),
      actor: event.actor ?? 'engine',
      repository: event.repository ?? null,
      service: event.service ?? null,
      version: event.version ?? null,
      replica: event.replica ?? null,
      before: event.before ?? null,
      after: event.after ?? null,
    });
    this.#writing ??= this.#write();
  }

  /** Resolves when everything recorded so far is stored or given up. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing;
  }

  /** Oldest first, with ids above `after`; without `after` the newest `limit`, still oldest first. */
  async list(filter: EventFilter & { readonly after?: number; readonly limit?: number } = {}): Promise<readonly PlatformEvent[]> {
    const limit = Math.min(filter.limit ?? 100, LIST_MAX);
    let query = this.#options.database.db.selectFrom('events').selectAll().limit(limit);
    if (filter.service !== undefined) query = query.where('service', '=', filter.service);
    if (filter.repository !== undefined) query = query.where('repository', '=', filter.repository);
    if (filter.severity !== undefined) query = query.where('severity', 'in', SEVERITIES.slice(SEVERITIES.indexOf(filter.severity)));
    if (filter.after !== undefined) return (await query.where('id', '>', filter.after).orderBy('id', 'asc').execute()).map(asEvent);
    return (await query.orderBy('id', 'desc').execute()).reverse().map(asEvent);
  }

  /** Calls for each new event in order of ids; returns the function that ends it. */
  subscribe(listener: (event: PlatformEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #write(): Promise<void> {
    // A turn of the loop later, so that events of one change share a commit.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#backlog.length) {
      const rows = this.#backlog.splice(0, BATCH_MAX);
      try {
        const stored = await this.#options.database.db.insertInto('events').values(rows).returningAll().execute();
        this.#announce(stored.map(asEvent).sort((a, b) => a.id - b.id));
        await this.#trim(rows.length);
      } catch (cause) {
        this.#options.onProblem?.(`${rows.length} events could not be written`, cause);
      }
    }
    if (this.#dropped) this.#options.onProblem?.(`${this.#dropped} events were dropped since the database did not keep up`);
    this.#dropped = 0;
    this.#writing = null;
  }

  #announce(events: readonly PlatformEvent[]): void {
    for (const event of events) {
      for (const listener of this.#listeners) {
        try {
          listener(event);
        } catch (cause) {
          this.#options.onProblem?.('a listener of events failed', cause);
        }
      }
    }
  }

  /** Removes what is over the bound, a hundred rows at a time. */
  async #trim(added: number): Promise<void> {
    this.#sinceTrim += added;
    if (this.#sinceTrim < BATCH_MAX) return;
    this.#sinceTrim = 0;
    const { db } = this.#options.database;
    const newest = await db.selectFrom('events').select((expression) => expression.fn.max('id').as('id')).executeTakeFirst();
    if (newest?.id != null) await db.deleteFrom('events').where('id', '<=', Number(newest.id) - this.#options.eventsMax).execute();
  }
}

const asEvent = (row: Row<'events'>): PlatformEvent => ({ ...row, id: Number(row.id), severity: row.severity as PlatformEvent['severity'] });
