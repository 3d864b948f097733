/** Bytes above what the last collection left from which another is worth its pause. */
const GROWN_BYTES = 8 * 2 ** 20;

/**
 * V8 collects when memory is asked for, so what a burst of requests has left stays until the next one. A program that asks
 * this every few seconds gives it back while nobody waits.
 */
export class IdleCollection {
  #lastActivity = 0;
  #leftBytes: number;

  /** `usedBytes`: of the heap and of what hangs on it. */
  constructor(usedBytes: number) {
    this.#leftBytes = usedBytes;
  }

  /** Whether to collect now. `activity` counts what was done so far; none since the last question means quiet. */
  due(activity: number, usedBytes: number): boolean {
    const quiet = activity === this.#lastActivity;
    this.#lastActivity = activity;
    return quiet && usedBytes > this.#leftBytes + GROWN_BYTES;
  }

  collected(usedBytes: number): void {
    this.#leftBytes = usedBytes;
  }
}

/** Collects while idle, every `intervalMs`; does nothing in a program that was started without --expose-gc. */
export function collectWhenIdle(activity: () => number, intervalMs = 3000): void {
  const gc = globalThis.gc as ((options: { type: 'major'; execution: 'async' }) => Promise<void>) | undefined;
  if (!gc) return;
  const idle = new IdleCollection(usedBytes());
  setInterval(() => {
    if (idle.due(activity(), usedBytes())) void gc({ type: 'major', execution: 'async' }).then(() => idle.collected(usedBytes()));
  }, intervalMs).unref();
}

function usedBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
