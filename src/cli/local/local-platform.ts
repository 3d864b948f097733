import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { LeptonApiError, LeptonClient } from '../../../clients/typescript/src/index.ts';
import { type LocalPlatformConfig, programPath } from '../../config/index.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { type Addresses, freeAddresses } from './addresses.ts';
import { withLock } from './lock.ts';
import { isAlive, type LocalPlatform, makeDirectory, readRecord, removeRecord, startTicksOf, writeRecord } from './state-file.ts';

const START_WAIT_MS = 60_000;
/** Longer than the server's own grace for a stop, so that only one that hangs is killed. */
const STOP_WAIT_MS = 45_000;
const PROBE_MS = 1_000;
const POLL_MS = 50;
const LOG_BYTES_MAX = 10 * 2 ** 20;
/** Somebody may take a port between the look and the server's start. */
const ATTEMPTS = 3;

/** The server that a command without a URL means. */
export interface FoundPlatform {
  readonly url: string;
  /** Null: started by hand with `serve`, on the default address. */
  readonly local: LocalPlatform | null;
  readonly started: boolean;
}

/** The platform in the background if it runs, else a server that somebody started by hand on the default address, else null. */
export async function findPlatform(config: LocalPlatformConfig): Promise<FoundPlatform | null> {
  const record = readRecord(config.stateDirectory);
  if (record && isAlive(record)) return { url: record.url, local: record, started: false };
  const url = `http://${config.http}`;
  return (await probe(url)) === 'answers' ? { url, local: null, started: false } : null;
}

/** As `findPlatform`, and starts one in the background when there is none. Of several at once one starts it. */
export async function ensurePlatform(config: LocalPlatformConfig, onStart: (record: LocalPlatform) => void = () => undefined): Promise<FoundPlatform> {
  const found = await findPlatform(config);
  if (found && (!found.local || (await probe(found.url)) === 'answers')) return found;
  try {
    makeDirectory(config.stateDirectory);
    makeDirectory(config.dataDirectory);
  } catch (error) {
    throw new CliError(`the local platform needs a directory of its own: ${(error as Error).message}`, ExitCode.error, 'set HOME (or XDG_STATE_HOME and XDG_DATA_HOME) to a directory that can be written, or name a server with --url or LEPTON_URL');
  }
  return withLock(config.stateDirectory, START_WAIT_MS, async () => {
    const other = await findPlatform(config);
    if (other && !other.local) return other;
    // Its starter may have been interrupted: whoever needs it next waits in its place.
    const record = other?.local ?? (await launchAnywhere(config, onStart));
    if (other) await untilAnswers(record);
    return { url: record.url, local: record, started: !other };
  });
}

/** SIGTERM, and SIGKILL to one that hangs. Null: none runs. */
export async function stopPlatform(config: LocalPlatformConfig): Promise<LocalPlatform | null> {
  if (!readRecord(config.stateDirectory)) return null;
  return withLock(config.stateDirectory, START_WAIT_MS, async () => {
    const record = readRecord(config.stateDirectory);
    const ran = record !== null && isAlive(record);
    if (ran) await end(record);
    removeRecord(config.stateDirectory);
    return ran ? record : null;
  });
}

async function end(record: LocalPlatform): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    try {
      process.kill(record.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ESRCH') return;
      throw error;
    }
    for (const deadline = performance.now() + STOP_WAIT_MS; performance.now() < deadline; await delay(POLL_MS)) if (!isAlive(record)) return;
  }
}

async function launchAnywhere(config: LocalPlatformConfig, onStart: (record: LocalPlatform) => void): Promise<LocalPlatform> {
  for (let attempt = 1; ; attempt++) {
    const record = launch(config, await addressesFor(config));
    onStart(record);
    try {
      await untilAnswers(record);
      return record;
    } catch (error) {
      removeRecord(config.stateDirectory);
      if (attempt === ATTEMPTS || !/EADDRINUSE|in use/i.test((error as Error).message)) throw error;
    }
  }
}

/** A control process that was killed leaves its gateway on the ports; the next one takes that over, and must name the same. */
async function addressesFor(config: LocalPlatformConfig): Promise<Addresses> {
  const before = readRecord(config.stateDirectory);
  if (before && before.dataDirectory === config.dataDirectory && (await probe(before.url)) === 'no-control') return { http: new URL(before.url).host, grpc: before.grpcAddress };
  return freeAddresses(config);
}

function launch({ stateDirectory, dataDirectory, environment }: LocalPlatformConfig, { http, grpc }: Addresses): LocalPlatform {
  const logFile = join(stateDirectory, 'platform.log');
  if ((statSync(logFile, { throwIfNoEntry: false })?.size ?? 0) > LOG_BYTES_MAX) renameSync(logFile, `${logFile}.1`);
  const log = openSync(logFile, 'a', 0o600);
  try {
    const args = ['serve', '--data-dir', dataDirectory, '--http', http, '--grpc', grpc];
    // The data directory, so that it holds nobody's own directory.
    const child = spawn(process.execPath, [...process.execArgv, programPath('cli'), ...args], { cwd: dataDirectory, env: environment, stdio: ['ignore', log, log], detached: true });
    child.on('error', () => undefined);
    child.unref();
    if (child.pid === undefined) throw new CliError(`cannot run ${process.execPath}`, ExitCode.error);
    const record: LocalPlatform = { pid: child.pid, startTicks: startTicksOf(child.pid) ?? '', url: `http://${http}`, grpcAddress: grpc, dataDirectory, logFile, startedAt: new Date().toISOString() };
    writeRecord(stateDirectory, record);
    return record;
  } finally {
    closeSync(log);
  }
}

async function untilAnswers(record: LocalPlatform): Promise<void> {
  for (const deadline = performance.now() + START_WAIT_MS; (await probe(record.url)) !== 'answers'; await delay(POLL_MS)) {
    if (!isAlive(record)) throw new CliError(`the local platform ended while it started: ${lastLine(record.logFile)}`, ExitCode.error, `its log is ${record.logFile}`);
    if (performance.now() > deadline) throw new CliError(`the local platform (pid ${record.pid}) does not answer at ${record.url} after ${START_WAIT_MS / 1000} s`, ExitCode.unreachable, `its log is ${record.logFile}; lepton-ai stop ends it`);
  }
}

function lastLine(file: string): string {
  const text = readFileSync(file, 'utf8').trimEnd();
  return text.slice(text.lastIndexOf('\n') + 1).replace(/^error: /, '') || 'it wrote nothing';
}

/** `no-control`: a gateway answers whose control process is gone. */
async function probe(url: string): Promise<'answers' | 'no-control' | 'nothing'> {
  try {
    const client = new LeptonClient({ url, fetch: (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(PROBE_MS) }) });
    return typeof (await client.status()).platformVersion === 'string' ? 'answers' : 'nothing';
  } catch (error) {
    return error instanceof LeptonApiError && error.code === 'CONTROL_UNAVAILABLE' ? 'no-control' : 'nothing';
  }
}
