import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { asLeptonError, type Clock, type DeploymentSpec, isTerminal, type ReplicaReason, type Version } from '../core/index.ts';
import type { ModelRepository } from '../model-repository/index.ts';
import type { Log } from './log.ts';
import { shapeOf } from './plan/index.ts';
import { type ReplicaSet, replicaState } from './replica-set.ts';
import { runtimeFor } from './runtimes/index.ts';
import type { Replica } from './state.ts';
import type { Target, WorkerExit, WorkerHandle } from './targets/index.ts';

export interface LauncherDependencies {
  readonly repository: ModelRepository;
  readonly target: Target;
  readonly replicas: ReplicaSet;
  readonly clock: Clock;
  readonly log: Log;
  readonly logDirectory: string;
  readonly orphanGraceMs: number;
}

/** A replica may be told to leave while its worker is still being started. */
const LAUNCH_ABANDONED_GRACE_MS = 0;

/** Makes replicas out of deployments, and keeps their phase equal to what their workers say. */
export class WorkerLauncher {
  readonly #dependencies: LauncherDependencies;

  constructor(dependencies: LauncherDependencies) {
    this.#dependencies = dependencies;
  }

  logFile(replica: string): string {
    return join(this.#dependencies.logDirectory, `${replica}.log`);
  }

  /** Records a new replica and starts its worker behind it; never rejects, the replica's phase tells. */
  launch(service: string, deployment: DeploymentSpec, attempt: number): Replica {
    const { clock, replicas } = this.#dependencies;
    const now = clock.now();
    const replica: Replica = {
      id: randomBytes(8).toString('hex'),
      service, version: deployment.version, repository: deployment.repository, digest: deployment.digest, shape: shapeOf(deployment),
      drainTimeoutMs: deployment.timeouts.drainTimeoutMs,
      createdAt: now, since: now, attempt,
      state: replicaState('pending', 'Created'),
      handle: null, profile: null, usage: null, drainingSince: null, leftGeneration: null, stopping: null,
    };
    replicas.add(replica);
    replicas.save(replica);
    void this.#start(replica, deployment);
    return replica;
  }

  async #start(replica: Replica, deployment: DeploymentSpec): Promise<void> {
    let reason: ReplicaReason = 'ArtefactMissing';
    try {
      const version = await this.#versionOf(deployment);
      const modelDirectory = await this.#dependencies.repository.materialise(deployment.digest);
      if (isTerminal(replica.state.phase)) return;
      reason = 'SpawnFailed';
      const handle = await this.#dependencies.target.start(this.#workerSpec(replica, deployment, version, modelDirectory));
      if (isTerminal(replica.state.phase)) return void (await handle.stop(LAUNCH_ABANDONED_GRACE_MS, 'no longer wanted'));
      replica.handle = handle;
      this.#dependencies.replicas.change(replica, replicaState('starting', 'Spawned', `process ${handle.pid}`));
      this.attach(replica, handle);
    } catch (thrown) {
      if (isTerminal(replica.state.phase)) return;
      this.#dependencies.replicas.change(replica, replicaState('failed', reason, asLeptonError(thrown).message));
    }
  }

  async #versionOf(deployment: DeploymentSpec): Promise<Version> {
    const version = await this.#dependencies.repository.getVersion(deployment.repository, deployment.version);
    if (version.digest === deployment.digest) return version;
    throw new Error(`${deployment.repository}:${deployment.version} is now ${version.digest}, deployed was ${deployment.digest}`);
  }

  #workerSpec(replica: Replica, deployment: DeploymentSpec, version: Version, modelDirectory: string) {
    const { manifest } = version;
    return {
      worker: {
        replica: replica.id, service: replica.service, version: replica.version, digest: deployment.digest,
        format: manifest.format, modelDirectory, entry: manifest.entry, signature: manifest.signature, batching: manifest.batching,
        resources: deployment.resources, timeouts: deployment.timeouts, orphanGraceMs: this.#dependencies.orphanGraceMs,
      },
      command: (configPath: string) => runtimeFor(manifest.format).command(configPath),
      logFile: this.logFile(replica.id),
    };
  }

  /** Follows a worker's status and end, of one just started or one adopted. */
  attach(replica: Replica, handle: WorkerHandle): void {
    const { replicas } = this.#dependencies;
    handle.onStatus((status) => {
      if (status.phase === 'ready' && replica.state.phase === 'starting') {
        replica.profile = status.profile ?? null;
        replicas.change(replica, replicaState('ready', 'Loaded', status.message));
      }
      if (status.phase === 'failed' && !isTerminal(replica.state.phase) && !replica.stopping) replicas.change(replica, replicaState('failed', status.reason, status.message));
    });
    handle.onExit((exit) => this.#ended(replica, exit));
  }

  #ended(replica: Replica, exit: WorkerExit): void {
    if (isTerminal(replica.state.phase)) return;
    const { replicas } = this.#dependencies;
    if (replica.stopping) return replicas.change(replica, replica.stopping);
    replicas.change(replica, replicaState('failed', exit.reason, exit.message));
  }

  /** Out of the table first; the worker goes on until it is told to stop. */
  drain(replica: Replica, reason: ReplicaReason, message: string): void {
    this.#dependencies.replicas.change(replica, replicaState('draining', reason, message));
  }

  /** Ends the worker; the phase follows when it is gone. A second call does nothing. */
  stop(replica: Replica, reason: ReplicaReason, message: string, graceMs: number): void {
    const { replicas, log } = this.#dependencies;
    if (replica.stopping || isTerminal(replica.state.phase)) return;
    if (!replica.handle) return replicas.change(replica, replicaState('stopped', reason, message));
    if (replica.state.phase !== 'draining') replicas.change(replica, replicaState('draining', reason, message));
    replica.stopping = replicaState('stopped', reason, message);
    void replica.handle.stop(graceMs, message).then((exit) => this.#ended(replica, exit), (error) => log.error({ err: error, replica: replica.id }, 'worker could not be stopped'));
  }

  /** Ends a worker that does not answer. */
  condemn(replica: Replica, message: string): void {
    const { replicas, log } = this.#dependencies;
    if (replica.stopping || isTerminal(replica.state.phase)) return;
    replicas.change(replica, replicaState('failed', 'Hung', message));
    void replica.handle?.kill().catch((error) => log.error({ err: error, replica: replica.id }, 'worker could not be killed'));
  }
}
