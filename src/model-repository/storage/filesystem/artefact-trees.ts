import { constants, mkdirSync } from 'node:fs';
import { access, copyFile, link, mkdir, readdir, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ArtefactFile, type Digest, isDigest, LeptonError } from '../../../core/index.ts';
import { type BlobStore, hashFile } from './blob-store.ts';
import { codeOf, syncDirectory } from './files.ts';

/**
 * Directories with the files of a version under their own names, `versions/<hex of the manifest's digest>`: hard links to
 * blobs (copies where links are not to be had), made under a temporary name and renamed, so that a tree is whole or absent.
 */
export class ArtefactTrees {
  readonly #root: string;
  readonly #blobs: BlobStore;
  readonly #underWay = new Map<Digest, Promise<string>>();

  constructor(directory: string, blobs: BlobStore) {
    this.#root = join(directory, 'versions');
    this.#blobs = blobs;
    mkdirSync(this.#root, { recursive: true, mode: 0o700 });
  }

  pathOf(version: Digest): string {
    return join(this.#root, version.slice('sha256:'.length));
  }

  /** The version's directory, made if it is not there. CORRUPT if a blob is missing. */
  async ensure(version: Digest, files: readonly ArtefactFile[]): Promise<string> {
    const path = this.pathOf(version);
    if (await exists(path)) return path;
    let making = this.#underWay.get(version);
    if (!making) {
      making = this.#make(path, files).finally(() => this.#underWay.delete(version));
      this.#underWay.set(version, making);
    }
    return making;
  }

  /** Runs `work` on a directory with these files that is removed afterwards. */
  async withTemporary<T>(files: readonly ArtefactFile[], work: (directory: string) => Promise<T>): Promise<T> {
    return this.#blobs.withTemporary(async (directory) => {
      await this.#fill(directory, files);
      return work(directory);
    });
  }

  async list(): Promise<{ version: Digest; path: string; madeAtMs: number }[]> {
    const trees = [];
    for (const hex of await readdir(this.#root)) {
      const version = `sha256:${hex}`;
      const path = join(this.#root, hex);
      if (isDigest(version)) trees.push({ version, path, madeAtMs: (await stat(path)).mtimeMs });
    }
    return trees;
  }

  /** Renamed away first: a half-removed tree must never be found under its name. */
  async remove(version: Digest): Promise<void> {
    await this.#blobs.withTemporary(async (condemned) => {
      await rename(this.pathOf(version), condemned).catch((error: unknown) => {
        if (codeOf(error) !== 'ENOENT') throw error;
      });
    });
  }

  /** What is wrong with a tree, one sentence a file; links to their blob are as good as the blob and not read again. */
  async check(version: Digest, files: readonly ArtefactFile[]): Promise<string[]> {
    const problems: string[] = [];
    for (const file of files) {
      const path = join(this.pathOf(version), file.path);
      const found = await stat(path).catch(() => undefined);
      const blob = await stat(this.#blobs.pathOf(file.digest)).catch(() => undefined);
      if (!found) problems.push(`${file.path} is missing`);
      else if (blob && found.ino === blob.ino && found.dev === blob.dev) continue;
      else if (found.size !== file.size || (await hashFile(path)) !== file.digest) problems.push(`${file.path} does not have its digest ${file.digest}`);
    }
    return problems;
  }

  async #make(path: string, files: readonly ArtefactFile[]): Promise<string> {
    return this.#blobs.withTemporary(async (temporary) => {
      for (const folder of await this.#fill(temporary, files)) await syncDirectory(folder);
      await rename(temporary, path);
      await syncDirectory(this.#root);
      return path;
    });
  }

  /** Answers the folders that it made. */
  async #fill(directory: string, files: readonly ArtefactFile[]): Promise<ReadonlySet<string>> {
    const folders = new Set([directory]);
    await mkdir(directory, { mode: 0o755 });
    for (const file of files) {
      const path = join(directory, file.path);
      const folder = dirname(path);
      if (!folders.has(folder)) await mkdir(folder, { recursive: true, mode: 0o755 });
      folders.add(folder);
      await this.#linkOrCopy(file, path);
    }
    return folders;
  }

  async #linkOrCopy(file: ArtefactFile, path: string): Promise<void> {
    const blob = this.#blobs.pathOf(file.digest);
    try {
      await link(blob, path);
    } catch (error) {
      if (codeOf(error) === 'ENOENT') throw new LeptonError('CORRUPT', `the stored file ${file.digest} (${file.path}) is missing; run \`lepton-ai fsck\``, { cause: error });
      await copyFile(blob, path, constants.COPYFILE_FICLONE);
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false);
}
