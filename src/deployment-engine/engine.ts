import { type Clock, type EventSink, isTerminal, LeptonError, type LogSettings, logSettingsOf, type ReplicaState, type ServiceRevision, type Version } from '../core/index.ts';
import type { Database } from '../database/index.ts';
import type { ModelRepository } from '../model-repository/index.ts';
import type { AnswerCall, ListeningPorts, ReplicaTrouble } from '../wire/index.ts';
import { adoptReplicas } from './adoption.ts';
import { EngineMetrics } from './engine-metrics.ts';
import { FrontKeeper } from './front-keeper.ts';
import type { GatewaySettings } from './gateways/gateway-process.ts';
import { GatewaySupervisor } from './gateways/gateway-supervisor.ts';
import { checkLabelMove } from './label-guard.ts';
import type { Log } from './log.ts';
import { hostClass, hostFacts, type ProfileRecord, Profiles } from './profiles/index.ts';
import { Passes } from './passes.ts';
import { rests, settled } from './plan/index.ts';
import { PredictionSources } from './prediction-sources.ts';
import { Reconciler } from './reconciler.ts';
import { ReplicaLogs } from './replica-logs.ts';
import { ReplicaSet } from './replica-set.ts';
import { MemoryBudget, ResidencyKeeper, workerMemoryDefault } from './residency/index.ts';
import { RoutingPublisher } from './routing-publisher.ts';
import type { RuntimeFor } from './runtimes/index.ts';
import { busyShareOf, Scheduling, type SchedulingSettings } from './scheduling/index.ts';
import { ServiceChanges } from './service-changes.ts';
import { ServiceLoop } from './service-loop.ts';
import type { Replica, ServiceState } from './state.ts';
import { replicaStatus, serviceStatus } from './status.ts';
import { EngineStore } from './store.ts';
import type { PlatformGroups, Target } from './targets/index.ts';
import type { DeploymentEngine, Explanation, ServiceStatus, VersionProfiles } from './types.ts';
import { UsageMonitor } from './usage-monitor.ts';
import { VersionFacts } from './version-facts.ts';
import { versionProfiles } from './version-profiles.ts';
import { WorkerLauncher } from './worker-launcher.ts';

export interface EngineDependencies {
  readonly database: Database;
  readonly repository: ModelRepository;
  readonly target: Target;
  readonly runtimeFor: RuntimeFor;
  readonly events: EventSink;
  readonly clock: Clock;
  readonly log: Log;
  /** Sockets and configurations; from `runDirectory`. */
  readonly runDirectory: string;
  /** Exists. */
  readonly logDirectory: string;
  /** null: no gateway is kept (somebody else hands out the routing table). */
  readonly gateway: { readonly settings: GatewaySettings; readonly answerCall: AnswerCall } | null;
  /** null: this host's control groups are not used. */
  readonly groups: PlatformGroups | null;
  /** Of the logs of ended replicas, all together. Somebody else bounds those that grow. */
  readonly endedLogsBytesMax: number;
  readonly orphanGraceMs: number;
  /** Memory of all workers together; null: what the machine has, without a reserve. */
  readonly workerBytesMax: number | null;
  readonly scheduler: SchedulingSettings;
  /** Whether processes that answer quickly and take little may come before all others of the host. */
  readonly frontRow: boolean;
}

/** The engine as the composition root holds it. */
export interface PlatformEngine extends DeploymentEngine {
  /** Where clients connect; null before a gateway listens. */
  readonly ports: ListeningPorts | null;
  /** Control's own metrics, for Prometheus. */
  readonly metrics: { text(): Promise<string> };
  /** Ends the loop and leaves gateways and workers running, for a control process that comes after. */
  detach(): Promise<void>;
  /** Adopts what still runs, starts the loop and the gateways; these say that they are ready, or wait for `declareReady`. */
  start(options?: { readonly ready?: boolean }): Promise<void>;
  /** The models of this start are up, or will not be. */
  declareReady(): void;
}

/** Who asks for a version by command waits for its memory so long. */
const LOAD_PATIENCE_MS = 60_000;
const USAGE_INTERVAL_MS = 2_000;
const PROFILES_INTERVAL_MS = 30_000;
const ACKNOWLEDGE_POLL_MS = 10;
/** Longest wait for gateways that have settings to take over. */
const FOLLOW_TIMEOUT_MS = 5_000;
const TIDY_INTERVAL_MS = 10_000;
/** Of a stop's grace, kept for workers after the gateways have drained. */
const WORKER_GRACE_MS = 2_000;
/** Longest wait of a stop for what the database has to take; it may not answer, and the stop must not depend on it. */
const WRITES_WAIT_MS = 1_000;

/** Builds the engine; nothing runs before `start`. */
export function createDeploymentEngine(dependencies: EngineDependencies): PlatformEngine {
  return new Engine(dependencies);
}

class Engine implements PlatformEngine {
  readonly metrics: EngineMetrics;
  readonly #dependencies: EngineDependencies;
  readonly #services = new Map<string, ServiceState>();
  readonly #store: EngineStore;
  readonly #facts: VersionFacts;
  readonly #profiles: Profiles;
  readonly #usage: UsageMonitor;
  readonly #replicas: ReplicaSet;
  readonly #launcher: WorkerLauncher;
  readonly #gateways: GatewaySupervisor | null;
  readonly #publisher: RoutingPublisher;
  readonly #residency: ResidencyKeeper;
  readonly #memory: MemoryBudget;
  readonly #loop: ServiceLoop;
  readonly #reconciler: Reconciler;
  readonly #changes: ServiceChanges;
  readonly #logs: ReplicaLogs;
  readonly #scheduling: Scheduling;
  readonly #front: FrontKeeper | null;
  readonly #passes = new Passes();
  readonly #timers: NodeJS.Timeout[] = [];
  /** null: as gateways were started. */
  #logging: LogSettings | null = null;
  #starting = false;
  #phase: 'new' | 'running' | 'stopped' = 'new';

  constructor(dependencies: EngineDependencies) {
    const { database, repository, target, events, clock, log, runDirectory, logDirectory } = dependencies;
    this.#dependencies = dependencies;
    const services = this.#services;
    const store = (this.#store = new EngineStore(database));
    const facts = (this.#facts = new VersionFacts(repository, new PredictionSources(database, clock), log));
    const replicas = (this.#replicas = new ReplicaSet({ store, events, clock, log, onChange: (replica, before) => this.#replicaChanged(replica, before) }));
    const profiles = (this.#profiles = new Profiles({ database, hostClass: hostClass(hostFacts()), facts: (digest) => facts.manifest(digest), clock, onProblem: (error) => log.warn({ err: error }, 'profiles could not be written; trying again') }));
    this.#usage = new UsageMonitor({ replicas, profiles, clock, demands: () => this.#gateways?.demands() ?? [] });
    const launcher = (this.#launcher = new WorkerLauncher({ repository, profiles, target, runtimeFor: dependencies.runtimeFor, replicas, clock, log, logDirectory, orphanGraceMs: dependencies.orphanGraceMs }));
    this.#gateways = dependencies.gateway && new GatewaySupervisor({ store, events, clock, log, runDirectory, logDirectory, groups: dependencies.groups, settings: dependencies.gateway.settings, onNews: () => this.#heardGateways(), onDemand: () => this.#scheduling.loop.demandChanged(), onTrouble: (trouble) => this.#trouble(trouble), onWake: ({ service, version }) => this.#residency.wake(service, version, 'a request waits for it'), answerCall: dependencies.gateway.answerCall });
    this.#publisher = new RoutingPublisher({ store, routes: () => this.#loop.routes(), replicas: () => replicas.all(), logging: () => this.#logging, starting: () => this.#starting, push: (table) => this.#gateways?.push(table) });
    this.#residency = new ResidencyKeeper({ services, events, clock, replicas: (service) => replicas.live(service), inFlight: (replica) => this.#gateways?.inFlight(replica) ?? 0, wake: (service) => this.#reconciler.wake(service) });
    this.#memory = new MemoryBudget({ services, clock, budgetBytes: dependencies.workerBytesMax ?? workerMemoryDefault(), replicas: () => replicas.live(), facts: (digest) => facts.manifest(digest), measuredBytes: (digest, threads) => peakOf(profiles.of(digest, threads)), inUse: (service, version) => this.#residency.inUse(service, version), evict: (...victim) => this.#residency.evict(...victim), wake: (service) => this.#reconciler.wake(service) });
    this.#loop = new ServiceLoop({ services, replicas, launcher, repository, store, facts, events, clock, residency: this.#residency, memory: this.#memory, hasLeft: (replica, generation) => this.#gateways?.hasLeft(replica, generation) ?? true, publish: () => this.#publisher.publish(), onPass: () => this.#passes.passed() });
    this.#reconciler = new Reconciler({ pass: (service) => this.#pass(service), services: () => services.keys(), restless: (service) => this.#restless(service), clock, log });
    this.#changes = new ServiceChanges({ services, store, repository, facts, events, clock, wake: (service) => this.#reconciler.wake(service) });
    this.#front = dependencies.frontRow ? new FrontKeeper({ replicas, gateways: () => this.#gateways?.processes() ?? [], groups: dependencies.groups, contested: () => this.#scheduling.loop.contested, clock, log }) : null;
    this.#logs = new ReplicaLogs({ directory: logDirectory, endedBytesMax: dependencies.endedLogsBytesMax, replicas, store });
    this.#scheduling = new Scheduling({
      database, services, events, clock, log,
      settings: dependencies.scheduler,
      processes: () => [process.pid, ...(this.#gateways?.pids ?? [])],
      view: (service) => this.#loop.view(service),
      replicas: () => replicas.live(),
      demands: () => this.#gateways?.demands() ?? [],
      metadata: ({ digest }) => facts.manifest(digest)?.metadata,
      profile: ({ digest, resources }) => profiles.estimate(digest, resources.threads),
      busyShare: ({ digest, resources }) => busyShareOf(profiles.of(digest, resources.threads)),
      wake: (service) => this.#reconciler.wake(service),
    });
    this.metrics = new EngineMetrics({ services, replicas: () => replicas.live(), coldStarts: () => this.#residency.coldStarts(), memory: this.#memory });
    repository.setLabelGuard(async (name, label, toVersion) => checkLabelMove(services.values(), (service) => this.#loop.states(service), name, label, toVersion));
    repository.onLabelChange((name) => void this.#labelMoved(name));
  }

  get ports(): ListeningPorts | null {
    return this.#gateways?.ports ?? null;
  }

  async listServices(): Promise<readonly ServiceStatus[]> {
    return [...this.#services.values()].flatMap((service) => this.#status(service) ?? []).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async getService(name: string): Promise<ServiceStatus> {
    const service = this.#services.get(name);
    const status = service && this.#status(service);
    if (status) return status;
    throw new LeptonError('SERVICE_NOT_FOUND', `no service has the name ${JSON.stringify(name)}; list them with \`lepton-ai services\``);
  }

  async revisions(name: string): Promise<readonly ServiceRevision[]> {
    await this.getService(name);
    return this.#store.revisions(name);
  }

  apply: DeploymentEngine['apply'] = async (...input) => this.#running().apply(...input);
  deploy: DeploymentEngine['deploy'] = async (...input) => this.#running().deploy(...input);
  update: DeploymentEngine['update'] = async (...input) => this.#running().update(...input);
  undeploy: DeploymentEngine['undeploy'] = async (...input) => this.#running().undeploy(...input);
  setTraffic: DeploymentEngine['setTraffic'] = async (...input) => this.#running().setTraffic(...input);
  setState: DeploymentEngine['setState'] = async (service, versions, state, context, options) => {
    const result = await this.#running().setState(service, versions, state, context, options);
    // A version on demand may be loaded in the spec's words and asleep all the same: who asks for it means memory.
    if (state === 'loaded' && !options?.dryRun) for (const version of versions ?? this.#services.get(service)?.residency.keys() ?? []) this.#residency.wake(service, version, `${context.by} asked for it`, LOAD_PATIENCE_MS);
    return result;
  };
  schedule: DeploymentEngine['schedule'] = async (...input) => this.#running().schedule(...input);
  rollback: DeploymentEngine['rollback'] = async (...input) => this.#running().rollback(...input);

  async waitSettled(name: string, revision: number, timeoutMs: number): Promise<ServiceStatus> {
    const { clock } = this.#dependencies;
    for (const deadline = clock.monotonic() + timeoutMs; ; ) {
      const service = this.#services.get(name);
      const leftMs = deadline - clock.monotonic();
      if (!service || leftMs <= 0 || this.#phase !== 'running') return this.getService(name);
      const passed = settled(this.#loop.view(service), revision, clock.now()) && (!service.desired || service.observedRevision >= revision);
      // Who is told that a change serves may send a request at once: the gateways must read the new table by then.
      if (passed && this.#gatewaysFollow()) return this.getService(name);
      await this.#passes.next(passed ? Math.min(leftMs, ACKNOWLEDGE_POLL_MS) : leftMs);
    }
  }

  async setLogging(changes: Partial<LogSettings>, { by }: { readonly by: string }): Promise<LogSettings> {
    const { clock, events, gateway } = this.#dependencies;
    this.#running();
    const settings = { ...(this.#logging ?? logSettingsOf(gateway?.settings.logLevel ?? 'info')), ...changes };
    this.#logging = settings;
    this.#publisher.publish();
    events.record({ severity: 'info', reason: 'LogSettingsChanged', message: `gateways log ${JSON.stringify(settings)}`, actor: by });
    for (const deadline = clock.monotonic() + FOLLOW_TIMEOUT_MS; !this.#gatewaysFollow() && clock.monotonic() < deadline; ) await new Promise((resolve) => setTimeout(resolve, ACKNOWLEDGE_POLL_MS));
    return settings;
  }

  async replicaLog(replica: string, { tailBytes }: { tailBytes: number }): Promise<string> {
    return this.#logs.tail(replica, tailBytes);
  }

  async versionProfiles({ digest, manifest }: Version): Promise<VersionProfiles> {
    return versionProfiles(this.#profiles, digest, manifest);
  }

  async forgetProfiles(digest: string): Promise<void> {
    await this.#profiles.forget(digest);
  }

  async listReplicas(filter: { service?: string; version?: string }) {
    return [...this.#replicas.all()]
      .filter((replica) => (filter.service === undefined || replica.service === filter.service) && (filter.version === undefined || replica.version === filter.version))
      .sort((a, b) => b.createdAt - a.createdAt)
      .map((replica) => ({ ...replicaStatus(replica), service: replica.service, version: replica.version }));
  }

  nextPlan: DeploymentEngine['nextPlan'] = async () => this.#running() && this.#scheduling.nextPlan();
  plans: DeploymentEngine['plans'] = (page) => this.#scheduling.plans(page);
  plan: DeploymentEngine['plan'] = (id) => this.#scheduling.plan(id);

  async explain(name: string): Promise<Explanation> {
    this.#running();
    await this.getService(name);
    return this.#scheduling.explain(this.#services.get(name) as ServiceState);
  }

  async start({ ready = true }: { readonly ready?: boolean } = {}): Promise<void> {
    this.#starting = !ready;
    const { target, runDirectory, groups, events, clock, log } = this.#dependencies;
    // First, since a port in use must end the start before anything else is touched.
    await this.#gateways?.start();
    await this.#profiles.load();
    for (const service of await this.#store.loadServices()) this.#services.set(service.name, service);
    for (const service of this.#services.values()) await this.#learn(service);
    await adoptReplicas({ services: this.#services, store: this.#store, replicas: this.#replicas, launcher: this.#launcher, target, runDirectory, groups, events, clock, log });
    for (const service of this.#services.values()) await this.#resume(service);
    await this.#logs.sweep();
    await this.#publisher.start();
    this.#phase = 'running';
    this.#scheduling.loop.start();
    this.#publisher.publish();
    this.#reconciler.start();
    this.#timers.push(setInterval(() => this.#usage.sample(), USAGE_INTERVAL_MS), setInterval(() => void this.#front?.look(), USAGE_INTERVAL_MS), setInterval(() => void this.#profiles.save(), PROFILES_INTERVAL_MS), setInterval(() => void this.#tidy(), TIDY_INTERVAL_MS));
  }

  declareReady(): void {
    this.#starting = false;
    if (this.#phase === 'running') this.#publisher.publish();
  }

  /** Facts that could not be read before are read first, so that routes get them. */
  async #pass(name: string): Promise<number | null> {
    const service = this.#services.get(name);
    if (service) await this.#learn(service);
    return this.#loop.pass(name);
  }

  async #learn({ desired, serving }: ServiceState): Promise<void> {
    for (const revision of [desired, serving]) if (revision) await this.#facts.learn(revision.spec);
  }

  /** What served before and has no replica now is being restarted: its requests wait. Earlier ends are no failures of this run. */
  async #resume(service: ServiceState): Promise<void> {
    service.failures.clear();
    for (const { state, shape, profile } of this.#replicas.live(service.name)) if (state.phase === 'ready' && profile) service.profiles.set(shape, profile);
    this.#residency.apply(service, this.#loop.view(service));
    for (const { version, state } of service.serving?.spec.deployments ?? []) if (!rests(state) && !service.residency.get(version)?.asleep) this.#loop.noteUnready(service, version, this.#dependencies.clock.now());
    await this.#loop.pin(service).catch((error) => this.#dependencies.log.error({ err: error, service: service.name }, 'versions could not be pinned'));
  }

  async stop({ graceMs }: { graceMs: number }): Promise<void> {
    const { clock } = this.#dependencies;
    const deadline = clock.monotonic() + graceMs;
    await this.#quiesce();
    await this.#gateways?.stop(Math.max(0, deadline - clock.monotonic() - WORKER_GRACE_MS), 'the platform is stopping');
    const leftMs = Math.max(0, Math.min(WORKER_GRACE_MS, deadline - clock.monotonic()));
    // Asked at every look: a pass that the database held up may still have started one.
    for (let live = this.#replicas.live(); live.length && clock.monotonic() < deadline + WORKER_GRACE_MS; live = this.#replicas.live()) {
      for (const replica of live) this.#launcher.stop(replica, 'Shutdown', 'the platform is stopping', leftMs);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    for (const replica of this.#replicas.live()) await replica.handle?.kill();
    await this.#written(Promise.all([this.#replicas.flush(), this.#gateways?.flush(), this.#profiles.save()]), 'the last changes');
  }

  async detach(): Promise<void> {
    await this.#quiesce();
    await this.#front?.dissolve();
    this.#gateways?.detach();
    this.#launcher.abandon();
    for (const replica of this.#replicas.live()) replica.handle?.detach();
    await this.#written(Promise.all([this.#replicas.flush(), this.#profiles.save()]), 'the last changes');
  }

  async #quiesce(): Promise<void> {
    this.#phase = 'stopped';
    for (const timer of this.#timers) clearInterval(timer);
    this.#scheduling.loop.stop();
    await this.#written(this.#reconciler.stop(), 'a change of a service');
    this.#passes.passed();
  }

  /** Waits for writes, not for ever. */
  async #written(writes: Promise<unknown>, what: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => (timer = setTimeout(resolve, WRITES_WAIT_MS, 'late')));
    const outcome = await Promise.race([writes, late]);
    clearTimeout(timer);
    if (outcome === 'late') this.#dependencies.log.error({}, `the database did not take ${what} within ${WRITES_WAIT_MS} ms; the platform stops without`);
  }

  #running(): ServiceChanges {
    if (this.#phase === 'running') return this.#changes;
    throw new LeptonError('SHUTTING_DOWN', this.#phase === 'new' ? 'the platform is still starting; try again in a moment' : 'the platform is stopping and takes no changes', { retryAfterSeconds: 1 });
  }

  #status(service: ServiceState): ServiceStatus | null {
    return serviceStatus({ service, view: this.#loop.view(service), states: this.#loop.states(service), replicas: this.#replicas.live(service.name), demands: this.#gateways?.demands() ?? [], estimate: ({ digest, threads }) => this.#profiles.estimate(digest, threads) });
  }

  #restless(name: string): boolean {
    const service = this.#services.get(name);
    return service?.conditions.some((condition) => condition.type !== 'Ready' && condition.status) ?? false;
  }

  #replicaChanged(replica: Replica, before: ReplicaState): void {
    if (replica.state.phase === 'ready') this.#usage.begin(replica);
    const service = this.#services.get(replica.service);
    if (service) this.#loop.noteChange(service, replica, before);
    // The table first: what is gone must not get the next request.
    if (this.#phase === 'running') this.#publisher.publish();
    this.#reconciler.wake(replica.service);
    if (isTerminal(replica.state.phase) || replica.state.phase === 'ready') this.#memory.changed();
    this.#scheduling.loop.replicaChanged();
  }

  #heardGateways(): void {
    if (this.#phase === 'running') this.#residency.heard(this.#gateways?.demands() ?? []);
    for (const replica of this.#replicas.live()) {
      const { phase } = replica.state;
      const finishing = phase === 'draining' ? !replica.stopping : phase === 'ready' && replica.leftGeneration !== null && this.#restless(replica.service);
      if (finishing) this.#reconciler.wake(replica.service);
    }
  }

  /** A gateway gave up on a run: the worker is ended, its successor starts at once. A lost connection alone is the gateway's to mend. */
  #trouble(trouble: ReplicaTrouble): void {
    const replica = this.#replicas.get(trouble.replica);
    if (replica && trouble.kind === 'run-timeout' && !isTerminal(replica.state.phase)) this.#launcher.condemn(replica, trouble.message);
  }

  async #labelMoved(repository: string): Promise<void> {
    await this.#facts.refreshLabels(repository);
    if (this.#phase !== 'running') return;
    this.#publisher.publish();
    for (const service of this.#services.values()) if (service.desired?.spec.deployments.some((deployment) => deployment.repository === repository)) this.#reconciler.wake(service.name);
  }

  async #tidy(): Promise<void> {
    try {
      await this.#logs.tidy();
    } catch (error) {
      this.#dependencies.log.error({ err: error }, 'old logs could not be tidied up');
    }
  }

  #gatewaysFollow(): boolean {
    const generation = this.#publisher.table?.generation;
    return generation === undefined || (this.#gateways?.follows(generation) ?? true);
  }
}

const peakOf = ({ measured, observed }: ProfileRecord): number => Math.max(measured?.profile.residentBytes ?? 0, observed?.peakBytes ?? 0);
