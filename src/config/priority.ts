import { readdirSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/** Steps, as `nice` counts, that control stands behind what requests pass through. */
const STEPS = 5;

let served: number | null = null;

/**
 * Control hashes, commits and collects for seconds at a time; gateways and workers need a core for moments, at once. So
 * control steps back, if it may give its children their priority again (which takes root).
 */
export function standBack(): void {
  if (served !== null || process.getuid?.() !== 0) return;
  const own = getPriority();
  if (own + STEPS > 19) return;
  // The threads that V8 and libuv have started each have a priority of their own; later ones inherit it.
  for (const thread of readdirSync('/proc/self/task')) setPriority(Number(thread), own + STEPS);
  served = own;
}

/** Gives a process that was just started the priority that control had. */
export function putForward(pid: number): void {
  if (served === null) return;
  try {
    setPriority(pid, served);
  } catch {
    // It has ended already, or a container takes the right from root: then it runs as control does.
  }
}
