import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { dial, FrameType, type StopMessage } from '../../../wire/index.ts';
import type { Group, PlatformGroups } from './cgroups/index.ts';
import { readConfig } from './local-target.ts';
import { clearBox } from './sandbox/worker-box.ts';
import { pathsOf, removeWorkerFiles } from './sandbox/worker-paths.ts';

const DIAL_TIMEOUT_MS = 2_000;
const LEAVE_TIMEOUT_MS = 30_000;
const LEAVE_POLL_MS = 200;

export interface SweepReport {
  /** Replicas that nobody knew and that still ran; they were asked to leave. */
  readonly stopped: readonly string[];
  /** Files of workers that no longer run. */
  readonly removedFiles: number;
}

/**
 * Ends workers in a run directory that no record knows (control died between starting one and noting it) and removes what
 * dead ones left. Call it after adoption. A worker that does not answer is ended where it has a user id of its own, else it leaves by itself
 * after its orphan grace; where it has a control group, that ends, with all that is in it, when it is empty or after a while.
 */
export async function sweepOrphans(runDirectory: string, knownReplicas: ReadonlySet<string>, groups: PlatformGroups | null = null): Promise<SweepReport> {
  const names = (await readdir(runDirectory)).filter((name) => name.startsWith('worker-'));
  const stopped: string[] = [];
  const kept = new Set<string>();
  let removedFiles = 0;
  for (const name of names.filter((candidate) => candidate.endsWith('.json'))) {
    const configPath = join(runDirectory, name);
    const config = await readConfig(configPath);
    if (config && knownReplicas.has(config.replica)) {
      kept.add(name.slice(0, -'.json'.length));
      continue;
    }
    const leaves = config !== null && (await askToLeave(config.socketPath, config.token));
    if (leaves) stopped.push(config.replica);
    await (leaves ? removeWorkerFiles : clearBox)(pathsOf(configPath));
    removedFiles++;
  }
  for (const name of names.filter((candidate) => !candidate.endsWith('.json') && !kept.has(candidate.split('.')[0] as string))) {
    await rm(join(runDirectory, name), { recursive: true, force: true });
    removedFiles++;
  }
  for (const name of groups?.workers() ?? []) if (!kept.has(name)) void endWhenEmpty(groups?.find(name) ?? null);
  return { stopped, removedFiles };
}

/** What leaves may finish what it has; what has lost its worker, or does not leave, is ended. */
async function endWhenEmpty(group: Group | null): Promise<void> {
  for (const deadline = performance.now() + LEAVE_TIMEOUT_MS; group?.processes().length && performance.now() < deadline; ) await wait(LEAVE_POLL_MS, undefined, { ref: false });
  await group?.end();
}

async function askToLeave(socketPath: string, token: string): Promise<boolean> {
  const dialled = await dial(socketPath, { role: 'control', token }, DIAL_TIMEOUT_MS).catch(() => null);
  if (!dialled) return false;
  dialled.connection.send(FrameType.stop, 0, { graceMs: DIAL_TIMEOUT_MS, reason: 'nobody knows this replica' } satisfies StopMessage);
  dialled.connection.end();
  return true;
}
