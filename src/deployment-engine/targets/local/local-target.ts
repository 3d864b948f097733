import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { putForward } from '../../../config/index.ts';
import { createRedactor, type HostIsolation, LeptonError, type Redact } from '../../../core/index.ts';
import { dial, type WorkerConfig } from '../../../wire/index.ts';
import { SANDBOX_DEFAULT } from '../isolation.ts';
import { UNLIMITED, type WorkerLimits } from '../limits.ts';
import type { Target, WorkerHandle, WorkerRecord, WorkerSpec } from '../target.ts';
import type { PlatformGroups } from './cgroups/index.ts';
import { LimitKeeper } from './limit-keeper.ts';
import { probeLimits } from './probe-limits.ts';
import { LocalWorker } from './local-worker.ts';
import type { Command } from './sandbox/confinement.ts';
import type { HostSandbox } from './sandbox/host-sandbox.ts';
import { openSandbox } from './sandbox/probe.ts';
import { WorkerBox } from './sandbox/worker-box.ts';
import { pathsOf, type WorkerPaths } from './sandbox/worker-paths.ts';
import { isAlive, readStartTime, signalProcess } from '../../process-table.ts';

export interface LocalTargetOptions {
  /** From `runDirectory`: short, ours alone. */
  readonly runDirectory: string;
  /** Takes secrets out of a worker's last words, which go into events. */
  readonly redact?: Redact;
  /** What no worker may see of the machine's files besides, such as the data directory. */
  readonly hidden?: readonly string[];
  /** What makes workers' enclosures; default: what this host allows. */
  readonly openSandbox?: typeof openSandbox;
  /** No sign of life for this long, and no progress either: hung. Default 10 s. */
  readonly heartbeatTimeoutMs?: number;
  /** Absent: this host's control groups are not used. */
  readonly groups?: PlatformGroups;
  /** How long an adopted worker may take to answer: it may be in the middle of a run. Default 10 s. */
  readonly adoptTimeoutMs?: number;
}

const HEARTBEAT_TIMEOUT_MS = 10_000;
const ADOPT_TIMEOUT_MS = 10_000;
const REPLICA_ID = /^[A-Za-z0-9-]{1,128}$/;

/** Workers as processes of this machine. They are detached and outlive control; `adopt` finds them again. */
export class LocalTarget implements Target {
  readonly name = 'local';
  readonly #options: LocalTargetOptions;
  #sandbox: Promise<HostSandbox> | undefined;

  constructor(options: LocalTargetOptions) {
    this.#options = options;
  }

  async start(spec: WorkerSpec): Promise<WorkerHandle> {
    const paths = this.#paths(spec.worker.replica);
    const config: WorkerConfig = { ...spec.worker, token: randomBytes(24).toString('base64url'), socketPath: paths.socket };
    const box = await this.#boxOf(paths, config);
    try {
      await writeConfig(paths.config, config);
      await mkdir(dirname(spec.logFile), { recursive: true, mode: 0o700 });
      const { replica, modelDirectory, resources } = config;
      const command = await (await this.#opened()).enclose({ replica, paths, modelDirectory, wish: resources, command: spec.command });
      const worker = await this.#spawn(spec, config, command, box);
      void worker.connect();
      return worker;
    } catch (cause) {
      await this.#options.groups?.find(groupNameOf(paths.config))?.end();
      await box.clear();
      const { service, version } = spec.worker;
      throw new LeptonError('REPLICA_FAILED', `cannot start a worker for ${service}/${version}: ${(cause as Error).message}`, { cause, details: { reason: 'SpawnFailed' } });
    }
  }

  async adopt(record: WorkerRecord): Promise<WorkerHandle | null> {
    const found = await this.#find(record);
    if (found === 'leaving') return null;
    if (found) return found;
    signalProcess(record.pid, record.pidStartTime, 'SIGKILL');
    await this.#options.groups?.find(groupNameOf(record.configPath))?.end();
    await (await this.#boxOf(pathsOf(record.configPath), null)).clear();
    return null;
  }

  /** Named by a digest, since a socket's path must be short whatever the id's length. */
  #paths(replica: string): WorkerPaths {
    if (!REPLICA_ID.test(replica)) throw new LeptonError('INVALID_ARGUMENT', `replica id ${JSON.stringify(replica)} may only hold letters, digits and -`);
    return pathsOf(join(this.#options.runDirectory, `worker-${createHash('sha256').update(replica).digest('hex').slice(0, 16)}.json`));
  }

  /** Found out once, at the first that asks. */
  #opened(): Promise<HostSandbox> {
    this.#sandbox ??= (this.#options.openSandbox ?? openSandbox)({ runDirectory: this.#options.runDirectory, hidden: this.#options.hidden ?? [] });
    return this.#sandbox;
  }

  async isolation(): Promise<HostIsolation> {
    const [limits, { report }] = await Promise.all([probeLimits(this.#options.groups ?? null), this.#opened()]);
    return { ...limits, ...report };
  }

  /** For when its workers have ended: nothing of it is left in the run directory. */
  async close(): Promise<void> {
    await (await this.#sandbox?.catch(() => null))?.close();
  }

  async #boxOf(paths: WorkerPaths, config: WorkerConfig | null): Promise<WorkerBox> {
    return new WorkerBox(paths, config?.resources ?? SANDBOX_DEFAULT, (await this.#opened()).report);
  }

  async #spawn(spec: WorkerSpec, config: WorkerConfig, { env, ...program }: Command, box: WorkerBox): Promise<LocalWorker> {
    const keeper = this.#keep(box.paths.config, spec.limits);
    const { file, args } = keeper.within(program);
    // A file and no pipes, appended to: the worker must be able to write when control is dead.
    const log = openSync(spec.logFile, 'a', 0o600);
    try {
      const child = spawn(file, [...args], { detached: true, stdio: ['ignore', log, log], env: { ...env }, cwd: this.#options.runDirectory });
      await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
      const pid = child.pid as number;
      putForward(pid);
      const { replica, token, socketPath } = config;
      const record = { replica, pid, pidStartTime: readStartTime(pid), socketPath, token, configPath: box.paths.config, logFile: spec.logFile };
      return new LocalWorker({ config, record, keeper, box, child, redact: this.#redact, heartbeatTimeoutMs: this.#heartbeatTimeoutMs });
    } finally {
      closeSync(log);
    }
  }

  /** The worker behind the record, if it answers with this replica's id on this replica's secret and is to stay. */
  async #find(record: WorkerRecord): Promise<LocalWorker | 'leaving' | null> {
    const config = await readConfig(record.configPath);
    if (config?.replica !== record.replica || !isAlive(record.pid, record.pidStartTime)) return null;
    const dialled = await dial(record.socketPath, { role: 'control', token: record.token }, this.#options.adoptTimeoutMs ?? ADOPT_TIMEOUT_MS).catch(() => null);
    if (!dialled) return null;
    const { connection, answer } = dialled;
    if (answer.instance !== record.replica || answer.pid !== record.pid) {
      connection.destroy();
      return null;
    }
    if (answer.stopping) {
      connection.destroy();
      return 'leaving';
    }
    const worker = new LocalWorker({ config, record, keeper: this.#found(record), redact: this.#redact, box: await this.#boxOf(pathsOf(record.configPath), config), heartbeatTimeoutMs: this.#heartbeatTimeoutMs });
    worker.attach(connection);
    return worker;
  }

  get #redact(): Redact {
    return this.#options.redact ?? createRedactor();
  }

  /** Makes what holds a new worker to its limits. */
  #keep(configPath: string, limits: WorkerLimits): LimitKeeper {
    const made = this.#options.groups?.create(groupNameOf(configPath), limits);
    return new LimitKeeper(made?.group ?? null, made?.report ?? { limits, states: [] });
  }

  /** What holds a worker that runs; its group knows its limits. */
  #found({ configPath, pid }: WorkerRecord): LimitKeeper {
    const group = this.#options.groups?.find(groupNameOf(configPath)) ?? null;
    const limits = group?.limits() ?? UNLIMITED;
    // One of the time before groups, or whose group could not be had.
    if (!group?.processes().includes(pid)) return new LimitKeeper(null, { limits: UNLIMITED, states: [] });
    return new LimitKeeper(group, group.apply(limits, {}));
  }

  get #heartbeatTimeoutMs(): number {
    return this.#options.heartbeatTimeoutMs ?? HEARTBEAT_TIMEOUT_MS;
  }
}

/** A worker's group is called as its file is. */
export const groupNameOf = (configPath: string): string => basename(configPath, '.json');

/** The file holds the worker's secret: 0600, and there in whole or not at all. */
async function writeConfig(path: string, config: WorkerConfig): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify(config), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

export async function readConfig(path: string): Promise<WorkerConfig | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as WorkerConfig;
  } catch {
    return null;
  }
}
