import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 *   fresh     what each process reported in a second, all versions together
 *   packed    the same by minutes, for an hour; what is not in an hour's rows yet is read back at a start
 *   sources   the number of the last report of each process
 *   minutes   sixty samples of one version, for 30 days
 *   hours     the same sixty as one
 *   rolled    hours that are written
 */
const SCHEMA = `
CREATE TABLE IF NOT EXISTS series (id INTEGER PRIMARY KEY, service TEXT NOT NULL, version TEXT NOT NULL, UNIQUE (service, version));
CREATE TABLE IF NOT EXISTS fresh (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, data BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS fresh_at ON fresh (at);
CREATE TABLE IF NOT EXISTS packed (minute INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS sources (source TEXT PRIMARY KEY, sequence INTEGER NOT NULL, at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS minutes (series INTEGER NOT NULL, hour INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (series, hour));
CREATE TABLE IF NOT EXISTS hours (series INTEGER NOT NULL, hour INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (series, hour)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rolled (hour INTEGER PRIMARY KEY);
`;
const SCHEMA_VERSION = 1;
const PAGE_BYTES = 4096;
/** Past what is kept on purpose; then SQLite itself refuses to grow the file. */
const MARGIN = 1.25;
const WAL_BYTES_MAX = 8 * 2 ** 20;

export interface OpenedFile {
  readonly database: DatabaseSync;
  /** Where a file went that could not be read; null: it could, or was new. */
  readonly setAside: string | null;
}

/**
 * Opens the file of the history, making it if need be. One that is damaged, or of a later program, is set aside: the
 * history must not keep the platform from starting. WAL without a flush at each commit: a kill loses nothing that was
 * committed, a power cut the last seconds.
 */
export function openHistoryFile(file: string, bytesMax: number): OpenedFile {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    return { database: open(file, bytesMax), setAside: null };
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    const setAside = `${file}.unreadable`;
    renameSync(file, setAside);
    for (const suffix of ['-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
    return { database: open(file, bytesMax), setAside };
  }
}

class LaterSchema extends Error {}

function open(file: string, bytesMax: number): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 1_000 });
  try {
    database.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = ${WAL_BYTES_MAX}; PRAGMA max_page_count = ${Math.ceil((bytesMax * MARGIN) / PAGE_BYTES)};`);
    const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number };
    if (version > SCHEMA_VERSION) throw new LaterSchema(`the history is of version ${version}`);
    database.exec(SCHEMA);
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    // Damage shows at the first read of a page; what was written last is what a fault hits.
    database.prepare('SELECT MAX(at), MAX(length(data)) FROM fresh').get();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

function isUnreadable(error: unknown): boolean {
  const code = ((error as { errcode?: number }).errcode ?? 0) % 256;
  return error instanceof LaterSchema || code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
}

/** Bytes of the file that hold something. */
export function usedBytes(database: DatabaseSync): number {
  const read = (pragma: string): number => Object.values(database.prepare(`PRAGMA ${pragma}`).get() as Record<string, number>)[0] ?? 0;
  return (read('page_count') - read('freelist_count')) * read('page_size');
}
