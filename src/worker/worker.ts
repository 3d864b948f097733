import { writeSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { collectWhenIdle, type LoadProfile } from '../core/index.ts';
import type { WorkerConfig, WorkerStatus } from '../wire/index.ts';
import { WorkerExit } from './exit-codes.ts';
import { InferQueue } from './infer-queue.ts';
import { InferenceRunner } from './inference.ts';
import { loadVersion } from './load.ts';
import type { LoadedModel } from './loaded-model.ts';
import { WorkerServer } from './worker-server.ts';

/** How long a worker whose load failed waits for somebody to tell. */
const TELL_MS = 10_000;
const MESSAGE_LENGTH_MAX = 4_000;
const STDERR = 2;

/**
 * One replica's life inside its process: listen, load, serve, leave. `run` resolves to the exit code.
 *
 *   listen ─▶ loading ─┬─▶ ready ──▶ stop | SIGTERM | no control for orphanGraceMs ──▶ drain ──▶ 0
 *                      └─▶ failed ─▶ tell control ──▶ 3
 */
export class Worker {
  readonly #config: WorkerConfig;
  readonly #server: WorkerServer;
  readonly #exit = Promise.withResolvers<number>();
  readonly #told = Promise.withResolvers<void>();
  #orphanTimer: NodeJS.Timeout | undefined;
  #leaving = false;
  #failed = false;

  constructor(config: WorkerConfig) {
    this.#config = config;
    this.#server = new WorkerServer({
      socketPath: config.socketPath,
      token: config.token,
      replica: config.replica,
      onStop: ({ graceMs, reason }) => void this.leave(graceMs, `stop: ${reason}`),
      onControl: (count) => this.#controlChanged(count),
    });
  }

  async run(): Promise<number> {
    await this.#server.listen();
    this.#controlChanged(0);
    void this.#load();
    return this.#exit.promise;
  }

  /** Finishes what is in flight for at most `graceMs`, then resolves `run`. Further calls change nothing. */
  async leave(graceMs: number, why: string): Promise<void> {
    if (this.#leaving) return;
    this.#leaving = true;
    log(`leaving (${why})`);
    const finished = await this.#server.drain(graceMs);
    this.#exit.resolve(this.#failed ? WorkerExit.loadFailed : finished ? WorkerExit.left : WorkerExit.unfinished);
  }

  async #load(): Promise<void> {
    const outcome = await loadVersion(this.#config);
    if (outcome.ok) this.#ready(outcome.model, outcome.profile);
    else await this.#fail({ phase: 'failed', reason: outcome.reason, message: outcome.message.slice(0, MESSAGE_LENGTH_MAX) }, outcome.detail);
  }

  #ready(model: LoadedModel, profile: LoadProfile): void {
    const queue = new InferQueue(new InferenceRunner(model, profile.batchable));
    this.#server.serve(queue);
    collectWhenIdle(() => queue.taken);
    const message = `${profile.checkMessage}; best batch ${profile.bestBatch}${profile.batchableReason && `: ${profile.batchableReason}`}`;
    log(`ready after ${profile.loadMs} ms: ${message}`);
    this.#server.setStatus({ phase: 'ready', reason: 'Loaded', message: message.slice(0, MESSAGE_LENGTH_MAX), profile });
  }

  async #fail(status: WorkerStatus, detail: string): Promise<void> {
    this.#failed = true;
    log(`failed (${status.reason}): ${status.message}`);
    if (detail && detail !== status.message) log(`the runtime's own words: ${detail}`);
    this.#server.setStatus(status);
    if (this.#server.controls > 0) this.#told.resolve();
    await Promise.race([this.#told.promise, wait(TELL_MS)]);
    await this.leave(0, 'load failed');
  }

  #controlChanged(count: number): void {
    clearTimeout(this.#orphanTimer);
    if (count > 0 && this.#failed) this.#told.resolve();
    if (count > 0) return;
    this.#orphanTimer = setTimeout(() => void this.leave(this.#config.timeouts.drainTimeoutMs, `no control connection for ${this.#config.orphanGraceMs} ms`), this.#config.orphanGraceMs);
  }
}

/** One line on stderr, which is the replica's log. A line that can't be written (a full disk) is dropped. */
export function log(message: string): void {
  try {
    writeSync(STDERR, `${new Date().toISOString()} worker ${message}\n`);
  } catch {}
}
