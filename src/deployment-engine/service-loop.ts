import { canonicalJson, type Clock, type EventSink, type ReplicaState, type ServiceRoute } from '../core/index.ts';
import { adjustLimits } from './declared-limits.ts';
import type { ModelRepository } from '../model-repository/index.ts';
import { type Action, conditions, isForgiven, nextFailure, plan, readyReplicas, rests, serviceRoute, type ServiceView, shapeOf, versionState, wantedVersions } from './plan/index.ts';
import type { MemoryBudget, ResidencyKeeper } from './residency/index.ts';
import type { ReplicaSet } from './replica-set.ts';
import { neededVersions, type Replica, replicaView, type ServiceState } from './state.ts';
import type { EngineStore } from './store.ts';
import type { VersionFacts } from './version-facts.ts';
import type { WorkerLauncher } from './worker-launcher.ts';

export interface LoopDependencies {
  readonly services: Map<string, ServiceState>;
  readonly replicas: ReplicaSet;
  readonly launcher: WorkerLauncher;
  readonly repository: ModelRepository;
  readonly store: EngineStore;
  readonly facts: VersionFacts;
  readonly events: EventSink;
  readonly clock: Clock;
  /** Whether no gateway can have a request in flight on a replica that left the table at this generation. */
  readonly hasLeft: (replica: string, generation: number) => boolean;
  /** Decides which versions on demand are in memory. */
  readonly residency: Pick<ResidencyKeeper, 'apply' | 'ready'>;
  /** Decides which starts there is memory for. */
  readonly memory: Pick<MemoryBudget, 'admit'>;
  readonly publish: () => void;
  /** A pass is over: whoever waits may look. */
  readonly onPass: (service: ServiceState) => void;
}

/** A worker that has nothing in flight leaves at once; this bounds what could go wrong. */
const IDLE_STOP_GRACE_MS = 2_000;
const MAX_STEPS = 8;

const earliest = (...times: readonly (number | null)[]): number | null => times.reduce((first, time) => (first === null || time === null ? (first ?? time) : Math.min(first, time)), null);

/** observe → plan (pure) → act, for one service. */
export class ServiceLoop {
  readonly #dependencies: LoopDependencies;

  constructor(dependencies: LoopDependencies) {
    this.#dependencies = dependencies;
  }

  /** What is true of a service now, as the planner sees it. */
  view(service: ServiceState): ServiceView {
    const { replicas, facts, hasLeft } = this.#dependencies;
    const deployments = [...(service.desired?.spec.deployments ?? []), ...(service.serving?.spec.deployments ?? [])];
    const views = replicas.live(service.name).map((replica) => replicaView(replica, replica.leftGeneration !== null && hasLeft(replica.id, replica.leftGeneration)));
    return { name: service.name, desired: service.desired, serving: service.serving, replicas: views, failures: service.failures, unreadySince: service.unreadySince, labels: facts.labelsFor(deployments), profiles: service.profiles, held: service.held, shares: service.shares, allocations: service.allocations };
  }

  routes(): readonly ServiceRoute[] {
    const now = this.#dependencies.clock.now();
    return [...this.#dependencies.services.values()].flatMap((service) => serviceRoute(this.view(service), this.#dependencies.facts, now) ?? []);
  }

  /** One pass; resolves with when time alone asks for the next (milliseconds since the epoch), or null. */
  async pass(name: string): Promise<number | null> {
    const service = this.#dependencies.services.get(name);
    return service ? service.lock.run(() => this.#pass(service)) : null;
  }

  async #pass(service: ServiceState): Promise<number | null> {
    const { clock, residency, memory, publish, onPass } = this.#dependencies;
    let wakeAt: number | null = null;
    for (let step = 0; step < MAX_STEPS; step++) {
      this.#forgiveHealthy(service);
      this.#renewDrainTimeouts(service);
      await this.#adjustLimits(service);
      const sleepAt = residency.apply(service, this.view(service));
      const { actions, wakeAt: next } = plan(this.view(service), clock.now());
      const { admitted, at } = memory.admit(service, actions.flatMap((action) => (action.kind === 'start' ? [action.deployment] : [])));
      wakeAt = earliest(next, sleepAt, at);
      const possible = [...actions.filter(({ kind }) => kind !== 'start'), ...admitted.map((deployment) => ({ kind: 'start' as const, deployment }))];
      for (const action of possible) await this.#perform(service, action);
      // Each step is safe by itself; gateways get its table before the next is planned.
      publish();
      if (!actions.some((action) => action.kind === 'serve')) break;
    }
    await this.#observe(service);
    onPass(service);
    return wakeAt;
  }

  async #perform(service: ServiceState, action: Action): Promise<void> {
    const { launcher, replicas } = this.#dependencies;
    if (action.kind === 'start') return this.#start(service, action);
    if (action.kind === 'serve') return this.#serve(service, action);
    if (action.kind === 'forget') return this.#forget(service);
    const replica = replicas.get(action.replica);
    if (!replica) return;
    if (action.kind === 'drain') launcher.drain(replica, action.reason, action.message);
    else launcher.stop(replica, action.reason, action.message, action.reason === 'DrainTimeout' ? 0 : IDLE_STOP_GRACE_MS);
  }

  #start(service: ServiceState, { deployment }: Extract<Action, { kind: 'start' }>): void {
    const failures = [...service.failures].find(([shape]) => shape.startsWith(`${deployment.version}|`))?.[1].failures ?? 0;
    if (failures) service.restarts.set(deployment.version, (service.restarts.get(deployment.version) ?? 0) + 1);
    this.#dependencies.launcher.launch(service.name, deployment, failures, this.#isAwaited(service, deployment.version));
  }

  /** Whether requests may wait for this start: its version sleeps or has crashed, or nothing of the service is there yet. */
  #isAwaited(service: ServiceState, version: string): boolean {
    const phase = this.states(service).get(version)?.phase;
    return phase === 'waking' || phase === 'recovering' || !this.#dependencies.replicas.live(service.name).some(({ state }) => state.phase === 'ready');
  }

  async #serve(service: ServiceState, { serving }: Extract<Action, { kind: 'serve' }>): Promise<void> {
    const { store, events, clock } = this.#dependencies;
    const before = service.serving;
    const updatedAt = new Date(clock.now()).toISOString();
    await store.saveStatus({ ...service, serving, updatedAt });
    Object.assign(service, { serving, updatedAt });
    await this.pin(service);
    const message = serving.complete ? `the traffic policy of revision ${serving.revision} is in force` : `what is ready of revision ${serving.revision} answers`;
    events.record({ severity: 'info', reason: 'RevisionServing', message, actor: 'engine', service: service.name, before: before && String(before.revision), after: String(serving.revision) });
  }

  async #forget(service: ServiceState): Promise<void> {
    const { store, services, events } = this.#dependencies;
    await this.pin(service);
    await store.deleteService(service.name);
    services.delete(service.name);
    events.record({ severity: 'info', reason: 'ServiceRemoved', message: `service ${service.name} and its replicas are gone`, actor: 'engine', service: service.name });
  }

  /** Holds exactly the versions that a service needs. */
  async pin(service: ServiceState): Promise<void> {
    await this.#dependencies.repository.setPins(`service:${service.name}`, neededVersions(service.desired, service.serving).map(({ repository, version }) => ({ repository, version })));
  }

  #forgiveHealthy(service: ServiceState): void {
    const now = this.#dependencies.clock.now();
    for (const { state, shape, since } of this.#dependencies.replicas.live(service.name)) {
      const failure = service.failures.get(shape);
      if (failure && state.phase === 'ready' && isForgiven(failure, since, now)) service.failures.delete(shape);
    }
  }

  /** A replica will drain for as long as its version's newest settings say; one that drains already keeps its deadline. */
  #renewDrainTimeouts(service: ServiceState): void {
    const timeouts = new Map(wantedVersions(this.view(service)).map(({ target }) => [target.version, target.timeouts.drainTimeoutMs]));
    for (const replica of this.#dependencies.replicas.live(service.name)) if (replica.state.phase !== 'draining') replica.drainTimeoutMs = timeouts.get(replica.version) ?? replica.drainTimeoutMs;
  }

  /** Limits follow the version's newest settings while the worker runs. */
  async #adjustLimits(service: ServiceState): Promise<void> {
    const wanted = new Map(wantedVersions(this.view(service)).map(({ target }) => [target.version, target]));
    for (const replica of this.#dependencies.replicas.live(service.name)) {
      const target = wanted.get(replica.version);
      if (target?.digest === replica.digest) await adjustLimits(replica, target.resources, this.#dependencies.events);
    }
  }

  /** Writes down what the pass saw: conditions and the revision looked at. */
  async #observe(service: ServiceState): Promise<void> {
    const { services, clock, store } = this.#dependencies;
    if (services.get(service.name) !== service) return;
    const wanted = new Map(wantedVersions(this.view(service)).map(({ target, state }) => [target.version, state]));
    for (const counts of [service.restarts, service.outOfMemory]) for (const version of counts.keys()) if (!wanted.has(version)) counts.delete(version);
    // What rests or sleeps is missed by nobody.
    for (const version of service.unreadySince.keys()) if (rests(wanted.get(version) ?? 'unloaded') || service.residency.get(version)?.asleep) service.unreadySince.delete(version);
    const shapes = new Set(neededVersions(service.desired, service.serving).map(shapeOf));
    for (const shape of service.profiles.keys()) if (!shapes.has(shape)) service.profiles.delete(shape);
    const found = conditions(this.view(service), clock.now(), service.conditions);
    const observed = service.desired?.revision ?? service.observedRevision;
    if (observed === service.observedRevision && !service.profilesUnsaved && canonicalJson(found) === canonicalJson(service.conditions)) return;
    this.#tellDegraded(service, found);
    service.conditions = found;
    service.observedRevision = observed;
    service.profilesUnsaved = false;
    await store.saveStatus(service);
  }

  #tellDegraded(service: ServiceState, found: ServiceState['conditions']): void {
    const now = found.find((condition) => condition.type === 'Degraded');
    const before = service.conditions.find((condition) => condition.type === 'Degraded');
    if (!now || (now.status === (before?.status ?? false) && now.message === (before?.message ?? ''))) return;
    const event = now.status ? { severity: 'warning' as const, reason: 'ServiceDegraded', message: `service ${service.name}: ${now.message}` } : { severity: 'info' as const, reason: 'ServiceRecovered', message: `service ${service.name} is as wanted again` };
    this.#dependencies.events.record({ ...event, actor: 'engine', service: service.name });
  }

  /** Keeps count of failures and of since when a version that served does not. Called at each change of a replica's phase. */
  noteChange(service: ServiceState, replica: Replica, before: ReplicaState): void {
    const now = this.#dependencies.clock.now();
    if (replica.state.phase === 'ready' && before.phase !== 'ready') this.#noteReady(service, replica);
    if (replica.state.phase === 'failed' && before.phase !== 'draining') service.failures.set(replica.shape, nextFailure(service.failures.get(replica.shape), replica.state.reason, replica.state.message, now));
    if (replica.state.phase === 'failed' && replica.state.reason === 'OutOfMemory') service.outOfMemory.set(replica.version, (service.outOfMemory.get(replica.version) ?? 0) + 1);
    if (before.phase === 'ready' && replica.state.phase === 'failed') this.noteUnready(service, replica.version, now);
  }

  #noteReady(service: ServiceState, replica: Replica): void {
    service.unreadySince.delete(replica.version);
    if (replica.profile) {
      service.profiles.set(replica.shape, replica.profile);
      service.profilesUnsaved = true;
    }
    this.#dependencies.residency.ready(service, replica);
  }

  /** Starts the clock of a version's recovery if nothing of it is ready. */
  noteUnready(service: ServiceState, version: string, now: number): void {
    if (readyReplicas(this.view(service), version).length === 0 && !service.unreadySince.has(version)) service.unreadySince.set(version, now);
  }

  /** Phases of the versions that should run, by version. */
  states(service: ServiceState): ReadonlyMap<string, ReturnType<typeof versionState>> {
    const view = this.view(service);
    const now = this.#dependencies.clock.now();
    return new Map(wantedVersions(view).map((wanted) => [wanted.target.version, versionState(view, wanted, now)]));
  }
}
