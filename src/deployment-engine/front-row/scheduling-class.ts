import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const TIMEOUT_MS = 2_000;

/** Round-robin priorities of sched(7): a gateway comes before workers, both before whatever has none (null). */
export type FrontPriority = 1 | 2 | null;

/** Puts all threads of a process into a scheduling class; what they start later is as everybody. Rejects with the tool's words. */
export async function setFrontPriority(pid: number, priority: FrontPriority): Promise<void> {
  const how = priority === null ? ['--other', '--pid', '0'] : ['--reset-on-fork', '--rr', '--pid', String(priority)];
  await run('chrt', ['--all-tasks', ...how, String(pid)], { timeout: TIMEOUT_MS });
}
