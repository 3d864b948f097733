import { join } from 'node:path';
import { Child } from '../child.ts';

/** Processes that only take CPU: what a neighbour would cost that shares nothing but the cores. */
export class Strangers {
  readonly #children: readonly Child[];

  constructor(count: number) {
    this.#children = Array.from({ length: count }, () => new Child(join(import.meta.dirname, 'stranger-main.ts')));
  }

  /** Keeps so many cores busy, split evenly, until `stop`. */
  async start(cores: number): Promise<void> {
    const share = Math.min(1, cores / this.#children.length);
    await Promise.all(this.#children.map((child) => child.call('start', share)));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.call('stop')));
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.dispose()));
  }
}
