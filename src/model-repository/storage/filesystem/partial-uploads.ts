import { mkdirSync } from 'node:fs';
import { chmod, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, LeptonError } from '../../../core/index.ts';
import { codeOf } from './files.ts';

/** Longest that an upload which broke off is kept to be gone on with. */
const KEEP_MS = 24 * 60 * 60 * 1000;
/** How many are kept; the oldest go. */
const COUNT_MAX = 64;
/** Less than this is not worth keeping. */
const KEEP_BYTES_MIN = 1024 * 1024;

/** What goes on from bytes that are there already, or begins anew with `offset` 0. */
export interface UploadPlace {
  readonly path: string;
  readonly offset: number;
  /** Ends the use of the place. `keep`: the sender went away, and may go on later. */
  readonly leave: (keep: boolean) => Promise<void>;
}

/**
 * Uploads that broke off: `uploads/<hex>` holds the first bytes of the file with that digest, as many as came. They outlive a
 * killed server. Nothing here is trusted: the whole file's digest is computed before it becomes a blob.
 */
export class PartialUploads {
  readonly #directory: string;
  readonly #busy = new Set<string>();

  constructor(directory: string) {
    this.#directory = join(directory, 'uploads');
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
  }

  /** How many bytes of a file are there; 0 also while somebody sends it. */
  async offsetOf(digest: Digest): Promise<number> {
    const name = nameOf(digest);
    if (this.#busy.has(name)) return 0;
    try {
      const { size } = await stat(join(this.#directory, name));
      return size >= KEEP_BYTES_MIN ? size : 0;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return 0;
      throw error;
    }
  }

  /** The place of this file, for one sender at a time; undefined while another has it. CONFLICT if other than `offset` bytes are there. */
  async take(digest: Digest, offset: number): Promise<UploadPlace | undefined> {
    const name = nameOf(digest);
    const there = offset > 0 ? await this.offsetOf(digest) : 0;
    const busy = this.#busy.has(name);
    if (busy && offset === 0) return undefined;
    if (busy || there !== offset) throw new LeptonError('CONFLICT', `an upload of ${digest} can go on at byte ${busy ? 0 : there}, not ${offset}; ask findMissingBlobs again`, { details: { offset: busy ? 0 : there } });
    this.#busy.add(name);
    try {
      await this.#makeRoom();
      const path = join(this.#directory, name);
      if (offset > 0) await chmod(path, 0o600);
      else await rm(path, { force: true });
      return { path, offset, leave: (keep) => this.#leave(name, keep) };
    } catch (error) {
      this.#busy.delete(name);
      throw error;
    }
  }

  async #leave(name: string, keep: boolean): Promise<void> {
    const path = join(this.#directory, name);
    try {
      if (!keep || (await sizeOf(path)) < KEEP_BYTES_MIN) await rm(path, { force: true });
    } finally {
      this.#busy.delete(name);
    }
  }

  /** Removes what nobody has gone on with since `beforeMs`; answers how many there were. */
  async sweep(beforeMs: number, dryRun: boolean): Promise<number> {
    const old = (await this.#idle()).filter(({ changedAtMs }) => changedAtMs < beforeMs);
    if (!dryRun) for (const { name } of old) await this.#remove(name);
    return old.length;
  }

  async #makeRoom(): Promise<void> {
    const idle = (await this.#idle()).sort((a, b) => a.changedAtMs - b.changedAtMs);
    const [tooMany, keptSince] = [idle.length - COUNT_MAX + 1, Date.now() - KEEP_MS];
    for (const [index, { name, changedAtMs }] of idle.entries()) if (index < tooMany || changedAtMs < keptSince) await this.#remove(name);
  }

  async #remove(name: string): Promise<void> {
    // Somebody may have begun to go on with it meanwhile.
    if (this.#busy.has(name)) return;
    this.#busy.add(name);
    await this.#leave(name, false);
  }

  async #idle(): Promise<{ name: string; changedAtMs: number }[]> {
    const found = [];
    for (const name of await readdir(this.#directory)) {
      const facts = this.#busy.has(name) ? undefined : await stat(join(this.#directory, name)).catch(() => undefined);
      if (facts) found.push({ name, changedAtMs: facts.mtimeMs });
    }
    return found;
  }
}

const nameOf = (digest: Digest): string => digest.slice('sha256:'.length);
const sizeOf = async (path: string): Promise<number> => (await stat(path).catch(() => undefined))?.size ?? 0;
