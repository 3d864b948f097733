import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Child } from '../child.ts';
import type { LoadPlan, LoadSnapshot } from './plan.ts';

/** A client in a process of its own. */
export class LoadProcess {
  readonly #child = new Child(join(import.meta.dirname, 'load-main.ts'));

  /**
   * Gives this client a core whenever it wants one, as a client on a machine of its own has: then a latency is the server's alone.
   * Resolves with whether that could be had (it takes root and util-linux).
   */
  async putInFront(): Promise<boolean> {
    const done = promisify(execFile)('chrt', ['--all-tasks', '--rr', '--pid', '1', String(this.#child.process.pid)]);
    return done.then(() => true, () => false);
  }

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
