import { rmSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { isAlive, readStartTime } from '../../../process-table.ts';
import { readJson } from './layout.ts';

/** The process group that works on an environment now; its leader's start time tells it from a later one of the same id. */
interface LockHolder {
  readonly pid: number;
  readonly pidStartTime: string;
}

const POLL_MS = 20;
const GONE_MS = 10_000;

/** Writes down which process builds, so that a control that comes after us can end it: builds outlive a kill -9. */
export function holdLock(path: string, pid: number): void {
  writeFileSync(path, JSON.stringify({ pid, pidStartTime: readStartTime(pid) } satisfies LockHolder), { mode: 0o600 });
}

export function releaseLock(path: string): void {
  rmSync(path, { force: true });
}

/** Ends a build that an earlier control process left running, so that nobody else writes into the environment. */
export async function breakStaleLock(path: string): Promise<void> {
  const holder = await readJson<LockHolder>(path);
  if (holder && Number.isInteger(holder.pid) && holder.pid > 1) await endGroup(holder);
  releaseLock(path);
}

async function endGroup({ pid, pidStartTime }: LockHolder): Promise<void> {
  for (const deadline = performance.now() + GONE_MS; isAlive(pid, pidStartTime); await wait(POLL_MS)) {
    if (performance.now() > deadline) throw new Error(`process ${pid} of an earlier build does not end`);
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // Gone between the look and the signal.
    }
  }
}
