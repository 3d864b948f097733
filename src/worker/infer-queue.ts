import { asLeptonError, LeptonError, releaseBytes } from '../core/index.ts';
import { type FailureMessage, type FrameConnection, FrameType, LARGE_FRAME_BYTES } from '../wire/index.ts';
import type { InferenceRunner } from './inference.ts';

/** Most infer frames of one connection that may wait; a gateway sends one or two at a time. */
const PENDING_MAX = 64;

interface Job {
  readonly connection: FrameConnection;
  readonly id: number;
  readonly header: unknown;
  readonly body: Uint8Array;
}

/**
 * Infer frames of all connections in the order of arrival, run one at a time. Each gets exactly one answer.
 *
 *   data ─▶ push, push, cancel ─┐ (one chunk)
 *                               └─▶ next tick: run the first ─▶ turn of the event loop (answers leave, pings and
 *                                   cancels come in) ─▶ run the second …
 */
export class InferQueue {
  readonly #runner: InferenceRunner;
  #jobs: Job[] = [];
  #scheduled = false;
  #closed = false;
  #whenIdle: (() => void)[] = [];
  #taken = 0;

  constructor(runner: InferenceRunner) {
    this.#runner = runner;
  }

  /** Frames that ever came. */
  get taken(): number {
    return this.#taken;
  }

  push(job: Job): void {
    this.#taken++;
    if (this.#closed) return refuse(job, new LeptonError('SHUTTING_DOWN', 'the worker is leaving'));
    if (this.#jobs.length >= PENDING_MAX && this.#jobs.filter((other) => other.connection === job.connection).length >= PENDING_MAX) {
      return refuse(job, new LeptonError('QUEUE_FULL', `more than ${PENDING_MAX} infer frames wait on one connection`));
    }
    this.#jobs.push(job);
    if (this.#scheduled) return;
    this.#scheduled = true;
    process.nextTick(this.#runNext);
  }

  /** Takes a waiting frame out and answers it with CANCELLED; one that runs or has run is answered as if nothing was said. */
  cancel(connection: FrameConnection, id: number): void {
    const job = this.#jobs.find((candidate) => candidate.connection === connection && candidate.id === id);
    if (!job) return;
    this.#jobs = this.#jobs.filter((other) => other !== job);
    refuse(job, new LeptonError('CANCELLED', 'cancelled before it ran'));
  }

  /** Forgets what a closed connection had waiting. */
  drop(connection: FrameConnection): void {
    this.#jobs = this.#jobs.filter((job) => job.connection !== connection);
  }

  /** Takes nothing more; resolves when all that was taken is answered. */
  close(): Promise<void> {
    this.#closed = true;
    return this.#scheduled ? new Promise((resolve) => this.#whenIdle.push(resolve)) : Promise.resolve();
  }

  readonly #runNext = (): void => {
    const job = this.#jobs.shift();
    if (job) this.#answer(job);
    if (this.#jobs.length > 0) return void setImmediate(this.#runNext);
    this.#scheduled = false;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  };

  #answer(job: Job): void {
    try {
      const { header, body } = this.#runner.answer(job.header, job.body);
      job.connection.send(FrameType.inferResult, job.id, header, body, () => body.forEach(releaseBytes));
      // A large frame's memory is its own; an answer may still be a view of it.
      if (job.body.byteLength >= LARGE_FRAME_BYTES && body.every((part) => part.buffer !== job.body.buffer)) job.connection.recycle(job.body);
    } catch (error) {
      refuse(job, asLeptonError(error));
    }
  }
}

function refuse(job: Job, error: LeptonError): void {
  job.connection.send(FrameType.failure, job.id, { code: error.code, error: error.message } satisfies FailureMessage);
}
