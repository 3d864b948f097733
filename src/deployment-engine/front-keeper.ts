import { availableParallelism } from 'node:os';
import { basename } from 'node:path';
import type { Clock } from '../core/index.ts';
import { type FrontCandidate, type FrontPriority, FrontRow, setFrontPriority } from './front-row/index.ts';
import type { Log } from './log.ts';
import { isAlive, readProcess } from './process-table.ts';
import type { ReplicaSet } from './replica-set.ts';
import type { PlatformGroups } from './targets/index.ts';

export interface FrontKeeperDependencies {
  readonly replicas: ReplicaSet;
  readonly gateways: () => readonly { readonly pid: number; readonly startTime: string }[];
  /** null: this host's control groups are not used. */
  readonly groups: PlatformGroups | null;
  /** Whether the scheduler's plan gives nearly all cores away: then its shares decide among workers, which those in front would not keep to. */
  readonly contested: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

const GATEWAY_GROUP = 'gateway';

/** The front row of one platform: its gateways and ready workers, looked at every few seconds. */
export class FrontKeeper {
  readonly #dependencies: FrontKeeperDependencies;
  readonly #row: FrontRow;
  /** Control groups by process. */
  readonly #homes = new Map<number, string>();

  constructor(dependencies: FrontKeeperDependencies) {
    this.#dependencies = dependencies;
    this.#row = new FrontRow({ hostCores: availableParallelism(), log: dependencies.log, isAlive, setPriority: (pid, priority) => this.#put(pid, priority) });
  }

  /** Never rejects: what can't be had is logged once. */
  async look(): Promise<void> {
    const { clock, log } = this.#dependencies;
    this.#homes.clear();
    await this.#row.look([...this.#gateways(), ...this.#workers()], clock.monotonic()).catch((error: unknown) => log.error({ err: error }, 'the front row could not be looked at'));
  }

  /** Everybody is alike again: nobody will be looking. */
  dissolve(): Promise<void> {
    return this.#row.dissolve();
  }

  #gateways(): FrontCandidate[] {
    return this.#dependencies.gateways().map((gateway) => {
      this.#homes.set(gateway.pid, GATEWAY_GROUP);
      return { ...gateway, kind: 'gateway', runMs: null, cpuSeconds: readProcess(gateway.pid)?.cpuSeconds ?? 0 };
    });
  }

  /** One with a quota of cores stays in its group, which holds it to that. */
  #workers(): FrontCandidate[] {
    const contested = this.#dependencies.contested();
    return this.#dependencies.replicas.live().flatMap(({ state, handle, usage, profile }) => {
      if (state.phase !== 'ready' || !handle || !usage || handle.limits.limits.cpus !== null) return [];
      this.#homes.set(handle.pid, basename(handle.record.configPath, '.json'));
      return [{ pid: handle.pid, startTime: handle.pidStartTime, kind: 'worker' as const, runMs: contested ? null : (profile?.latencyMsByBatch['1'] ?? null), cpuSeconds: usage.cpuSeconds }];
    });
  }

  async #put(pid: number, priority: FrontPriority): Promise<void> {
    const { groups } = this.#dependencies;
    const home = this.#homes.get(pid) ?? '';
    if (priority !== null) groups?.leaveCpuGroup(pid);
    try {
      await setFrontPriority(pid, priority);
    } catch (error) {
      groups?.rejoinCpuGroup(pid, home);
      throw error;
    }
    if (priority === null) groups?.rejoinCpuGroup(pid, home);
  }
}
