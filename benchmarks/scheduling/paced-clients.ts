import { Agent } from 'node:http';
import { send } from '../../test/e2e/support/load.ts';

/** One second of one version's clients. */
export interface Second {
  readonly atSeconds: number;
  /** Requests per second that clients wanted to make. */
  readonly wanted: number;
  readonly served: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

const AT_ONCE = 32;
const TICK_MS = 20;

/** Clients of one version that make so many requests a second, at most 32 at once; one that has to wait makes its request later. */
export class PacedClients {
  readonly seconds: Second[] = [];
  readonly problems: string[] = [];
  rate = 0;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  readonly #url: string;
  readonly #startedAt = performance.now();
  readonly #timers: NodeJS.Timeout[];
  readonly #open = new Set<Promise<void>>();
  #latencies: number[] = [];
  #due = 0;
  #lastTick = performance.now();

  constructor(url: string) {
    this.#url = url;
    this.#timers = [setInterval(() => this.#tick(), TICK_MS), setInterval(() => this.#note(), 1000)];
  }

  #tick(): void {
    const now = performance.now();
    // What could not be asked is not caught up with: it would be a burst.
    this.#due = Math.min(AT_ONCE, this.#due + (this.rate * (now - this.#lastTick)) / 1000);
    this.#lastTick = now;
    for (; this.#due >= 1 && this.#open.size < AT_ONCE; this.#due--) {
      const call = this.#call().finally(() => this.#open.delete(call));
      this.#open.add(call);
    }
  }

  async #call(): Promise<void> {
    const from = performance.now();
    try {
      const { status, body } = await send(this.#agent, this.#url, { inputs: [{ name: 'x', datatype: 'FP32', shape: [1], data: [1] }] });
      if (status === 200) this.#latencies.push(performance.now() - from);
      else this.problems.push(`${status} ${body.slice(0, 200)}`);
    } catch (error) {
      this.problems.push(String(error));
    }
  }

  #note(): void {
    const sorted = this.#latencies.sort((a, b) => a - b);
    const at = (quantile: number): number | null => sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))] ?? null;
    this.seconds.push({ atSeconds: (performance.now() - this.#startedAt) / 1000, wanted: this.rate, served: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99) });
    this.#latencies = [];
  }

  /** Waits for what is open. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all(this.#open);
    this.#agent.destroy();
  }
}
