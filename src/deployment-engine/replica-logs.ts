import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isTerminal, LeptonError } from '../core/index.ts';
import type { ReplicaSet } from './replica-set.ts';
import type { Replica } from './state.ts';
import type { EngineStore } from './store.ts';
import { tailLog, trimLog } from './targets/index.ts';

export interface ReplicaLogsDependencies {
  readonly directory: string;
  readonly bytesMax: number;
  readonly replicas: ReplicaSet;
  readonly store: EngineStore;
}

/** Replicas that are over and still listed, with their logs. */
const ENDED_KEPT = 50;
const LOG_NAME = /^([0-9a-f]{16})\.log$/;

/** Bounds what replicas write and what is kept of those that are over. */
export class ReplicaLogs {
  readonly #dependencies: ReplicaLogsDependencies;

  constructor(dependencies: ReplicaLogsDependencies) {
    this.#dependencies = dependencies;
  }

  /** The last lines; REPLICA_NOT_FOUND for a replica that is not known (any more). */
  tail(replica: string, bytes: number): string {
    if (this.#dependencies.replicas.get(replica)) return tailLog(this.#file(replica), bytes);
    throw new LeptonError('REPLICA_NOT_FOUND', `no replica has the id ${JSON.stringify(replica.slice(0, 128))}, or it ended too long ago (the newest ${ENDED_KEPT} are kept)`);
  }

  /** Cuts long logs, and forgets the oldest of the replicas that are over. */
  async tidy(): Promise<void> {
    const { replicas, store, bytesMax } = this.#dependencies;
    for (const replica of replicas.live()) trimLog(this.#file(replica.id), bytesMax);
    const ended = [...replicas.all()].filter((replica) => isTerminal(replica.state.phase)).sort((a, b) => b.since - a.since);
    const ids = ended.slice(ENDED_KEPT).map((replica: Replica) => replica.id);
    await store.deleteReplicas(ids);
    replicas.forget(ids);
    for (const id of ids) await rm(this.#file(id), { force: true });
  }

  /** Removes logs that belong to no replica; once, after adoption. */
  async sweep(): Promise<void> {
    for (const name of await readdir(this.#dependencies.directory)) {
      const id = LOG_NAME.exec(name)?.[1];
      if (id && !this.#dependencies.replicas.get(id)) await rm(join(this.#dependencies.directory, name), { force: true });
    }
  }

  #file(replica: string): string {
    return join(this.#dependencies.directory, `${replica}.log`);
  }
}
