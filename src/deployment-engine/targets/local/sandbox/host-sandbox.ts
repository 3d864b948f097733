import { mkdirSync, readFileSync } from 'node:fs';
import { access, chmod, constants, chown, link, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { homedir, totalmem } from 'node:os';
import { join } from 'node:path';
import type { IsolationReport } from '../../../../core/index.ts';
import { type SandboxWish, STORAGE_DEFAULT_BYTES } from '../../isolation.ts';
import { type Command, type Confinement, type Enclosure, sandboxed, temporaryEnvironment } from './confinement.ts';
import { makeDevices } from './devices.ts';
import { closedAncestors, isForeign, isPublic, namedDirectories, realDirectories, realpathIfThere } from './files.ts';
import { isUnder, mountTable, parseMounts, type View } from './mount-table.ts';
import { chooseId, type IdRange, workerIds } from './user-ids.ts';
import { configPathOf, takenIds, type WorkerPaths } from './worker-paths.ts';

export interface HostSandboxOptions {
  /** Of sockets and workers' files, ours alone. */
  readonly runDirectory: string;
  /** Directories that no worker may see, besides the run directory and those where users keep their own. */
  readonly hidden: readonly string[];
}

export interface Enclosing {
  readonly replica: string;
  readonly paths: WorkerPaths;
  readonly modelDirectory: string;
  readonly wish: SandboxWish;
  /** Its program, given where it finds its configuration. `reads`: what that program is made of, wherever it is. */
  readonly command: (configPath: string) => Command & { readonly reads?: readonly string[] };
}

/** Where users and services keep what is none of a model's business; sockets of the machine's services are under /run. */
const PRIVATE_DIRECTORIES = ['/home', '/root', '/run', '/var/run', '/media', '/mnt'];
const ALIASES = ['/var/tmp', '/dev/shm'];
/** More than this share of the memory is no place for files in memory: then they are on disk, and counted. */
const MEMORY_SHARE_MAX = 1 / 4;

/** Makes the enclosures of workers, as this host allows (see `probeConfinement`). */
export class HostSandbox {
  readonly confinement: Confinement;
  /** What holds for workers here. */
  readonly report: IsolationReport;
  readonly #options: HostSandboxOptions;
  readonly #ids: IdRange | null;
  readonly #viewRoot: string;
  readonly #devices: View['devices'];

  constructor(options: HostSandboxOptions, confinement: Confinement, report: IsolationReport) {
    this.#options = options;
    this.confinement = confinement;
    this.report = report;
    this.#ids = confinement.kind === 'root' ? workerIds(readFileSync('/proc/self/uid_map', 'utf8')) : null;
    this.#viewRoot = join(options.runDirectory, 'view');
    mkdirSync(this.#viewRoot, { recursive: true, mode: 0o755 });
    this.#devices = makeDevices(join(options.runDirectory, 'devices'));
  }

  get runDirectory(): string {
    return this.#options.runDirectory;
  }

  /** Makes the worker's directories and files beside its configuration, which is there, and gives the command to start. */
  async enclose({ replica, paths, modelDirectory, wish, command }: Enclosing): Promise<Command> {
    await mkdir(paths.directory, { recursive: true, mode: 0o700 });
    const namespaces = this.confinement.kind === 'root' || this.confinement.kind === 'user-namespace';
    const inner = command(namespaces ? configPathOf(paths) : paths.config);
    await access(inner.file, constants.X_OK);
    const reads = [inner.file, ...(inner.reads ?? [])];
    const closed = reads.filter((path) => !isPublic(path));
    const user = closed.length ? null : this.#userFor(replica);
    const enclosure: Enclosure = { tableFile: paths.mounts, viewRoot: this.#viewRoot, user, network: wish.network, keepsCapabilities: closed.some(isForeign) };
    const bytes = wish.storageBytes ?? STORAGE_DEFAULT_BYTES;
    const inMemory = namespaces && bytes <= totalmem() * MEMORY_SHARE_MAX;
    if (!inMemory) await mkdir(paths.temporary, { recursive: true, mode: 0o700 });
    if (user !== null) await this.#handOver(paths, user, inMemory);
    if (!namespaces) return sandboxed({ ...inner, env: { ...inner.env, ...temporaryEnvironment(paths.temporary) } }, this.confinement, enclosure);
    await link(paths.config, configPathOf(paths));
    const temporary = { bytes, user: user ?? 0, directory: inMemory ? null : paths.temporary, aliases: ALIASES.filter((path) => realpathIfThere(path) === path) };
    await writeFile(paths.mounts, mountTable(this.#view({ paths, modelDirectory, reads, wish, temporary, user })), { mode: 0o600 });
    return sandboxed(inner, this.confinement, enclosure);
  }

  /** Takes away what workers share, unless there are some: their mounts stand on it. */
  async close(): Promise<void> {
    const { runDirectory } = this.#options;
    if ((await readdir(runDirectory)).some((name) => name.startsWith('worker-'))) return;
    for (const path of [this.#viewRoot, this.#devices.directory]) await rm(path, { recursive: true, force: true });
  }

  /** null: ours. */
  #userFor(replica: string): number | null {
    return this.#ids === null ? null : chooseId(join(this.#options.runDirectory, replica), this.#ids, takenIds(this.#options.runDirectory));
  }

  /** System users have homes such as /usr/bin. */
  #holdsTools(directory: string): boolean {
    return 'tools' in this.confinement && [this.confinement.tools.setpriv, this.confinement.tools.sh].some((tool) => isUnder(realpathIfThere(tool) ?? tool, directory));
  }

  /** The worker may read its configuration, not change it. */
  async #handOver(paths: WorkerPaths, user: number, inMemory: boolean): Promise<void> {
    await chown(paths.config, 0, user);
    await chmod(paths.config, 0o440);
    await chown(paths.directory, user, user);
    if (!inMemory) await chown(paths.temporary, user, user);
  }

  #view({ paths, modelDirectory, reads, wish, temporary, user }: { readonly paths: WorkerPaths; readonly modelDirectory: string; readonly reads: readonly string[]; readonly wish: SandboxWish; readonly temporary: View['temporary']; readonly user: number | null }): View {
    const { runDirectory, hidden } = this.#options;
    const seen = [modelDirectory, ...reads, ...(wish.network ? ['/etc/resolv.conf'] : [])];
    const kept = [...new Set([...realDirectories(seen), ...namedDirectories(seen)])].filter((path) => path !== '/');
    return {
      root: this.#viewRoot,
      hidden: [...realDirectories([...PRIVATE_DIRECTORIES, homedir(), runDirectory, ...hidden]).filter((path) => path !== '/' && !this.#holdsTools(path)), ...(user === null ? [] : closedAncestors(kept))],
      kept,
      writable: realDirectories([paths.directory]),
      devices: this.#devices,
      mounts: parseMounts(readFileSync('/proc/self/mountinfo', 'utf8')),
      temporary,
      ownProcesses: user !== null,
    };
  }
}
