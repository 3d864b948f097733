import type { Clock, DeploymentSpec, EventSink } from '../../core/index.ts';
import type { VersionDemand } from '../../wire/index.ts';
import { RECOVERY_FAILURES_MAX, type ServiceView, shapeOf } from '../plan/index.ts';
import type { Replica, ServiceState } from '../state.ts';
import { bounded, firstResidency, idleAt, isOnDemand, type Residency, sleepReason } from './residency.ts';

export interface KeeperDependencies {
  readonly services: ReadonlyMap<string, ServiceState>;
  readonly events: EventSink;
  readonly clock: Clock;
  /** Live replicas of a service. */
  readonly replicas: (service: string) => readonly Replica[];
  /** Requests in flight on a replica, over all gateways. */
  readonly inFlight: (replica: string) => number;
  /** A service has to be looked at again. */
  readonly wake: (service: string) => void;
}

/** Demand comes each second: a version that nobody was seen to wait for since waits for memory in vain. */
const PATIENCE_MS = 3_000;

/** Loads of one version that was asleep, since control started, and how long they took in all. */
export interface ColdStarts {
  readonly service: string;
  readonly version: string;
  readonly count: number;
  readonly seconds: number;
}

/** Remembers which versions on demand are in memory and who uses them, and writes that into the services' allocations. */
export class ResidencyKeeper {
  readonly #dependencies: KeeperDependencies;
  #heard: ReadonlyMap<string, VersionDemand> = new Map();
  /** When the wake began that is under way, by version. */
  readonly #wokenAt = new Map<string, number>();
  readonly #coldStarts = new Map<string, ColdStarts>();

  constructor(dependencies: KeeperDependencies) {
    this.#dependencies = dependencies;
  }

  /** Of versions that are deployed still, also where they are not loaded on demand any more. */
  coldStarts(): Iterable<ColdStarts> {
    for (const [key, { service, version }] of this.#coldStarts) if (!this.#dependencies.services.get(service)?.spec?.deployments.some((deployment) => deployment.version === version)) this.#coldStarts.delete(key);
    return this.#coldStarts.values();
  }

  /** Decides for all versions of a service; returns when time alone would change that, or null. */
  apply(service: ServiceState, view: ServiceView): number | null {
    const now = this.#dependencies.clock.now();
    const deployments = onDemand(service);
    for (const version of service.residency.keys()) if (!deployments.has(version)) this.#forget(service, version);
    const times = [...deployments.values()].flatMap((deployment) => this.#decide(service, view, deployment, now) ?? []);
    return times.length ? Math.min(...times) : null;
  }

  #decide(service: ServiceState, view: ServiceView, deployment: DeploymentSpec, now: number): number | null {
    const { version } = deployment;
    const inUse = this.inUse(service.name, version);
    let residency = service.residency.get(version) ?? firstResidency(view, deployment, now);
    if (inUse && !residency.asleep) residency = { ...residency, usedAt: now, patientUntil: now + PATIENCE_MS };
    const reason = residency.asleep ? null : sleepReason(view, deployment, residency, inUse, now);
    if (reason !== null) residency = this.#sleep(service, deployment, reason, now);
    service.residency.set(version, residency);
    service.allocations.set(version, bounded(service.allocations.get(version), residency));
    return residency.asleep ? null : idleAt(view, deployment, residency, inUse);
  }

  #sleep(service: ServiceState, { version, repository }: DeploymentSpec, reason: string, now: number): Residency {
    this.#wokenAt.delete(keyOf(service.name, version));
    this.#dependencies.events.record({ severity: 'info', reason: 'VersionAsleep', message: `version ${version} of service ${service.name} leaves memory: ${reason}; the next request loads it`, actor: 'engine', repository, service: service.name, version });
    return { asleep: true, since: now, usedAt: now, patientUntil: now, reason };
  }

  /** Brings a version back to memory, or keeps it there for another while. Without effect on versions that are not on demand. */
  wake(serviceName: string, version: string, why: string, patienceMs = PATIENCE_MS): void {
    const service = this.#dependencies.services.get(serviceName);
    const deployment = service && onDemand(service).get(version);
    const residency = service?.residency.get(version);
    if (!deployment || !residency) return;
    const now = this.#dependencies.clock.now();
    if (!residency.asleep) return void service.residency.set(version, { ...residency, usedAt: now });
    service.residency.set(version, { asleep: false, since: now, usedAt: now, patientUntil: now + patienceMs, reason: why });
    giveAnotherTry(service, shapeOf(deployment));
    this.#wokenAt.set(keyOf(serviceName, version), now);
    this.#dependencies.events.record({ severity: 'info', reason: 'VersionWaking', message: `version ${version} of service ${serviceName} is loaded: ${why}`, actor: 'engine', repository: deployment.repository, service: serviceName, version });
    this.#dependencies.wake(serviceName);
  }

  /** Sends a version to sleep for another. Without effect on versions that are not on demand. */
  evict(serviceName: string, version: string, why: string): void {
    const service = this.#dependencies.services.get(serviceName);
    const deployment = service && onDemand(service).get(version);
    if (!deployment || service.residency.get(version)?.asleep) return;
    const residency = this.#sleep(service, deployment, why, this.#dependencies.clock.now());
    service.residency.set(version, residency);
    this.#dependencies.wake(serviceName);
  }

  /** Takes what gateways say: requests that were answered count as use, those that wait for a sleeping version wake it. */
  heard(demands: readonly VersionDemand[]): void {
    const now = this.#dependencies.clock.now();
    const before = this.#heard;
    this.#heard = summed(demands);
    for (const [key, demand] of this.#heard) {
      const residency = this.#dependencies.services.get(demand.service)?.residency.get(demand.version);
      if (!residency) continue;
      if (residency.asleep && demand.queueLength > 0) this.wake(demand.service, demand.version, waiting(demand.queueLength));
      else if (demand.queueLength > 0 || (before.get(key)?.requests ?? demand.requests) !== demand.requests) this.#used(demand, residency, now);
    }
  }

  #used({ service, version }: VersionDemand, residency: Residency, now: number): void {
    if (!residency.asleep) this.#dependencies.services.get(service)?.residency.set(version, { ...residency, usedAt: now });
  }

  /** A replica became ready: the countdown of its version begins, and a wake has come to its end. */
  ready(service: ServiceState, { version, repository }: Replica): void {
    const residency = service.residency.get(version);
    const now = this.#dependencies.clock.now();
    if (residency && !residency.asleep) service.residency.set(version, { ...residency, usedAt: now });
    const key = keyOf(service.name, version);
    const wokenAt = this.#wokenAt.get(key);
    if (wokenAt === undefined) return;
    this.#wokenAt.delete(key);
    const starts = this.#coldStarts.get(key) ?? { count: 0, seconds: 0 };
    this.#coldStarts.set(key, { service: service.name, version, count: starts.count + 1, seconds: starts.seconds + (now - wokenAt) / 1000 });
    this.#dependencies.events.record({ severity: 'info', reason: 'VersionWoken', message: `version ${version} of service ${service.name} is in memory again, after ${now - wokenAt} ms`, actor: 'engine', repository, service: service.name, version });
  }

  /** Requests wait for it or run on it, as far as gateways have said. */
  inUse(service: string, version: string): boolean {
    if ((this.#heard.get(keyOf(service, version))?.queueLength ?? 0) > 0) return true;
    return this.#dependencies.replicas(service).some((replica) => replica.version === version && replica.state.phase === 'ready' && this.#dependencies.inFlight(replica.id) > 0);
  }

  #forget(service: ServiceState, version: string): void {
    service.residency.delete(version);
    service.allocations.delete(version);
    for (const map of [this.#wokenAt, this.#coldStarts]) map.delete(keyOf(service.name, version));
  }
}

/** Earlier failures decide no more whether requests wait, only how long to pause after the next. */
function giveAnotherTry({ failures }: ServiceState, shape: string): void {
  const failure = failures.get(shape);
  if (failure) failures.set(shape, { ...failure, deterministic: false, failures: Math.min(failure.failures, RECOVERY_FAILURES_MAX - 1) });
}

export const waiting = (requests: number): string => `${requests} request${requests === 1 ? ' waits' : 's wait'} for it`;

const keyOf = (service: string, version: string): string => `${service} ${version}`;

/** Versions of a service whose presence is decided here; those that leave with the next switch too. */
function onDemand({ desired, serving }: ServiceState): Map<string, DeploymentSpec> {
  const found = new Map<string, DeploymentSpec>();
  for (const deployment of [...(serving?.spec.deployments ?? []), ...(desired?.spec.deployments ?? [])]) {
    if (isOnDemand(deployment)) found.set(deployment.version, deployment);
    else found.delete(deployment.version);
  }
  return found;
}

/** Over all gateways. */
function summed(demands: readonly VersionDemand[]): Map<string, VersionDemand> {
  const found = new Map<string, VersionDemand>();
  for (const demand of demands) {
    const key = keyOf(demand.service, demand.version);
    const other = found.get(key);
    found.set(key, other ? { ...demand, requests: demand.requests + other.requests, queueLength: demand.queueLength + other.queueLength } : demand);
  }
  return found;
}
