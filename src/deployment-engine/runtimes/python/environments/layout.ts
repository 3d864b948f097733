import { mkdirSync } from 'node:fs';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, type EnvironmentSpec, isDigest } from '../../../../core/index.ts';

/** Written when a build has succeeded; without it there is no environment. */
export interface Marker extends EnvironmentSpec {
  readonly builtAt: string;
  readonly sizeBytes: number;
}

/** An interpreter of this machine that somebody named for an environment. */
export interface Registration {
  readonly interpreter: string;
  readonly by: string;
  readonly at: string;
}

/**
 * Files of the environments:
 *
 *   <hex>/                 built by venv or uv; whole if it holds `lepton-environment.json`, whose time is that of the last use
 *   <hex>.lock             who builds it
 *   <hex>.requirements.txt what is being installed
 *   <hex>.interpreter.json registered interpreter
 *   trash-<hex>-…          on its way out
 */
export class EnvironmentFiles {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  }

  pathOf(digest: Digest): string {
    return join(this.directory, digest.slice('sha256:'.length));
  }
  interpreterOf(digest: Digest): string {
    return join(this.pathOf(digest), 'bin', 'python');
  }
  markerOf(digest: Digest): string {
    return join(this.pathOf(digest), 'lepton-environment.json');
  }
  lockOf(digest: Digest): string {
    return `${this.pathOf(digest)}.lock`;
  }

  /** What is to be installed, while it is. */
  requirementsOf(digest: Digest): string {
    return `${this.pathOf(digest)}.requirements.txt`;
  }
  async removeOrder(digest: Digest): Promise<void> {
    await rm(this.requirementsOf(digest), { force: true });
  }

  /** null: not built, or not wholly. */
  marker(digest: Digest): Promise<Marker | null> {
    return readJson(this.markerOf(digest));
  }
  registration(digest: Digest): Promise<Registration | null> {
    return readJson(`${this.pathOf(digest)}.interpreter.json`);
  }
  async register(digest: Digest, registration: Registration): Promise<void> {
    await writeWhole(`${this.pathOf(digest)}.interpreter.json`, registration);
  }
  /** The newest of its files that tell of a use: the marker, the registration, or else the folder of a build that failed. */
  async touchedAtMs(digest: Digest): Promise<number> {
    const paths = [this.markerOf(digest), `${this.pathOf(digest)}.interpreter.json`, this.pathOf(digest)];
    const times = await Promise.all(paths.map((path) => stat(path).then(({ mtimeMs }) => mtimeMs, () => 0)));
    return Math.max(times[0] || (times[2] ?? 0), times[1] ?? 0);
  }

  /** Environments that are built, begun or registered. */
  async list(): Promise<Digest[]> {
    const names = await readdir(this.directory);
    return [...new Set(names.map((name) => `sha256:${name.split('.')[0]}`))].filter(isDigest);
  }

  /** Renames it away, so that a half-removed one is never found under its name; gives the new one, null if there was none. */
  async discard(digest: Digest): Promise<string | null> {
    const condemned = join(this.directory, `trash-${digest.slice('sha256:'.length)}-${process.hrtime.bigint()}`);
    return rename(this.pathOf(digest), condemned).then(() => condemned, ifAbsent(null));
  }

  async remove(digest: Digest): Promise<void> {
    const condemned = await this.discard(digest);
    if (condemned !== null) await rm(condemned, { recursive: true, force: true });
  }

  /** With its registration and whatever a crash left beside it. */
  async removeAll(digest: Digest): Promise<void> {
    await this.remove(digest);
    for (const ending of ['.interpreter.json', '.lock', '.requirements.txt']) await rm(`${this.pathOf(digest)}${ending}`, { force: true });
  }

  /** What a control process that was killed left of removals. */
  async sweepTrash(): Promise<void> {
    for (const name of await readdir(this.directory)) if (name.startsWith('trash-')) await rm(join(this.directory, name), { recursive: true, force: true });
  }
}

export async function writeWhole(path: string, value: unknown): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify(value), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** null when it is not there or not whole. */
export async function readJson<T>(path: string): Promise<T | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch {
    return null;
  }
}

const ifAbsent = <T>(value: T) => (error: unknown): T => {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return value;
  throw error;
};
