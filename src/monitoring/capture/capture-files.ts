import { appendFile, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CapturedRow } from './rows.ts';

const SEGMENT_BYTES_MAX = 4 * 2 ** 20;
const SEGMENT = /^\d{13}\.jsonl$/;
const REFERENCE = 'reference.jsonl';
export const REFERENCE_BYTES_MAX = 64 * 2 ** 20;

/**
 * Files of captured answers: `SERVICE/VERSION/<time>.jsonl`, one answer a line, the newest file appended to; beside them the
 * version's reference. Names of services and versions are safe as names of files.
 */
export class CaptureFiles {
  readonly #directory: string;
  /** Versions whose newest file is this process's own: one that a kill has cut is not appended to. */
  readonly #own = new Set<string>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  async append(service: string, version: string, rows: readonly CapturedRow[], nowMs: number): Promise<void> {
    const directory = this.#of(service, version);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const newest = (await this.#segments(service, version)).at(-1);
    const full = !newest || !this.#own.has(directory) || (await stat(join(directory, newest))).size >= SEGMENT_BYTES_MAX;
    const file = full ? `${String(nowMs).padStart(13, '0')}.jsonl` : newest;
    this.#own.add(directory);
    await appendFile(join(directory, file), rows.map((row) => `${JSON.stringify(row)}\n`).join(''), { mode: 0o600 });
  }

  /** The newest `limit` rows, oldest first. */
  async newest(service: string, version: string, limit: number): Promise<readonly CapturedRow[]> {
    let rows: CapturedRow[] = [];
    for (const segment of (await this.#segments(service, version)).reverse()) {
      rows = [...rowsOf(await readFile(join(this.#of(service, version), segment), 'utf8').catch(() => '')), ...rows];
      if (rows.length >= limit) break;
    }
    return rows.slice(-limit);
  }

  async reference(service: string, version: string): Promise<readonly CapturedRow[]> {
    return rowsOf(await readFile(join(this.#of(service, version), REFERENCE), 'utf8').catch(() => ''));
  }
  async addReference(service: string, version: string, rows: readonly CapturedRow[]): Promise<void> {
    await mkdir(this.#of(service, version), { recursive: true, mode: 0o700 });
    await appendFile(join(this.#of(service, version), REFERENCE), rows.map((row) => `${JSON.stringify(row)}\n`).join(''), { mode: 0o600 });
  }
  async setReference(service: string, version: string, rows: readonly CapturedRow[]): Promise<void> {
    await mkdir(this.#of(service, version), { recursive: true, mode: 0o700 });
    await writeFile(join(this.#of(service, version), REFERENCE), rows.map((row) => `${JSON.stringify(row)}\n`).join(''), { mode: 0o600 });
  }

  /** Every version that has any, with its bytes. */
  async list(): Promise<readonly { readonly service: string; readonly version: string; readonly bytes: number }[]> {
    const found: { service: string; version: string; bytes: number }[] = [];
    for (const service of await names(this.#directory)) {
      for (const version of await names(join(this.#directory, service))) {
        let bytes = 0;
        for (const segment of await this.#segments(service, version)) bytes += await size(join(this.#of(service, version), segment));
        found.push({ service, version, bytes });
      }
    }
    return found;
  }

  /** Removes the oldest files, of whatever version, until all take at most `bytesMax`. References stay. */
  async trim(bytesMax: number): Promise<void> {
    const files: { path: string; name: string; bytes: number }[] = [];
    for (const { service, version } of await this.list()) for (const name of await this.#segments(service, version)) files.push({ path: join(this.#of(service, version), name), name, bytes: await size(join(this.#of(service, version), name)) });
    files.sort((a, b) => (a.name < b.name ? -1 : 1));
    let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    for (const file of files) {
      if (bytes <= bytesMax) return;
      await rm(file.path, { force: true });
      bytes -= file.bytes;
    }
  }

  #of(service: string, version: string): string {
    return join(this.#directory, service, version);
  }

  async #segments(service: string, version: string): Promise<string[]> {
    return (await names(this.#of(service, version))).filter((name) => SEGMENT.test(name)).sort();
  }
}

/** A line that was cut by a kill is left out. */
export function rowsOf(text: string): CapturedRow[] {
  return text.split('\n').flatMap((line) => {
    try {
      const row: unknown = line ? JSON.parse(line) : null;
      return typeof row === 'object' && row !== null && !Array.isArray(row) ? [row as CapturedRow] : [];
    } catch {
      return [];
    }
  });
}

const names = (directory: string): Promise<string[]> => readdir(directory).catch(() => []);
const size = (file: string): Promise<number> => stat(file).then((found) => found.size, () => 0);
