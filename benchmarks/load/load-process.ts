import { join } from 'node:path';
import { Child } from '../child.ts';
import type { LoadPlan, LoadSnapshot } from './plan.ts';

/** A client in a process of its own. */
export class LoadProcess {
  readonly #child = new Child(join(import.meta.dirname, 'load-main.ts'));

  start(plan: LoadPlan): Promise<void> {
    return this.#child.call('start', plan);
  }

  /** What happened since `start` or the last call; the load goes on. */
  take(): Promise<LoadSnapshot> {
    return this.#child.call('take');
  }

  stop(): Promise<LoadSnapshot> {
    return this.#child.call('stop');
  }

  dispose(): Promise<void> {
    return this.#child.dispose();
  }
}
