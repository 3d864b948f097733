import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

const COUNT_INTERVAL_MS = 1_000;
/** A tree with more than this is over its quota whatever it holds. */
const ENTRIES_MAX = 200_000;
const BLOCK_BYTES = 512;

/** Counts the bytes of a worker's files on disk, again and again while it runs. Files that were removed and are still open escape it. */
export class StorageCount {
  /** null: not counted yet, or there is nothing to count. */
  bytes: number | null = null;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(directories: readonly string[], limitBytes: number, onExceeded: (bytes: number) => void) {
    if (!directories.length) return;
    let counting = false;
    this.#timer = setInterval(async () => {
      if (counting) return;
      counting = true;
      const counts = await Promise.all(directories.map((directory) => directoryBytes(directory)));
      this.bytes = counts.reduce((total, bytes) => total + bytes, 0);
      counting = false;
      if (this.bytes !== null && this.bytes > limitBytes) onExceeded(this.bytes);
    }, COUNT_INTERVAL_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** Bytes on disk of everything under a directory; Infinity when it has too many entries to count. */
export async function directoryBytes(directory: string): Promise<number> {
  const waiting = [directory];
  let [bytes, entries] = [0, 0];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const entry of await readdir(next, { withFileTypes: true }).catch(() => [])) {
      if (++entries > ENTRIES_MAX) return Number.POSITIVE_INFINITY;
      const path = join(next, entry.name);
      if (entry.isDirectory()) waiting.push(path);
      bytes += (await lstat(path).catch(() => null))?.blocks ?? 0;
    }
  }
  return bytes * BLOCK_BYTES;
}
