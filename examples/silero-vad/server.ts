import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LeptonClient } from '../../clients/typescript/src/index.ts';

const START_TIMEOUT_MS = 60_000;

/** A running `lepton-ai serve` of our own. */
export interface Server {
  readonly url: string;
  readonly grpc: string;
  readonly process: ChildProcess;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Starts the platform with the command that a user would type, and waits until it answers. Its output goes to `logFile`. */
export async function startServer(command: string, options: { dataDirectory: string; logFile: string; httpPort?: number; grpcPort?: number }): Promise<Server> {
  const http = `127.0.0.1:${options.httpPort ?? (await freePort())}`;
  const grpc = `127.0.0.1:${options.grpcPort ?? (await freePort())}`;
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, 'w');
  // In a session of its own: Ctrl-C in the terminal is ours to pass on, once.
  const child = spawn(command, ['serve', '--data-dir', options.dataDirectory, '--http', http, '--grpc', grpc], { stdio: ['ignore', log, log], detached: true });
  process.once('exit', () => child.exitCode === null && child.kill('SIGTERM'));
  const server: Server = { url: `http://${http}`, grpc, process: child, stop: () => stop(child) };
  await untilAnswers(server, options.logFile);
  return server;
}

async function untilAnswers({ url, process: child }: Server, logFile: string): Promise<void> {
  const client = new LeptonClient({ url });
  for (const deadline = Date.now() + START_TIMEOUT_MS; ; await sleep(50)) {
    const ended = child.exitCode !== null || child.signalCode !== null;
    if (!ended && (await client.status().then(() => true, () => false))) return;
    if (!ended && Date.now() < deadline) continue;
    await stop(child);
    throw new Error(`the platform ${ended ? `ended with ${child.exitCode ?? child.signalCode}` : `did not answer within ${START_TIMEOUT_MS / 1000} s`}:\n${readFileSync(logFile, 'utf8').slice(-4_000)}`);
  }
}

async function stop(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null && child.pid) {
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  }
  return child.exitCode;
}
