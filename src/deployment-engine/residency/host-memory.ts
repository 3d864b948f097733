import { totalmem } from 'node:os';

/** Left to the kernel, the platform's own processes and everything else: a tenth, at least this. */
const RESERVE_MIN_BYTES = 512 * 2 ** 20;

/** What workers may have together where nobody has said: this machine's memory, or that of our own group where that is less, without a reserve. */
export function workerMemoryDefault(): number {
  // Of our control group, v1 or v2; 0 or beyond the machine's: no limit.
  const constrained = process.constrainedMemory();
  const total = constrained > 0 ? Math.min(totalmem(), constrained) : totalmem();
  return Math.max(total / 2, total - Math.max(RESERVE_MIN_BYTES, total / 10));
}
