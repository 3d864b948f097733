import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isTerminal, LeptonError } from '../core/index.ts';
import type { ReplicaSet } from './replica-set.ts';
import type { Replica } from './state.ts';
import type { EngineStore } from './store.ts';
import { tailLog } from './targets/index.ts';

export interface ReplicaLogsDependencies {
  readonly directory: string;
  /** Of the logs of ended replicas, all together. */
  readonly endedBytesMax: number;
  readonly replicas: ReplicaSet;
  readonly store: EngineStore;
}

/** Replicas that are over and still listed, with their logs. */
const ENDED_KEPT = 50;
const LOG_NAME = /^([0-9a-f]{16})\.log(?:\.times)?$/;

/** The logs of replicas, and what is kept of those that are over. */
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

  /** Forgets the oldest of the replicas that are over, by their number and by what their logs take. */
  async tidy(): Promise<void> {
    const { replicas, store } = this.#dependencies;
    const ended = [...replicas.all()].filter((replica) => isTerminal(replica.state.phase)).sort((a, b) => b.since - a.since);
    const ids = ended.slice(await this.#kept(ended)).map((replica: Replica) => replica.id);
    await store.deleteReplicas(ids);
    replicas.forget(ids);
    for (const id of ids) for (const file of [this.#file(id), `${this.#file(id)}.times`]) await rm(file, { force: true });
  }

  /** How many of the newest fit. The newest of all stays whatever it takes: it says why its version does not run. */
  async #kept(ended: readonly Replica[]): Promise<number> {
    let bytes = 0;
    for (const [index, { id }] of ended.slice(0, ENDED_KEPT).entries()) {
      bytes += await stat(this.#file(id)).then(({ size }) => size, () => 0);
      if (index > 0 && bytes > this.#dependencies.endedBytesMax) return index;
    }
    return ENDED_KEPT;
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
