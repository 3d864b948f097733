import { LeptonError } from '../../../core/index.ts';

const WAIT_MAX_MS = 5_000;
const WAITERS_MAX = 1_000;

/** What is said when no table came in time. */
export function noTableYet(): LeptonError {
  return new LeptonError('VERSION_NOT_READY', 'the gateway has just started and does not know the services yet', { retryAfterSeconds: 1 });
}

/** Where requests wait that came before the first routing table: bounded in number and time. */
export class FirstTable {
  #waiters = new Set<() => void>();

  /** Resolves when the table is there; rejects with VERSION_NOT_READY after five seconds, or at once if too many wait. */
  wait(): Promise<void> {
    if (this.#waiters.size >= WAITERS_MAX) return Promise.reject(noTableYet());
    return new Promise((resolve, reject) => {
      const arrived = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiters.delete(arrived);
        reject(noTableYet());
      }, WAIT_MAX_MS);
      this.#waiters.add(arrived);
    });
  }

  arrived(): void {
    const waiters = this.#waiters;
    this.#waiters = new Set();
    for (const arrived of waiters) arrived();
  }
}
