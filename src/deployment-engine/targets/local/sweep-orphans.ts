import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { dial, FrameType, type StopMessage } from '../../../wire/index.ts';
import { readConfig } from './local-target.ts';
import { removeWorkerFiles } from './local-worker.ts';

const DIAL_TIMEOUT_MS = 2_000;

export interface SweepReport {
  /** Replicas that nobody knew and that still ran; they were asked to leave. */
  readonly stopped: readonly string[];
  /** Files of workers that no longer run. */
  readonly removedFiles: number;
}

/**
 * Ends workers in a run directory that no record knows (control died between starting one and noting it) and removes what
 * dead ones left. Call it after adoption. A worker that does not answer leaves by itself after its orphan grace.
 */
export async function sweepOrphans(runDirectory: string, knownReplicas: ReadonlySet<string>): Promise<SweepReport> {
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
    if (config && (await askToLeave(config.socketPath, config.token))) stopped.push(config.replica);
    await removeWorkerFiles({ configPath, socketPath: configPath.replace(/\.json$/, '.sock') });
    removedFiles++;
  }
  for (const name of names.filter((candidate) => !candidate.endsWith('.json') && !kept.has(candidate.split('.')[0] as string))) {
    await rm(join(runDirectory, name), { force: true });
    removedFiles++;
  }
  return { stopped, removedFiles };
}

async function askToLeave(socketPath: string, token: string): Promise<boolean> {
  const dialled = await dial(socketPath, { role: 'control', token }, DIAL_TIMEOUT_MS).catch(() => null);
  if (!dialled) return false;
  dialled.connection.send(FrameType.stop, 0, { graceMs: DIAL_TIMEOUT_MS, reason: 'nobody knows this replica' } satisfies StopMessage);
  dialled.connection.end();
  return true;
}
