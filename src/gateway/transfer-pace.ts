import { Writable } from 'node:stream';

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

  /**
   * A way into `sink` that keeps the pace and ends with it. What was written is given back at once, not by the collector: at
   * tens of megabytes a second that would run several times a second, ten milliseconds each, in front of requests.
   */
  into(sink: Writable): Writable {
    let timer: NodeJS.Timeout | undefined;
    const write = (chunk: Buffer, done: (error?: Error | null) => void): void => {
      sink.write(chunk, (error) => {
        if (!error) release(chunk);
        done(error);
      });
    };
    const way = new Writable({
      highWaterMark: sink.writableHighWaterMark,
      write: (chunk: Buffer, _encoding, done) => {
        const delayMs = this.delayFor(chunk.length);
        if (delayMs < 1) write(chunk, done);
        else timer = setTimeout(write, delayMs, chunk, done);
      },
      final: (done) => {
        sink.end();
        done();
      },
      destroy: (error, done) => {
        clearTimeout(timer);
        done(error);
      },
    });
    // Whoever owns the sink hears of its errors.
    return way.on('error', () => undefined);
  }
}

/** Frees the memory of a chunk that nobody reads any more, if it is the chunk's alone. */
function release({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
