import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../test/e2e/harness.ts';
import { processesWith, signalIfAlive } from '../../test/e2e/support/processes.ts';
import type { ServerUnderLoad } from '../load/window.ts';
import type { Peer } from './catalogue.ts';

const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 10_000;
const SERVERS = join(import.meta.dirname, 'servers');

/** Another server, running with the benchmark's models. */
export class PeerServer implements ServerUnderLoad {
  readonly peer: Peer;
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly #marker: string;
  readonly #process: ChildProcess;
  readonly #logFile: string;

  private constructor(peer: Peer, ports: readonly [number, number, number], python: string, models: Readonly<Record<string, string>>, cache: string) {
    this.peer = peer;
    [this.httpPort, this.grpcPort] = ports;
    this.#marker = `BENCH_PEER=${peer.name}-${process.pid}`;
    this.#logFile = join(cache, 'peers', `${peer.name}.log`);
    const log = openSync(this.#logFile, 'w');
    const [name, value] = this.#marker.split('=') as [string, string];
    this.#process = spawn(python, [...peer.command(ports[0])], {
      cwd: SERVERS,
      env: {
        PATH: `${join(python, '..')}:${process.env['PATH']}`, HOME: join(cache, 'peers'), PYTHONPATH: SERVERS, PYTHONDONTWRITEBYTECODE: '1', BENTOML_DO_NOT_TRACK: 'true', [name]: value,
        BENCH_MODELS: JSON.stringify(models), BENCH_PORT: String(ports[0]), BENCH_GRPC_PORT: String(ports[1]), BENCH_METRICS_PORT: String(ports[2]),
      },
      stdio: ['ignore', log, log],
    });
  }

  static async start(peer: Peer, python: string, models: Readonly<Record<string, string>>, cache: string): Promise<PeerServer> {
    const server = new PeerServer(peer, [await freePort(), await freePort(), await freePort()], python, models, cache);
    try {
      await server.#untilReady();
      return server;
    } catch (error) {
      await server.dispose();
      throw error;
    }
  }

  processes(): ReadonlyMap<number, string> {
    return new Map(processesWith(this.#marker).map(({ pid }) => [pid, 'server']));
  }

  /** Ends every process that it started, also those that outlive their parent. */
  async dispose(): Promise<void> {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      for (const pid of this.processes().keys()) signalIfAlive(pid, signal);
      for (const deadline = Date.now() + STOP_TIMEOUT_MS; this.processes().size && Date.now() < deadline; ) await sleep(100);
    }
  }

  async #untilReady(): Promise<void> {
    const url = `http://127.0.0.1:${this.httpPort}${this.peer.readyPath}`;
    for (const deadline = Date.now() + START_TIMEOUT_MS; Date.now() < deadline; await sleep(200)) {
      if (await fetch(url, { signal: AbortSignal.timeout(2_000) }).then(({ ok }) => ok, () => false)) return;
      if (this.#process.exitCode !== null) break;
    }
    throw new Error(`${this.peer.title} did not become ready: ${readFileSync(this.#logFile, 'utf8').trim().split('\n').at(-1)?.slice(0, 300) ?? ''}`);
  }
}
