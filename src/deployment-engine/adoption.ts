import { type Clock, completeProfile, type EventSink, isTerminal, type LoadProfile, type ReplicaPhase, type ReplicaReason, type ServiceSpec } from '../core/index.ts';
import { readFile } from 'node:fs/promises';
import type { Row } from '../database/index.ts';
import type { WorkerConfig } from '../wire/index.ts';
import { declaredLimits } from './declared-limits.ts';
import type { Log } from './log.ts';
import { shapeOf } from './plan/index.ts';
import { type ReplicaSet, replicaState } from './replica-set.ts';
import type { Replica, ServiceState } from './state.ts';
import type { EngineStore } from './store.ts';
import { type PlatformGroups, sweepOrphans, type Target, UNLIMITED, type WorkerHandle } from './targets/index.ts';
import type { WorkerLauncher } from './worker-launcher.ts';

export interface AdoptionDependencies {
  readonly services: ReadonlyMap<string, ServiceState>;
  readonly store: EngineStore;
  readonly replicas: ReplicaSet;
  readonly launcher: WorkerLauncher;
  readonly target: Target;
  readonly runDirectory: string;
  readonly groups: PlatformGroups | null;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Finds again what an earlier control process left running. Every replica that is not over is asked for; those that do not
 * answer become `failed` (Lost). Nothing is planned before this has finished, so nothing is ended because it was not seen yet.
 */
export async function adoptReplicas(dependencies: AdoptionDependencies): Promise<void> {
  const { store, replicas, runDirectory, groups, log } = dependencies;
  const rows = await store.replicaRows();
  await Promise.all(rows.map((row) => adoptRow(row, dependencies)));
  const known = new Set(replicas.live().map((replica) => replica.id));
  const swept = await sweepOrphans(runDirectory, known, groups);
  if (swept.stopped.length) log.warn({ replicas: swept.stopped }, 'ended workers that no record knows');
  await replicas.flush();
}

async function adoptRow(row: Row<'replicas'>, dependencies: AdoptionDependencies): Promise<void> {
  const { replicas, target, launcher } = dependencies;
  const over = isTerminal(row.phase as ReplicaPhase);
  const config = over ? null : await readWorkerConfig(row.config_path);
  const replica = replicaOf(row, config);
  if (!over) replica.drainTimeoutMs = await drainTimeoutMs(row, config, dependencies);
  replicas.add(replica);
  if (over) return;
  const handle = await find(row, target, launcher);
  if (!handle) return replicas.change(replica, replicaState('failed', 'Lost', `it was ${row.phase} when control ended and runs no more`));
  resume(replica, handle, dependencies);
}

/** What the newest settings of the version say, even if it leaves already; the worker's file has what it was started with. */
async function drainTimeoutMs(row: Row<'replicas'>, config: WorkerConfig | null, { services, store }: AdoptionDependencies): Promise<number> {
  const service = services.get(row.service);
  const newest = (specs: readonly (ServiceSpec | undefined)[]) => specs.flatMap((spec) => spec?.deployments ?? []).find((deployment) => deployment.version === row.version)?.timeouts.drainTimeoutMs;
  return newest([service?.desired?.spec, service?.serving?.spec]) ?? newest((await store.revisions(row.service)).map(({ spec }) => spec)) ?? config?.timeouts.drainTimeoutMs ?? 0;
}

async function find(row: Row<'replicas'>, target: Target, launcher: WorkerLauncher): Promise<WorkerHandle | null> {
  if (row.pid === null || row.pid_start_time === null) return null;
  return target.adopt({ replica: row.id, pid: row.pid, pidStartTime: row.pid_start_time, token: row.token, socketPath: row.socket_path, configPath: row.config_path, logFile: launcher.logFile(row.id) });
}

/** The worker goes on where it was; what it did meanwhile comes as its status. */
function resume(replica: Replica, handle: WorkerHandle, { replicas, launcher, events }: AdoptionDependencies): void {
  replica.handle = handle;
  replica.declared = declaredLimits(handle.limits.limits);
  if (replica.state.phase === 'pending') replicas.change(replica, replicaState('starting', 'Adopted', `process ${handle.pid}`));
  events.record({ severity: 'info', reason: 'ReplicaAdopted', message: `replica ${replica.id} of ${replica.service}:${replica.version} (process ${handle.pid}) still runs and was taken over`, actor: 'engine', repository: replica.repository, service: replica.service, version: replica.version, replica: replica.id });
  launcher.adopt(replica, handle);
}

function replicaOf(row: Row<'replicas'>, config: WorkerConfig | null): Replica {
  const since = Date.parse(row.updated_at);
  const shape = config ? shapeOf({ version: config.version, digest: config.digest, resources: config.resources }) : `${row.version}|${row.digest}|unknown`;
  return {
    id: row.id, service: row.service, version: row.version, repository: row.repository, digest: row.digest as Replica['digest'], shape, threads: config?.resources.threads ?? 1,
    drainTimeoutMs: 0, createdAt: Date.parse(row.created_at), attempt: row.attempt, declared: declaredLimits(UNLIMITED),
    state: replicaState(row.phase as ReplicaPhase, row.reason as ReplicaReason, row.message),
    since, handle: null, profile: row.profile === null ? null : completeProfile(JSON.parse(row.profile) as LoadProfile), usage: null,
    drainingSince: row.phase === 'draining' ? since : null, leftGeneration: null, stopping: null,
  };
}

async function readWorkerConfig(path: string): Promise<WorkerConfig | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as WorkerConfig;
  } catch {
    return null;
  }
}
