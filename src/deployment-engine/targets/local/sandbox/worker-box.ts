import { execFile } from 'node:child_process';
import { existsSync, readFileSync, readlinkSync, statfsSync } from 'node:fs';
import { chmod, chown } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { IsolationReport, IsolationState } from '../../../../core/index.ts';
import { type SandboxWish, STORAGE_DEFAULT_BYTES } from '../../isolation.ts';
import type { ProcessUsage, WorkerUsage } from '../../target.ts';
import { TEMPORARY } from './mount-table.ts';
import { StorageCount } from './storage-count.ts';
import { removeWorkerFiles, userOf, type WorkerPaths } from './worker-paths.ts';

const END_TIMEOUT_MS = 5_000;
const NETWORK_ALLOWED = 'its deployment allows the network (resources.network)';

/** The enclosure of one worker that runs, as control holds it. */
export class WorkerBox {
  readonly paths: WorkerPaths;
  readonly #wish: SandboxWish;
  readonly #host: IsolationReport;
  #count: StorageCount | undefined;
  #sealed = false;

  constructor(paths: WorkerPaths, wish: SandboxWish, host: IsolationReport) {
    this.paths = paths;
    this.#wish = wish;
    this.#host = host;
  }

  /** Its temporary files are on disk. */
  get #onDisk(): boolean {
    return existsSync(this.paths.temporary);
  }

  /** It listens: its directory has served, and must not become a place for files beside its quota. */
  async seal(): Promise<void> {
    if (this.#sealed || process.getuid?.() !== 0) return;
    this.#sealed = true;
    await chown(this.paths.directory, 0, 0).then(() => chmod(this.paths.directory, 0o700)).catch(() => undefined);
  }

  /** Calls back when temporary files that no file system bounds are over their quota. */
  watchStorage(onExceeded: (message: string) => void): void {
    const limit = this.#wish.storageBytes ?? STORAGE_DEFAULT_BYTES;
    // What can't be sealed can be written to.
    const counted = [this.paths.temporary, ...(process.getuid?.() === 0 ? [] : [this.paths.directory])].filter((path) => existsSync(path));
    this.#count = new StorageCount(counted, limit, (bytes) => onExceeded(`ended: its temporary files took ${bytes} bytes, more than the ${limit} that its storage allows; give it more with resources.storage`));
  }

  usage(pid: number): Omit<WorkerUsage, keyof ProcessUsage> {
    const network = ownNamespace(pid, 'net') ? networkBytes(pid) : null;
    const [counted, inMemory] = [this.#count?.bytes ?? null, this.#onDisk ? null : temporaryBytes(pid)];
    return { storageBytes: counted === null && inMemory === null ? null : (counted ?? 0) + (inMemory ?? 0), networkReceivedBytes: network?.received ?? null, networkSentBytes: network?.sent ?? null };
  }

  /** What holds for the process at this moment, as the kernel says; with null what is expected of one. */
  isolation(pid: number | null): IsolationReport {
    if (pid === null) return { ...this.#host, ...(this.#wish.network && { network: { enforced: false, by: 'none', reason: NETWORK_ALLOWED } }) };
    const status = readText(`/proc/${pid}/status`);
    const own = (holds: boolean, slot: keyof IsolationReport, reason: string): IsolationState => {
      const host = this.#host[slot];
      if (holds) return { enforced: true, by: host.by, reason: '' };
      return { enforced: false, by: 'none', reason: host.enforced ? reason : host.reason };
    };
    const confined = ownNamespace(pid, 'mnt');
    return {
      network: own(ownNamespace(pid, 'net'), 'network', this.#wish.network ? NETWORK_ALLOWED : 'it was started without'),
      files: own(confined, 'files', 'it was started without'),
      user: own(Number(/^Uid:\s+(\d+)/m.exec(status)?.[1] ?? process.getuid?.()) !== process.getuid?.(), 'user', 'its environment is not readable for other users, so it runs as the server does: chmod -R o+rX it'),
      storage: { enforced: true, by: confined && !this.#onDisk ? 'tmpfs' : 'counting', reason: '' },
      privileges: own(/^NoNewPrivs:\s+1$/m.test(status) && /^CapEff:\s+0+$/m.test(status), 'privileges', 'its environment belongs to another user who alone may read it, which takes capabilities: chmod -R o+rX it'),
    };
  }

  /** What it started and left behind ends, and its files are removed. */
  async clear(): Promise<void> {
    this.#count?.stop();
    await clearBox(this.paths);
  }

  detach(): void {
    this.#count?.stop();
  }
}

/** Ends what runs under the worker's user id, if it has one, and removes its files. */
export async function clearBox(paths: WorkerPaths): Promise<void> {
  const user = userOf(paths);
  if (user !== null) await endProcessesOf(user);
  await removeWorkerFiles(paths);
}

/** Ends every process of a worker's user id at once, by being it: kill(2) with -1 leaves those alone that others own. */
async function endProcessesOf(user: number): Promise<void> {
  const script = `[ "$(id -u)" = ${user} ] && kill -KILL -1`;
  await promisify(execFile)('setpriv', [`--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--bounding-set=-all', '--', 'sh', '-c', script], { timeout: END_TIMEOUT_MS, killSignal: 'SIGKILL' }).catch(() => undefined);
}

function ownNamespace(pid: number, kind: 'net' | 'mnt'): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`) !== readlinkSync(`/proc/self/ns/${kind}`);
  } catch {
    return false;
  }
}

function temporaryBytes(pid: number): number | null {
  if (!ownNamespace(pid, 'mnt')) return null;
  try {
    const { blocks, bfree, bsize } = statfsSync(`/proc/${pid}/root${TEMPORARY}`);
    return (blocks - bfree) * bsize;
  } catch {
    return null;
  }
}

/** Sums over the interfaces of its namespace: /proc/net/dev, bytes received are its first figure, sent its ninth. */
function networkBytes(pid: number): { received: number; sent: number } | null {
  const rows = readText(`/proc/${pid}/net/dev`).split('\n').slice(2).filter((line) => line.includes(':')).map((line) => line.split(':')[1]?.trim().split(/\s+/).map(Number) ?? []);
  return rows.length ? { received: sum(rows.map((row) => row[0] ?? 0)), sent: sum(rows.map((row) => row[8] ?? 0)) } : null;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
