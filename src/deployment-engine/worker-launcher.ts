import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { asLeptonError, type Clock, completeProfile, type DeploymentSpec, isTerminal, type ReplicaReason, type Version } from '../core/index.ts';
import type { ModelRepository } from '../model-repository/index.ts';
import { declaredLimits } from './declared-limits.ts';
import type { Log } from './log.ts';
import { shapeOf } from './plan/index.ts';
import type { Profiles } from './profiles/index.ts';
import { type ReplicaSet, replicaState } from './replica-set.ts';
import { type LoadTurn, LoadTurns } from './residency/index.ts';
import type { RuntimeFor, WorkerCommand } from './runtimes/index.ts';
import type { Replica } from './state.ts';
import { type Target, UNLIMITED, type WorkerExit, type WorkerHandle } from './targets/index.ts';

export interface LauncherDependencies {
  readonly repository: ModelRepository;
  readonly profiles: Pick<Profiles, 'known' | 'loaded'>;
  readonly target: Target;
  readonly runtimeFor: RuntimeFor;
  readonly replicas: ReplicaSet;
  readonly clock: Clock;
  readonly log: Log;
  readonly logDirectory: string;
  readonly orphanGraceMs: number;
}

/** A replica may be told to leave while its worker is still being started. */
const LAUNCH_ABANDONED_GRACE_MS = 0;
const NOT_WANTED = new Error('the replica is not wanted any more');

/** Makes replicas out of deployments, and keeps their phase equal to what their workers say. */
export class WorkerLauncher {
  readonly #dependencies: LauncherDependencies;
  /** Replicas without a worker yet, by id. */
  readonly #preparing = new Map<string, AbortController>();
  readonly #turns = new LoadTurns();
  /** Of replicas that load, by id. */
  readonly #turnOf = new Map<string, LoadTurn>();
  #abandoned = false;

  constructor(dependencies: LauncherDependencies) {
    this.#dependencies = dependencies;
  }

  logFile(replica: string): string {
    return join(this.#dependencies.logDirectory, `${replica}.log`);
  }

  /**
   * Records a new replica and starts its worker behind it; never rejects, the replica's phase tells. `awaited`: requests wait
   * for it, so that it need not wait for other loads.
   */
  launch(service: string, deployment: DeploymentSpec, attempt: number, awaited = false): Replica {
    const { clock, replicas } = this.#dependencies;
    const now = clock.now();
    const replica: Replica = {
      id: randomBytes(8).toString('hex'),
      service, version: deployment.version, repository: deployment.repository, digest: deployment.digest, shape: shapeOf(deployment), declared: declaredLimits(deployment.resources), threads: deployment.resources.threads,
      drainTimeoutMs: deployment.timeouts.drainTimeoutMs,
      createdAt: now, since: now, attempt,
      state: replicaState('pending', 'Created'),
      handle: null, profile: null, usage: null, drainingSince: null, leftGeneration: null, stopping: null,
    };
    replicas.add(replica);
    replicas.save(replica);
    void this.#start(replica, deployment, awaited);
    return replica;
  }

  async #start(replica: Replica, deployment: DeploymentSpec, awaited: boolean): Promise<void> {
    let reason: ReplicaReason = 'ArtefactMissing';
    const preparing = new AbortController();
    this.#preparing.set(replica.id, preparing);
    const givenUp = (): boolean => this.#abandoned || isTerminal(replica.state.phase);
    try {
      const version = await this.#versionOf(deployment);
      const modelDirectory = await this.#dependencies.repository.materialise(deployment.digest);
      if (givenUp()) return;
      reason = 'EnvironmentFailed';
      const command = await this.#prepare(replica, version, preparing.signal);
      if (givenUp()) return;
      const turn = await this.#takeTurn(replica, awaited);
      if (givenUp()) return;
      reason = 'SpawnFailed';
      const handle = await this.#dependencies.target.start(this.#workerSpec(replica, deployment, version, modelDirectory, command, turn));
      if (isTerminal(replica.state.phase)) return void (await handle.stop(LAUNCH_ABANDONED_GRACE_MS, 'no longer wanted'));
      turn.begin(handle);
      replica.handle = handle;
      this.#dependencies.replicas.change(replica, replicaState('starting', 'Spawned', `process ${handle.pid}`));
      this.#attach(replica, handle);
    } catch (thrown) {
      if (givenUp()) return;
      this.#dependencies.replicas.change(replica, replicaState('failed', reason, asLeptonError(thrown).message));
    } finally {
      this.#preparing.delete(replica.id);
      if (replica.state.phase !== 'starting') this.#endTurn(replica);
    }
  }

  async #takeTurn(replica: Replica, awaited: boolean): Promise<LoadTurn> {
    const { phase } = replica.state;
    if (phase === 'pending' && this.#turns.busy(awaited)) this.#dependencies.replicas.note(replica, 'LoadQueued', 'waits until another version has loaded, so that those that serve keep their cores');
    const turn = await this.#turns.enter(awaited);
    this.#turnOf.set(replica.id, turn);
    return turn;
  }

  #endTurn({ id }: Replica): void {
    this.#turnOf.get(id)?.end();
    this.#turnOf.delete(id);
  }

  /** The worker's load time-out does not run yet: what a format needs may have to be built first. */
  #prepare(replica: Replica, { manifest }: Version, signal: AbortSignal): Promise<WorkerCommand> {
    const { runtimeFor, replicas } = this.#dependencies;
    return runtimeFor(manifest.format).prepare({
      manifest, signal,
      progress: (message) => {
        if (replica.state.phase === 'pending') replicas.note(replica, 'EnvironmentBuilding', message);
      },
      output: (text) => this.#writeLog(replica, text),
    });
  }

  #writeLog(replica: Replica, text: string): void {
    try {
      appendFileSync(this.logFile(replica.id), text, { mode: 0o600 });
    } catch (error) {
      this.#dependencies.log.warn({ err: error, replica: replica.id }, 'the log could not be written');
    }
  }

  /** Lets what is being prepared go; a control process that comes after begins again. */
  abandon(): void {
    this.#abandoned = true;
    for (const preparing of this.#preparing.values()) preparing.abort(NOT_WANTED);
  }

  async #versionOf(deployment: DeploymentSpec): Promise<Version> {
    const version = await this.#dependencies.repository.getVersion(deployment.repository, deployment.version);
    if (version.digest === deployment.digest) return version;
    throw new Error(`${deployment.repository}:${deployment.version} is now ${version.digest}, deployed was ${deployment.digest}`);
  }

  #workerSpec(replica: Replica, deployment: DeploymentSpec, version: Version, modelDirectory: string, command: WorkerCommand, { cpuWeight }: LoadTurn) {
    const { manifest } = version;
    return {
      worker: {
        replica: replica.id, service: replica.service, version: replica.version, digest: deployment.digest,
        format: manifest.format, modelDirectory, entry: manifest.entry, signature: manifest.signature, batching: manifest.batching,
        resources: deployment.resources, timeouts: deployment.timeouts, profile: this.#dependencies.profiles.known(deployment.digest, deployment.resources.threads, { urgent: replica.attempt > 0 || deployment.replicas.min === 0 }), orphanGraceMs: this.#dependencies.orphanGraceMs,
      },
      command,
      logFile: this.logFile(replica.id),
      limits: { ...UNLIMITED, ...replica.declared, cpuWeight },
    };
  }

  /** Follows a worker that an earlier control process started, which may have gone while the worker stood behind others to load. */
  adopt(replica: Replica, handle: WorkerHandle): void {
    this.#turnOf.set(replica.id, this.#turns.resume(handle));
    this.#attach(replica, handle);
  }

  /** Follows a worker's status and end. */
  #attach(replica: Replica, handle: WorkerHandle): void {
    const { replicas } = this.#dependencies;
    handle.onStatus((status) => {
      if (status.phase !== 'loading') this.#endTurn(replica);
      if (status.phase === 'ready' && replica.state.phase === 'starting') {
        replica.profile = status.profile ? completeProfile(status.profile) : null;
        if (replica.profile) this.#dependencies.profiles.loaded(replica.digest, replica.threads, replica.profile);
        replicas.change(replica, replicaState('ready', 'Loaded', status.message));
      }
      if (status.phase === 'failed' && !isTerminal(replica.state.phase) && !replica.stopping) replicas.change(replica, replicaState('failed', status.reason, status.message));
    });
    handle.onExit((exit) => this.#ended(replica, exit));
  }

  #ended(replica: Replica, exit: WorkerExit): void {
    this.#endTurn(replica);
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
    if (!replica.handle) {
      replicas.change(replica, replicaState('stopped', reason, message));
      return this.#preparing.get(replica.id)?.abort(NOT_WANTED);
    }
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
