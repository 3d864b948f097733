/** Lets callers wait for the reconciler's next pass over any service. */
export class Passes {
  readonly #listeners = new Set<() => void>();

  /** A pass is over. */
  passed(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Resolves with the next pass, or after `timeoutMs` without. */
  next(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#listeners.delete(done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.#listeners.add(done);
    });
  }
}
