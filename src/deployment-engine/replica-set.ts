import { type Clock, type EventSink, isTerminal, type ReplicaReason, type ReplicaState, transition } from '../core/index.ts';
import type { Log } from './log.ts';
import type { EngineStore } from './store.ts';
import type { Replica } from './state.ts';

export interface ReplicaSetDependencies {
  readonly store: EngineStore;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly log: Log;
  /** A replica's phase changed: look at its service again. */
  readonly onChange: (replica: Replica, before: ReplicaState) => void;
}

/**
 * Every replica that is not over, and the newest of those that are. The only place where a phase changes; each change is
 * written and told. What has happened to a worker stays true even when the disk is full, so memory never waits for the row.
 */
export class ReplicaSet {
  readonly #replicas = new Map<string, Replica>();
  readonly #dependencies: ReplicaSetDependencies;
  #writes: Promise<void> = Promise.resolve();

  constructor(dependencies: ReplicaSetDependencies) {
    this.#dependencies = dependencies;
  }

  get(id: string): Replica | undefined {
    return this.#replicas.get(id);
  }

  all(): Iterable<Replica> {
    return this.#replicas.values();
  }

  /** Those of a service that are not over, oldest first. */
  live(service?: string): readonly Replica[] {
    return [...this.#replicas.values()].filter((replica) => !isTerminal(replica.state.phase) && (service === undefined || replica.service === service));
  }

  /** Takes a replica in without telling: it is new, or was there before this process. */
  add(replica: Replica): void {
    this.#replicas.set(replica.id, replica);
  }

  forget(ids: readonly string[]): void {
    for (const id of ids) this.#replicas.delete(id);
  }

  change(replica: Replica, to: ReplicaState): void {
    const before = replica.state;
    replica.state = transition(before, to);
    replica.since = this.#dependencies.clock.now();
    if (to.phase === 'draining') replica.drainingSince = replica.since;
    this.save(replica);
    this.#tell(replica, before);
    this.#dependencies.onChange(replica, before);
  }

  /** What a replica waits for within its phase. Messages change often: only the first of each reason is written and told. */
  note(replica: Replica, reason: ReplicaReason, message: string): void {
    const before = replica.state;
    replica.state = { ...before, reason, message };
    if (before.reason === reason) return;
    this.save(replica);
    this.#tell(replica, before);
    this.#dependencies.onChange(replica, before);
  }

  /** Writes the row, after earlier writes. */
  save(replica: Replica): void {
    const { store, log } = this.#dependencies;
    this.#writes = this.#writes.then(() => store.saveReplica(replica)).catch((error) => log.error({ err: error, replica: replica.id }, 'replica could not be written'));
  }

  /** Resolves when every write so far is done or has failed. */
  async flush(): Promise<void> {
    await this.#writes;
  }

  #tell(replica: Replica, before: ReplicaState): void {
    const { phase, reason, message } = replica.state;
    this.#dependencies.events.record({
      severity: phase === 'failed' ? 'error' : 'info',
      reason: EVENT_REASONS[phase],
      message: `replica ${replica.id} of ${replica.service}:${replica.version} is ${phase}: ${message ? `${reason}: ${message}` : reason}`,
      actor: 'engine',
      repository: replica.repository, service: replica.service, version: replica.version, replica: replica.id,
      before: before.phase, after: phase,
    });
  }
}

const EVENT_REASONS = {
  pending: 'ReplicaPending', starting: 'ReplicaStarting', ready: 'ReplicaReady', draining: 'ReplicaDraining', stopped: 'ReplicaStopped', failed: 'ReplicaFailed',
} as const satisfies Record<ReplicaState['phase'], string>;

export const replicaState = (phase: ReplicaState['phase'], reason: ReplicaReason, message = ''): ReplicaState => ({ phase, reason, message });
