import type { Log } from '../log.ts';
import type { Replica, ServiceState } from '../state.ts';

/** What a plan wants of one version. */
export interface Target {
  readonly service: string;
  readonly version: string;
  readonly replicas: number;
  readonly cpus: number;
  /** Of each replica where cores are short; 100 is normal. */
  readonly cpuWeight: number;
  /** What more requests of it would bring, to say which starts first. */
  readonly worth: number;
  readonly reason: string;
}

export interface AllocatorDependencies {
  readonly services: ReadonlyMap<string, ServiceState>;
  /** Not over yet. */
  readonly replicas: () => readonly Replica[];
  readonly wake: (service: string) => void;
  readonly log: Log;
}

/** A weight that differs less is left alone. */
const WEIGHT_CHANGE_MIN = 0.1;

/** Brings services' allocations to what the newest plan wants: at once down, and up one replica at a time, so that loads don't meet. */
export class Allocator {
  readonly #dependencies: AllocatorDependencies;
  #targets: readonly Target[] = [];

  constructor(dependencies: AllocatorDependencies) {
    this.#dependencies = dependencies;
  }

  get targets(): readonly Target[] {
    return this.#targets;
  }

  /** What runs stays until a plan says otherwise: after a start, replicas that were adopted. */
  keep(): void {
    for (const [key, group] of Map.groupBy(this.#dependencies.replicas(), ({ service, version }) => `${service}:${version}`)) {
      const [service = '', version = ''] = key.split(':');
      const standing = group.filter(({ state }) => state.phase !== 'draining').length;
      this.#dependencies.services.get(service)?.allocations.set(version, { replicas: standing, cpus: null, reason: 'as it was when control was started' });
    }
  }

  set(targets: readonly Target[]): void {
    this.#targets = targets;
    for (const target of targets) this.#lower(target);
    this.#forget();
    this.advance();
    void this.#weigh();
  }

  /** Starts the next replica that a plan wants, when none is loading. */
  advance(): void {
    if (this.#dependencies.replicas().some(isLoading)) return;
    const next = this.#targets.filter((target) => target.replicas > this.#allocated(target)).sort((a, b) => b.worth - a.worth)[0];
    if (next) this.#allocate(next, this.#allocated(next) + 1);
  }

  /** Down at once; up to what it had, where the plan wants more: the rest is for `advance`. */
  #lower(target: Target): void {
    this.#allocate(target, Math.min(target.replicas, this.#allocated(target)));
  }

  #allocated({ service, version }: Target): number {
    const allocations = this.#dependencies.services.get(service)?.allocations;
    return allocations?.get(version)?.replicas ?? this.#dependencies.replicas().filter((replica) => replica.service === service && replica.version === version && replica.state.phase !== 'draining').length;
  }

  #allocate({ service: name, version, cpus, reason }: Target, replicas: number): void {
    const service = this.#dependencies.services.get(name);
    if (!service) return;
    const before = service.allocations.get(version)?.replicas;
    service.allocations.set(version, { replicas, cpus, reason });
    if (before !== replicas) this.#dependencies.wake(name);
  }

  /** Versions that are gone keep no allocation. */
  #forget(): void {
    for (const { allocations, desired, serving } of this.#dependencies.services.values()) {
      const deployed = new Set([desired, serving].flatMap((revision) => revision?.spec.deployments.map(({ version }) => version) ?? []));
      for (const version of allocations.keys()) if (!deployed.has(version)) allocations.delete(version);
    }
  }

  async #weigh(): Promise<void> {
    const weights = new Map(this.#targets.map(({ service, version, cpuWeight }) => [`${service}:${version}`, cpuWeight]));
    for (const { id, handle, service, version } of this.#dependencies.replicas()) {
      const cpuWeight = weights.get(`${service}:${version}`);
      if (!handle || cpuWeight === undefined) continue;
      const before = handle.limits.limits.cpuWeight;
      if (Math.abs(cpuWeight - before) < Math.max(1, before * WEIGHT_CHANGE_MIN)) continue;
      await handle.adjust({ cpuWeight }).catch((error) => this.#dependencies.log.warn({ err: error, replica: id }, 'the CPU weight could not be changed'));
    }
  }
}

/** Uses cores for its start now; one that waits for its environment does not yet. */
const isLoading = ({ state: { phase, reason } }: Replica): boolean => phase === 'starting' || (phase === 'pending' && reason !== 'EnvironmentBuilding');
