import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, mkdirSync, rmSync } from 'node:fs';
import { chmod, mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Mutex } from '../../../database/index.ts';
import { type Digest, isDigest, LeptonError } from '../../../core/index.ts';
import { codeOf, syncDirectory } from './files.ts';
import { PartialUploads, type UploadPlace } from './partial-uploads.ts';

const READ_BYTES = 1024 * 1024;

export interface BlobFacts {
  readonly digest: Digest;
  readonly size: number;
  /** When it was last stored or asked for, milliseconds since the epoch. */
  readonly usedAtMs: number;
}

/**
 * Files by the SHA-256 of their content: `blobs/sha256/ab/<hex>`, mode 0444, each stored once.
 *
 *   stream ──▶ uploads/<hex> ──(size, hash, fsync)──▶ rename to its name ──▶ fsync of the folder
 *
 * A name exists only with its whole content behind it, so a crash at any moment leaves it there or not there; what arrived of
 * an upload that broke off can be gone on with. `exclusive` orders everything that relies on a blob staying with the
 * collector that removes them.
 */
export class BlobStore {
  readonly #root: string;
  /** For files on their way; same file system. Emptied at start: the data directory has one server. */
  readonly #temporary: string;
  readonly #uploads: PartialUploads;
  readonly #inUse = new Set<string>();
  readonly #gate = new Mutex();
  readonly #held = new Map<Digest, number>();
  /** Pushes not yet published that sent a stored blob or were told that it is there. At most the blobs that are stored. */
  readonly #claims = new Map<Digest, number>();

  constructor(directory: string) {
    this.#root = join(directory, 'blobs', 'sha256');
    this.#temporary = join(directory, 'tmp');
    rmSync(this.#temporary, { recursive: true, force: true });
    mkdirSync(this.#root, { recursive: true, mode: 0o700 });
    mkdirSync(this.#temporary, { recursive: true, mode: 0o700 });
    this.#uploads = new PartialUploads(directory);
  }

  pathOf(digest: Digest): string {
    if (!isDigest(digest)) throw new LeptonError('INVALID_ARGUMENT', `${JSON.stringify(digest)?.slice(0, 100)} is not a digest: sha256: and 64 hexadecimal digits`);
    const hex = digest.slice('sha256:'.length);
    return join(this.#root, hex.slice(0, 2), hex);
  }

  /** Runs `work` with the path of a file or directory to be; what is there afterwards is removed. */
  async withTemporary<T>(work: (path: string) => Promise<T>): Promise<T> {
    const name = randomUUID();
    const path = join(this.#temporary, name);
    this.#inUse.add(name);
    try {
      return await work(path);
    } finally {
      await rm(path, { recursive: true, force: true });
      this.#inUse.delete(name);
    }
  }

  /** Temporary files that nobody uses, left by a failure to remove them, and uploads that broke off before `beforeMs`; removes them unless `dryRun`. */
  async sweepTemporary(beforeMs: number, dryRun: boolean): Promise<number> {
    const left = (await readdir(this.#temporary)).filter((name) => !this.#inUse.has(name));
    if (!dryRun) for (const name of left) await rm(join(this.#temporary, name), { recursive: true, force: true });
    return left.length + (await this.#uploads.sweep(beforeMs, dryRun));
  }

  /** Runs `work` while no blob is removed. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    return this.#gate.run(work);
  }

  /** Keeps these from being removed until the function that it returns is called. */
  hold(digests: readonly Digest[]): () => void {
    for (const digest of digests) this.#held.set(digest, (this.#held.get(digest) ?? 0) + 1);
    return () => {
      for (const digest of digests) {
        const count = (this.#held.get(digest) ?? 1) - 1;
        if (count === 0) this.#held.delete(digest);
        else this.#held.set(digest, count);
      }
    };
  }

  isHeld(digest: Digest): boolean {
    return this.#held.has(digest);
  }

  /** Ends the claim of one push, which was refused. Whether no other push relies on the blob. */
  giveUp(digest: Digest): boolean {
    const others = (this.#claims.get(digest) ?? 1) - 1;
    if (others > 0) this.#claims.set(digest, others);
    else this.#claims.delete(digest);
    return others <= 0;
  }

  /** A version reaches these from now on: nobody's claim matters any more. */
  settle(digests: Iterable<Digest>): void {
    for (const digest of digests) this.#claims.delete(digest);
  }

  #claim(digest: Digest): void {
    this.#claims.set(digest, (this.#claims.get(digest) ?? 0) + 1);
  }

  /** Size of a stored blob; undefined if it is not stored. */
  async size(digest: Digest): Promise<number | undefined> {
    return (await this.facts(digest))?.size;
  }

  async facts(digest: Digest): Promise<BlobFacts | undefined> {
    try {
      const { size, mtimeMs } = await stat(this.pathOf(digest));
      return { digest, size, usedAtMs: mtimeMs };
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Which are not stored. Those that are count as used now, so that a push that relies on them doesn't lose them. */
  async missing(digests: readonly Digest[]): Promise<Digest[]> {
    return this.exclusive(async () => {
      const missing: Digest[] = [];
      for (const digest of new Set(digests)) {
        if (await this.#touch(digest)) this.#claim(digest);
        else missing.push(digest);
      }
      return missing;
    });
  }

  /** How many of a file's first bytes came with an upload that broke off. */
  uploadOffset(digest: Digest): Promise<number> {
    this.pathOf(digest);
    return this.#uploads.offsetOf(digest);
  }

  /**
   * Stores content under the digest that it must have: DIGEST_MISMATCH if it has another, TOO_LARGE over `sizeMax` bytes. With an `offset`
   * the content is the rest of an upload of which just that many bytes are here, else CONFLICT.
   */
  async put(digest: Digest, content: Readable, sizeMax: number, offset = 0): Promise<{ size: number; created: boolean }> {
    this.pathOf(digest);
    const place = await this.#uploads.take(digest, offset);
    // Another sends the same file: it makes no difference whose is the one that stays.
    if (!place) return this.withTemporary((path) => this.#store(digest, { path, offset: 0 }, content, sizeMax));
    let keep = false;
    try {
      return await this.#store(digest, place, content, sizeMax);
    } catch (error) {
      keep = error instanceof SenderGone;
      throw error instanceof SenderGone ? error.cause : error;
    } finally {
      await place.leave(keep);
    }
  }

  async open(digest: Digest): Promise<{ size: number; content: Readable }> {
    const handle = await open(this.pathOf(digest), 'r').catch((error: unknown) => {
      throw codeOf(error) === 'ENOENT' ? new LeptonError('BLOB_NOT_FOUND', `no file with digest ${digest} is stored`) : error;
    });
    const { size } = await handle.stat();
    return { size, content: handle.createReadStream({ highWaterMark: 256 * 1024 }) };
  }

  /** Hashes a stored blob. */
  async rehash(digest: Digest): Promise<Digest> {
    return hashFile(this.pathOf(digest));
  }

  async remove(digest: Digest): Promise<void> {
    this.#claims.delete(digest);
    await rm(this.pathOf(digest), { force: true });
  }

  /** Every stored blob; names that are no digests are passed over. */
  async *list(): AsyncGenerator<BlobFacts> {
    for (const folder of await readdir(this.#root)) {
      for (const hex of await readdir(join(this.#root, folder)).catch(() => [])) {
        const digest = `sha256:${hex}`;
        const facts = isDigest(digest) ? await this.facts(digest) : undefined;
        if (facts) yield facts;
      }
    }
  }

  async #store(digest: Digest, place: Pick<UploadPlace, 'path' | 'offset'>, content: Readable, sizeMax: number): Promise<{ size: number; created: boolean }> {
    const { size, hex } = await this.#receive(place, content, sizeMax);
    if (digest !== `sha256:${hex}`) throw new LeptonError('DIGEST_MISMATCH', `the content of ${size} bytes has the digest sha256:${hex}, announced was ${digest}`);
    return { size, created: await this.exclusive(() => this.#place(place.path, digest)) };
  }

  async #receive({ path, offset }: Pick<UploadPlace, 'path' | 'offset'>, content: Readable, sizeMax: number): Promise<{ size: number; hex: string }> {
    const hash = createHash('sha256');
    let size = offset;
    const file = await open(path, offset > 0 ? 'a' : 'wx', 0o600);
    try {
      if (offset > 0) for await (const chunk of createReadStream(path, { end: offset - 1, highWaterMark: READ_BYTES })) hash.update(chunk as Buffer);
      for await (const chunk of arriving(content)) {
        size += chunk.byteLength;
        if (size > sizeMax) throw new LeptonError('TOO_LARGE', `the file is larger than ${sizeMax} bytes (setting limits.fileBytesMax)`);
        hash.update(chunk);
        await file.writeFile(chunk);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    return { size, hex: hash.digest('hex') };
  }

  /** Gives the finished file its name; false if the name was there. Either way the push that sent it relies on it. */
  async #place(temporary: string, digest: Digest): Promise<boolean> {
    if (await this.#touch(digest)) {
      this.#claim(digest);
      return false;
    }
    const path = this.pathOf(digest);
    const folder = join(path, '..');
    await chmod(temporary, 0o444);
    if ((await mkdir(folder, { recursive: true, mode: 0o700 })) !== undefined) await syncDirectory(this.#root);
    // Within `exclusive` nobody else makes this name. Not a link: a crash would leave the blob with a second, writable name.
    await rename(temporary, path);
    await syncDirectory(folder);
    this.#claim(digest);
    return true;
  }

  async #touch(digest: Digest): Promise<boolean> {
    const now = new Date();
    try {
      await utimes(this.pathOf(digest), now, now);
      return true;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    }
  }
}

/** The sender went away in the middle, so that it is not our disk that failed. */
class SenderGone extends Error {}

async function* arriving(content: Readable): AsyncGenerator<Uint8Array> {
  try {
    yield* content as AsyncIterable<Uint8Array>;
  } catch (cause) {
    throw new SenderGone('the sender went away', { cause });
  }
}

/** SHA-256 of a file's content, streamed. */
export async function hashFile(path: string): Promise<Digest> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: READ_BYTES })) hash.update(chunk as Buffer);
  return `sha256:${hash.digest('hex')}`;
}
