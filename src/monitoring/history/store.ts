import type { DatabaseSync } from 'node:sqlite';
import { type Report, Sample } from '../samples/index.ts';
import { MINUTES_PER_HOUR, packHour, type SeriesSample, unpackHour } from './blobs.ts';
import { openHistoryFile, usedBytes } from './file.ts';
import { HOUR, mergeEncoded, MINUTE, OpenMinutes } from './open-minutes.ts';
import { SecondsTable } from './seconds-table.ts';
import { SeriesTable } from './series-table.ts';

/** How long seconds are kept, in seconds. */
export const SECONDS_KEPT = HOUR;
/** How long minutes and hours are kept, in seconds. */
export const MINUTES_KEPT = 30 * 24 * HOUR;
/** After an hour, until it is written: longer than gateways keep reports while control is away. What comes later all the same costs writing it again. */
const ROLL_DELAY = 11 * MINUTE;

export interface HistoryStoreOptions {
  readonly file: string;
  /** Most bytes of what is kept; then the oldest hours go. */
  readonly bytesMax: number;
}

/**
 * The history's database. One user, who may block: it lives in a thread of its own.
 *
 *   report ──▶ seconds (committed at once) ──hour──▶ gone
 *          └─▶ open minutes in memory ──hour over──▶ minutes, hours ──30 days──▶ gone
 */
export class HistoryStore {
  readonly database: DatabaseSync;
  readonly series: SeriesTable;
  readonly seconds: SecondsTable;
  readonly open = new OpenMinutes();
  /** Where a damaged file went. */
  readonly setAside: string | null;
  readonly #bytesMax: number;
  readonly #scratch = new Sample();
  #maintainedMinute = 0;

  constructor({ file, bytesMax }: HistoryStoreOptions) {
    const { database, setAside } = openHistoryFile(file, bytesMax);
    this.database = database;
    this.setAside = setAside;
    this.#bytesMax = bytesMax;
    this.series = new SeriesTable(database);
    this.seconds = new SecondsTable(database);
    this.#readBack();
  }

  get usedBytes(): number {
    return usedBytes(this.database);
  }

  /** Writes reports in one commit; one that is there already is left out. Throws what SQLite throws; then nothing of them is kept. */
  write(reports: readonly Report[]): void {
    const added: { at: number; samples: SeriesSample[] }[] = [];
    this.#immediate(() => {
      for (const report of reports) {
        const samples = report.samples.map(({ service, version, bytes }) => ({ series: this.series.idOf(service, version), bytes }));
        if (this.seconds.insert(report, samples)) added.push({ at: report.at, samples });
      }
    });
    for (const { at, samples } of added) this.open.add(at, samples);
  }

  /** Once a minute: whole hours are written, what is too old or too much goes. `now`: seconds since the epoch. */
  maintain(now: number): void {
    const minute = Math.floor(now / MINUTE);
    if (minute === this.#maintainedMinute) return;
    this.#maintainedMinute = minute;
    this.#immediate(() => this.seconds.pack(now));
    this.open.collapse(now);
    for (const hour of this.open.hours()) if (hour + HOUR + ROLL_DELAY <= now) this.#roll(hour);
    this.#prune(now);
  }

  close(): void {
    this.database.close();
  }

  /** What a kill left unwritten of the hours. */
  #readBack(): void {
    for (const hour of this.seconds.unrolled()) for (const [series, pieces] of hour) for (const { at, bytes } of pieces) this.open.add(at, [{ series, bytes }]);
  }

  #roll(hour: number): void {
    this.#immediate(() => {
      const known = this.database.prepare('SELECT data FROM minutes WHERE series = ? AND hour = ?');
      const putMinutes = this.database.prepare('INSERT OR REPLACE INTO minutes (series, hour, data) VALUES (?, ?, ?)');
      const putHour = this.database.prepare('INSERT OR REPLACE INTO hours (series, hour, data) VALUES (?, ?, ?)');
      for (const series of this.open.seriesOf(hour)) {
        const row = known.get(series, hour) as { data: Uint8Array } | undefined;
        const minutes = this.#minutesOf(series, hour, row ? unpackHour(row.data) : []);
        putMinutes.run(series, hour, packHour(minutes));
        putHour.run(series, hour, mergeEncoded(minutes, this.#scratch));
      }
      this.database.prepare('INSERT OR IGNORE INTO rolled (hour) VALUES (?)').run(hour);
    });
    this.open.forget(hour);
  }

  #minutesOf(series: number, hour: number, known: readonly Uint8Array[]): Uint8Array[] {
    return Array.from({ length: MINUTES_PER_HOUR }, (_, minute) => {
      const pieces = [...this.open.minute(series, hour + minute * MINUTE)];
      const before = known[minute];
      if (before?.length) pieces.push(before);
      return pieces.length === 1 ? (pieces[0] as Uint8Array) : mergeEncoded(pieces, this.#scratch);
    });
  }

  #prune(now: number): void {
    const oldestOpen = this.open.hours()[0] ?? now;
    this.#immediate(() => this.seconds.prune(Math.min(now - SECONDS_KEPT, oldestOpen)));
    this.#forgetHoursBefore(Math.floor((now - MINUTES_KEPT) / HOUR) * HOUR);
    for (let left = 1000; left > 0 && this.usedBytes > this.#bytesMax; left--) {
      const { hour } = this.database.prepare('SELECT MIN(hour) AS hour FROM hours').get() as { hour: number | null };
      if (hour === null) return this.seconds.halve();
      this.#forgetHoursBefore(hour + HOUR);
    }
  }

  #forgetHoursBefore(hour: number): void {
    this.#immediate(() => {
      for (const table of ['minutes', 'hours', 'rolled']) this.database.prepare(`DELETE FROM ${table} WHERE hour < ?`).run(hour);
    });
    this.series.forgetUnused(this.open);
  }

  #immediate(work: () => void): void {
    this.database.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.database.exec('COMMIT');
    } catch (error) {
      // A full disk may have ended the transaction already.
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
      this.series.reload();
      throw error;
    }
  }
}
