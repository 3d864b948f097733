/** Node's timers count whole milliseconds; lateness below that is the client's own and not the server's. */
const TIMER_GRANULARITY_MS = 1.5;
/** Requests that may be due and unsent; beyond, the server is overloaded and the load is wrongly chosen. */
const BACKLOG_MAX = 100_000;

/** Says when requests are due at a constant rate, whether or not anybody is free to send them. */
export class Pacer {
  readonly #periodMs: number;
  readonly #onDue: () => void;
  readonly #now: () => number;
  readonly #due: number[] = [];
  #next = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(ratePerSecond: number, onDue: () => void, now: () => number = () => performance.now()) {
    this.#periodMs = 1000 / ratePerSecond;
    this.#onDue = onDue;
    this.#now = now;
  }

  start(): void {
    this.#next = this.#now();
    this.#timer = setInterval(() => this.tick(), 1);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#due.length = 0;
  }

  /** Notes what became due since the last tick. */
  tick(): void {
    const now = this.#now();
    for (; this.#next <= now; this.#next += this.#periodMs) {
      if (this.#due.length < BACKLOG_MAX) this.#due.push(now - this.#next <= TIMER_GRANULARITY_MS ? now : this.#next);
    }
    if (this.#due.length > 0) this.#onDue();
  }

  /** The moment from which the next request's latency counts, or undefined when none is due. */
  take(): number | undefined {
    return this.#due.shift();
  }
}
