import { Transform } from 'node:stream';

/** Of one second's budget that may go at once after a pause. */
const BURST_SECONDS = 0.002;

/**
 * Lets transfers through as fast as they come while nobody is served, and all of them together at so many bytes a second
 * beside inference: copying and hashing at full speed takes two cores, for which every request would have to queue.
 */
export class TransferPace {
  readonly #bytesPerSecond: number;
  readonly #isServing: () => boolean;
  readonly #now: () => number;
  /** When what was let through is paid for. */
  #paidAtMs = 0;

  constructor(bytesPerSecond: number, isServing: () => boolean, now: () => number = () => performance.now()) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#isServing = isServing;
    this.#now = now;
  }

  /** For how long the next so many bytes have to wait, milliseconds. */
  delayFor(bytes: number): number {
    if (!this.#isServing()) return 0;
    const now = this.#now();
    this.#paidAtMs = Math.max(this.#paidAtMs, now - BURST_SECONDS * 1000) + (bytes / this.#bytesPerSecond) * 1000;
    return Math.max(0, this.#paidAtMs - now);
  }

  /** A stream that keeps the pace. */
  stream(): Transform {
    let timer: NodeJS.Timeout | undefined;
    return new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        const delayMs = this.delayFor(chunk.length);
        if (delayMs < 1) done(null, chunk);
        else timer = setTimeout(done, delayMs, null, chunk);
      },
      destroy: (error, done) => {
        clearTimeout(timer);
        done(error);
      },
    });
  }
}
