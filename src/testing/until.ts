import { setTimeout as sleep } from 'node:timers/promises';

type Nothing = null | undefined | false;

/** Polls until `probe` gives something other than null, undefined or false, and resolves with that; rejects with the probe's last error after `timeoutMs`. */
export async function until<T>(what: string, probe: () => Promise<T | Nothing> | T | Nothing, timeoutMs = 30_000): Promise<T> {
  let last: unknown;
  for (const deadline = performance.now() + timeoutMs; ; await sleep(10)) {
    try {
      const found = await probe();
      if (found !== null && found !== undefined && found !== false) return found;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`, { cause: last });
  }
}
