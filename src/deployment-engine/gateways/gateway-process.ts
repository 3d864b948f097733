import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { childEnvironment, NODE_ENVIRONMENT, NODE_FLAGS, programPath, putForward } from '../../config/index.ts';
import type { Row } from '../../database/index.ts';
import type { GatewayConfig } from '../../wire/index.ts';
import { isAlive, readProcess, signalProcess, startedWithin } from '../targets/index.ts';

/** The same for every gateway of one platform; two that differ can't take over from each other. */
export type GatewaySettings = Omit<GatewayConfig, 'gateway' | 'token' | 'socketPath'>;

const EXIT_POLL_MS = 50;

/** One gateway program: started by us, or by a control process before us. */
export class GatewayProcess {
  readonly row: Row<'gateways'>;
  readonly #child: ChildProcess | undefined;
  exitCode: number | null = null;

  constructor(row: Row<'gateways'>, child?: ChildProcess) {
    this.row = row;
    this.#child = child;
    child?.once('exit', (code) => {
      this.exitCode = code;
    });
  }

  get alive(): boolean {
    if (this.#child) return this.#child.exitCode === null && this.#child.signalCode === null;
    return this.row.pid !== null && isAlive(this.row.pid, this.row.pid_start_time ?? '');
  }

  onExit(listener: () => void): void {
    this.#child?.once('exit', listener);
  }

  /** Lets this process end while the gateway goes on. */
  unref(): void {
    this.#child?.unref();
  }

  signal(signal: NodeJS.Signals): void {
    if (this.row.pid !== null) signalProcess(this.row.pid, this.row.pid_start_time ?? '', signal);
  }

  /** Resolves with whether it was gone within the time. */
  async goneWithin(ms: number): Promise<boolean> {
    for (const deadline = performance.now() + ms; this.alive; await wait(EXIT_POLL_MS)) if (performance.now() >= deadline) return false;
    return true;
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.goneWithin(5_000);
  }

  async removeFiles(): Promise<void> {
    for (const file of [this.row.config_path, `${this.row.config_path}.ports`, this.row.socket_path]) await rm(file, { force: true });
  }
}

/** The row of a gateway that does not run yet; it is stored before the process exists. */
export function newGatewayRow(runDirectory: string, settings: GatewaySettings, createdAt: string): Row<'gateways'> {
  const id = randomBytes(8).toString('hex');
  const stem = join(runDirectory, `gateway-${id}`);
  return { id, pid: null, pid_start_time: null, socket_path: `${stem}.sock`, config_path: `${stem}.json`, token: randomBytes(24).toString('base64url'), config: JSON.stringify(settings), created_at: createdAt };
}

/** Starts the gateway program, detached: it serves on while control is dead. `joinFiles`: of its control groups. */
export async function spawnGateway(row: Row<'gateways'>, settings: GatewaySettings, logFile: string, joinFiles: readonly string[] = []): Promise<GatewayProcess> {
  const config: GatewayConfig = { ...settings, gateway: row.id, token: row.token, socketPath: row.socket_path };
  await writeFile(`${row.config_path}.new`, JSON.stringify(config), { mode: 0o600 });
  await rename(`${row.config_path}.new`, row.config_path);
  const log = openSync(logFile, 'a', 0o600);
  try {
    const { file, args } = startedWithin({ file: process.execPath, args: [...NODE_FLAGS, programPath('gateway'), row.config_path] }, joinFiles);
    const child = spawn(file, [...args], { detached: true, stdio: ['ignore', log, log], env: childEnvironment(NODE_ENVIRONMENT) });
    await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
    const pid = child.pid as number;
    putForward(pid);
    return new GatewayProcess({ ...row, pid, pid_start_time: readProcess(pid)?.startTime ?? '' }, child);
  } finally {
    closeSync(log);
  }
}
