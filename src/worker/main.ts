/**
 * The worker program: `worker <path of a WorkerConfig file>`. Serves one version on a Unix socket, writes its log to stderr
 * and leaves with one of `WorkerExit`'s codes.
 */
import { readFileSync } from 'node:fs';
import type { WorkerConfig } from '../wire/index.ts';
import { WorkerExit } from './exit-codes.ts';
import { log, Worker } from './worker.ts';

function readConfig(path: string | undefined): WorkerConfig {
  try {
    return JSON.parse(readFileSync(path ?? '', 'utf8')) as WorkerConfig;
  } catch (error) {
    log(`cannot read its configuration ${path ?? '(no path given)'}: ${(error as Error).message}`);
    process.exit(WorkerExit.configuration);
  }
}

function crash(error: unknown): never {
  log(`crashed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  process.exit(WorkerExit.fault);
}

process.on('uncaughtException', crash);
process.on('unhandledRejection', crash);
// Only our own user may connect.
process.umask(0o077);
const config = readConfig(process.argv[2]);
process.title = `lepton-worker ${config.service}/${config.version}`;
const worker = new Worker(config);
process.on('SIGTERM', () => void worker.leave(config.timeouts.drainTimeoutMs, 'SIGTERM'));
// A terminal's Ctrl-C is for control, which drains its workers itself.
process.on('SIGINT', () => undefined);
process.exit(await worker.run());
