import { writeSync } from 'node:fs';

/**
 * Where log lines go: a descriptor that is written to at once. A line that can't be written (full disk, a reader that has
 * gone) is dropped and counted, never thrown: logging must not end what it tells of. The next line that can be written is
 * preceded by one that says how many are missing.
 */
export class LogStream {
  readonly #descriptor: number;
  #dropped = 0;
  /** A line was cut in its middle; the next begins on a line of its own. */
  #torn = false;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** Lines lost since the last that could be written. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Takes one line with its end. Never throws. */
  write(line: string): void {
    try {
      this.#put(Buffer.from(`${this.#torn ? '\n' : ''}${this.#dropped ? missing(this.#dropped) : ''}${line}`));
      this.#dropped = 0;
      this.#torn = false;
    } catch {
      this.#dropped++;
    }
  }

  #put(bytes: Buffer): void {
    for (let at = 0; at < bytes.byteLength; ) {
      at += writeSync(this.#descriptor, bytes, at);
      this.#torn = at < bytes.byteLength;
    }
  }
}

/** As pino would write it, at `warn`. */
const missing = (lines: number): string => `${JSON.stringify({ level: 40, time: Date.now(), dropped: lines, msg: 'log lines could not be written' })}\n`;
