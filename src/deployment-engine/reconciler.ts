import type { Clock } from '../core/index.ts';
import type { Log } from './log.ts';

export interface ReconcilerDependencies {
  /** One pass over one service; resolves with when it wants to be looked at again (milliseconds since the epoch), or null. */
  readonly pass: (service: string) => Promise<number | null>;
  readonly services: () => Iterable<string>;
  /** Whether a service is on its way, so that a lost wake-up matters soon. */
  readonly restless: (service: string) => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

const RESTLESS_INTERVAL_MS = 1_000;
const FULL_INTERVAL_MS = 10_000;
const ERROR_PAUSE_MAX_MS = 30_000;

/**
 * The loop: a queue of service names. A name that is woken while its pass runs is passed once more afterwards, never twice
 * at once. Events only say "look again"; every service is looked at again anyway after a while.
 */
export class Reconciler {
  readonly #dependencies: ReconcilerDependencies;
  readonly #running = new Set<string>();
  readonly #again = new Set<string>();
  readonly #errors = new Map<string, number>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #intervals: NodeJS.Timeout[] = [];
  #started = false;

  constructor(dependencies: ReconcilerDependencies) {
    this.#dependencies = dependencies;
  }

  start(): void {
    this.#started = true;
    this.#wakeAll();
    this.#intervals.push(setInterval(() => this.#wakeAll(this.#dependencies.restless), RESTLESS_INTERVAL_MS), setInterval(() => this.#wakeAll(), FULL_INTERVAL_MS));
  }

  /** No pass begins after this. Resolves when those that run are over. */
  async stop(): Promise<void> {
    this.#started = false;
    for (const timer of [...this.#intervals, ...this.#timers.values()]) clearTimeout(timer);
    this.#again.clear();
    while (this.#running.size) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  wake(service: string): void {
    if (!this.#started) return;
    if (this.#running.has(service)) this.#again.add(service);
    else void this.#run(service);
  }

  #wakeAll(which: (service: string) => boolean = () => true): void {
    for (const service of this.#dependencies.services()) if (which(service)) this.wake(service);
  }

  async #run(service: string): Promise<void> {
    this.#running.add(service);
    this.#clearTimer(service);
    try {
      const wakeAt = await this.#dependencies.pass(service);
      this.#errors.delete(service);
      if (wakeAt !== null) this.#wakeLater(service, wakeAt - this.#dependencies.clock.now());
    } catch (error) {
      this.#backOff(service, error);
    }
    this.#running.delete(service);
    if (this.#again.delete(service)) this.wake(service);
  }

  #backOff(service: string, error: unknown): void {
    const errors = (this.#errors.get(service) ?? 0) + 1;
    this.#errors.set(service, errors);
    this.#dependencies.log.error({ err: error, service, errors }, 'reconciling failed; trying again');
    this.#wakeLater(service, Math.min(ERROR_PAUSE_MAX_MS, 100 * 2 ** Math.min(errors, 10)));
  }

  #wakeLater(service: string, delayMs: number): void {
    if (!this.#started) return;
    this.#clearTimer(service);
    this.#timers.set(service, setTimeout(() => this.wake(service), Math.min(FULL_INTERVAL_MS, Math.max(1, delayMs))));
  }

  #clearTimer(service: string): void {
    clearTimeout(this.#timers.get(service));
    this.#timers.delete(service);
  }
}
