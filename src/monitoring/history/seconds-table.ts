import type { DatabaseSync } from 'node:sqlite';
import type { Report } from '../samples/index.ts';
import { packMinute, packSecond, type SeriesPieces, type SeriesSample, unpackMinute, unpackSecond } from './blobs.ts';
import { HOUR, MINUTE, type Piece } from './open-minutes.ts';

/** A minute's rows are taken together so long after it; what comes later costs doing it again. */
const PACK_DELAY = 5;

/**
 * What was reported second by second. Each report is a row of its own at first, for a cheap commit; a minute later its
 * rows become one, since it takes half the room and a hundredth of the time to read.
 */
export class SecondsTable {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Whether it was new. A source numbers its reports and sends them in order, so one number says what is there. In the caller's transaction. */
  insert({ source, sequence, at }: Report, samples: readonly SeriesSample[]): boolean {
    const last = this.#database.prepare('SELECT sequence FROM sources WHERE source = ?').get(source) as { sequence: number } | undefined;
    if (last && sequence <= last.sequence) return false;
    this.#database.prepare('INSERT OR REPLACE INTO sources (source, sequence, at) VALUES (?, ?, ?)').run(source, sequence, at);
    this.#database.prepare('INSERT INTO fresh (at, data) VALUES (?, ?)').run(at, packSecond(samples));
    return true;
  }

  /** Makes one row of each minute that was over before `now`. In the caller's transaction. */
  pack(now: number): void {
    const minutes = this.#database.prepare('SELECT DISTINCT at / 60 * 60 AS minute FROM fresh WHERE at < ?').all(Math.floor((now - PACK_DELAY) / MINUTE) * MINUTE) as { minute: number }[];
    for (const { minute } of minutes) {
      const pieces = this.#piecesOf(minute);
      this.#database.prepare('INSERT OR REPLACE INTO packed (minute, data) VALUES (?, ?)').run(minute, packMinute(minute, pieces));
      this.#database.prepare('DELETE FROM fresh WHERE at >= ? AND at < ?').run(minute, minute + MINUTE);
    }
  }

  /** By series, in order of time: from `from` until before `to`. `onRead` hears how many are read at once. */
  read(from: number, to: number, wanted: ReadonlySet<number> | null, onRead: (pieces: number) => void = () => undefined): SeriesPieces {
    const found: Map<number, Piece[]> = new Map();
    const add = (series: number, pieces: readonly Piece[]): void => {
      const inside = pieces.filter(({ at }) => at >= from && at < to);
      onRead(inside.length);
      const known = found.get(series);
      if (known) known.push(...inside);
      else found.set(series, inside);
    };
    for (const row of this.#database.prepare('SELECT minute, data FROM packed WHERE minute > ? AND minute < ? ORDER BY minute').iterate(from - MINUTE, to)) {
      const { minute, data } = row as { minute: number; data: Uint8Array };
      for (const [series, pieces] of unpackMinute(minute, data, wanted)) add(series, pieces);
    }
    for (const row of this.#database.prepare('SELECT at, data FROM fresh WHERE at >= ? AND at < ? ORDER BY at').iterate(from, to)) {
      const { at, data } = row as { at: number; data: Uint8Array };
      for (const { series, bytes } of unpackSecond(data, wanted)) add(series, [{ at, bytes }]);
    }
    return found;
  }

  /** Those whose hours are not written yet. */
  *unrolled(): Generator<SeriesPieces> {
    const rolled = new Set((this.#database.prepare('SELECT hour FROM rolled').all() as { hour: number }[]).map(({ hour }) => hour));
    const rows = this.#database.prepare('SELECT DISTINCT hour FROM (SELECT minute / 3600 * 3600 AS hour FROM packed UNION SELECT at / 3600 * 3600 FROM fresh) ORDER BY hour').all() as { hour: number }[];
    for (const { hour } of rows) if (!rolled.has(hour)) yield this.read(hour, hour + HOUR, null);
  }

  /** Removes what is older. */
  prune(before: number): void {
    this.#database.prepare('DELETE FROM packed WHERE minute + 60 <= ?').run(before);
    this.#database.prepare('DELETE FROM fresh WHERE at < ?').run(before);
    this.#database.prepare('DELETE FROM sources WHERE at < ?').run(before);
  }

  /** The last resort of a limit that is too small for an hour. */
  halve(): void {
    this.#database.exec('DELETE FROM packed WHERE minute <= (SELECT (MIN(minute) + MAX(minute)) / 2 FROM packed)');
  }

  #piecesOf(minute: number): SeriesPieces {
    return this.read(minute, minute + MINUTE, null);
  }
}
