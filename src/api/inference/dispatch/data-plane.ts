import { asLeptonError, isResting, LeptonError, type PredictionIds, type RoutingTable, type ServiceRoute } from '../../../core/index.ts';
import type { DemandMessage, ReplicaTrouble } from '../../../wire/index.ts';
import { Deadlines } from '../batching/index.ts';
import type { InferenceAnswer, InferenceRequest } from '../codec/index.ts';
import { compileTrafficPolicy, type Random, type TrafficPolicy } from '../traffic/index.ts';
import { FirstTable, noTableYet } from './first-table.ts';
import { LearntVersions } from './learnt-versions.ts';
import { PendingRequest } from './pending-request.ts';
import { priorityOf, stickyKeyOf, timeoutParameterMs } from './request-parameters.ts';
import { type OnAnswer, VersionLane } from './version-lane.ts';

/** Longest deadline that a client may ask for. */
const DEADLINE_MAX_MS = 3_600_000;

/** What a front knows about a call besides the request itself. */
export interface CallContext {
  /** A header of HTTP or a metadata entry of gRPC, by lower-case name. */
  header(name: string): string | undefined;
  /** The transport's own deadline, milliseconds from now. */
  readonly timeoutMs?: number | undefined;
}

/** A call under way. */
export interface InferenceCall {
  readonly answer: Promise<InferenceAnswer>;
  /** The version that it went to, also when it failed there. */
  readonly version: string | null;
  /** The client left: the request leaves the queue; `answer` rejects with CANCELLED. */
  cancel(): void;
}

export interface DataPlaneOptions {
  readonly random: Random;
  readonly predictionIds: PredictionIds;
  /** Told of each answer before its bytes are let go; must be cheap and never throw. */
  readonly onAnswer?: OnAnswer;
  readonly onTrouble?: (trouble: ReplicaTrouble) => void;
  /** A replica that left the table has no request in flight any more. */
  readonly onReplicaIdle?: (replica: string) => void;
  /** A request waits for a version that is asleep; called once for each sleep. False: nobody heard, since control is away. */
  readonly onWake?: (service: string, version: string) => boolean;
  /** A lane was made; what it counts is kept elsewhere, also when it has left. */
  readonly onLane?: (lane: VersionLane) => void;
}

/** A service as compiled from the table. */
interface CompiledService {
  readonly route: ServiceRoute;
  readonly policy: TrafficPolicy;
  readonly lanes: ReadonlyMap<string, VersionLane>;
}

/**
 * Routes requests by the newest routing table. A table is compiled beside the old one and put in force by one
 * assignment; a request reads it once. Lanes of versions that stay keep their queues and connections.
 */
export class DataPlane {
  readonly #options: DataPlaneOptions;
  readonly #deadlines = new Deadlines<PendingRequest>();
  readonly #firstTable = new FirstTable();
  readonly #leaving = new Set<VersionLane>();
  readonly #learnt = new LearntVersions();
  #services: ReadonlyMap<string, CompiledService> = new Map();
  #generation = 0;
  #hasTable = false;
  #started = false;
  #stopping = false;
  #open = 0;
  #timer: NodeJS.Timeout | null = null;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #onDrained: (() => void) | null = null;

  constructor(options: DataPlaneOptions) {
    this.#options = options;
  }

  get generation(): number {
    return this.#generation;
  }

  /** It has a table and takes requests. */
  get ready(): boolean {
    return this.#hasTable && !this.#stopping;
  }

  /** What the server's health says: it takes requests, and what should serve from the start does. */
  get serverReady(): boolean {
    return this.ready && this.#started;
  }

  /** Requests without an answer yet. */
  get openRequests(): number {
    return this.#open;
  }

  setTable(table: RoutingTable): void {
    const before = this.#services;
    const services = new Map<string, CompiledService>();
    const kept = new Set<VersionLane>();
    for (const route of table.services) services.set(route.service, this.#compile(route, before.get(route.service), kept));
    this.#services = services;
    this.#generation = table.generation;
    this.#hasTable = true;
    // Once ready it stays so: a control process that starts again must not take a serving gateway out of the balance.
    this.#started ||= !table.starting;
    this.#firstTable.arrived();
    for (const service of before.values()) {
      for (const lane of service.lanes.values()) {
        if (kept.has(lane)) continue;
        this.#leaving.add(lane);
        lane.close();
      }
    }
    this.#forgetIdleLanes();
  }

  /**
   * Starts a request. Problems come out of `answer`, never out of the call itself. Before the first table, which a gateway
   * gets within moments of its start, nothing is known of any service, so requests wait for it.
   */
  infer(request: InferenceRequest, context: CallContext): InferenceCall {
    return this.#hasTable || this.#stopping ? this.#infer(request, context) : this.#inferLater(request, context);
  }

  #inferLater(request: InferenceRequest, context: CallContext): InferenceCall {
    let call: InferenceCall | null = null;
    let left = false;
    const answer = this.#firstTable.wait().then(() => {
      if (left) throw new LeptonError('CANCELLED', 'the client left before the answer');
      call = this.#infer(request, context);
      return call.answer;
    });
    return {
      answer,
      get version() {
        return call?.version ?? null;
      },
      cancel: () => {
        left = true;
        call?.cancel();
      },
    };
  }

  #infer(request: InferenceRequest, context: CallContext): InferenceCall {
    const { promise, resolve, reject } = Promise.withResolvers<InferenceAnswer>();
    let pending: PendingRequest | null = null;
    this.#open++;
    try {
      if (this.#stopping) throw stopping();
      const service = this.service(request.model);
      const entry = new PendingRequest(request, priorityOf(request), stickyKeyOf(service.route.sticky, request, context), performance.now(), (error, answer) => (error ? reject(error) : resolve(answer as InferenceAnswer)));
      pending = entry;
      this.#start(entry, service, context);
    } catch (thrown) {
      this.#refuse(pending, asLeptonError(thrown));
      if (!pending) reject(thrown);
    }
    return {
      answer: promise,
      get version() {
        return pending?.lane?.route.version ?? null;
      },
      cancel: () => pending && this.#withdraw(pending, new LeptonError('CANCELLED', 'the client left before the answer')),
    };
  }

  /**
   * The version that is to answer a request whose tensors only its signature can decode. Chosen from the traffic exactly as
   * `infer` does, once for each request: send the decoded request pinned to it, in the same tick. What the signature can't
   * decode is a failure of this version's, to be recorded there.
   */
  async pick(request: Pick<InferenceRequest, 'model' | 'version' | 'parameters'>, context: CallContext): Promise<VersionLane> {
    if (!this.#hasTable && !this.#stopping) await this.#firstTable.wait();
    if (this.#stopping) throw stopping();
    const service = this.service(request.model);
    return this.#route({ request, stickyKey: stickyKeyOf(service.route.sticky, request, context) }, service);
  }

  /** A service's compiled entry; throws MODEL_NOT_FOUND with the words that clients look for. */
  service(name: string): CompiledService {
    const service = this.#services.get(name);
    if (service) return service;
    if (!this.#hasTable) throw noTableYet();
    throw new LeptonError('MODEL_NOT_FOUND', `Request for unknown model: '${name.slice(0, 200)}' is not found`);
  }

  services(): Iterable<CompiledService> {
    return this.#services.values();
  }

  /**
   * The version that a question without inference is about: a pinned one or label; without, the one that the sticky key
   * of this very request leads to, so that a client can learn its signature; otherwise the default version.
   */
  resolve(name: string, pinned: string | null, context: CallContext): { service: CompiledService; lane: VersionLane } {
    const service = this.service(name);
    const { sticky, defaultVersion } = service.route;
    const stickyKey = sticky && 'header' in sticky ? context.header(sticky.header.toLowerCase()) : undefined;
    const version = pinned || stickyKey !== undefined ? service.policy.pickVersion({ pinned, stickyKey }) : defaultVersion;
    const lane = version === null ? undefined : service.lanes.get(version);
    if (!lane) throw new LeptonError('VERSION_NOT_READY', `no version of '${name}' is deployed`, { retryAfterSeconds: 1 });
    return { service, lane };
  }

  /** What control wants to know each second. */
  demand(): DemandMessage {
    const inFlight: Record<string, number> = {};
    const versions: DemandMessage['versions'][number][] = [];
    for (const lane of this.lanes()) {
      for (const [replica, requests] of lane.replicasInFlight()) inFlight[replica] = requests;
      const { statistics } = lane;
      const quantiles = statistics.latencyQuantiles();
      versions.push({
        service: lane.service,
        version: lane.route.version,
        digest: lane.route.digest,
        queueLength: lane.queueLength,
        inFlight: lane.inFlight,
        requests: statistics.success.count + statistics.failure.count,
        refused: statistics.failuresByCode.get('QUEUE_FULL') ?? 0,
        failures: statistics.faults,
        batches: statistics.executions,
        work: statistics.work,
        batchRows: lane.batchRows,
        latencyP50Ms: quantiles?.p50 ?? null,
        latencyP99Ms: quantiles?.p99 ?? null,
      });
    }
    for (const lane of this.#leaving) {
      for (const [replica, requests] of lane.replicasInFlight()) {
        // Any of its replicas may answer what still waits for a version that has left: none may go yet.
        const awaited = requests + lane.queueLength;
        if (awaited > 0) inFlight[replica] = awaited;
      }
    }
    return { generation: this.#generation, inFlight, versions };
  }

  /** The lanes of the table in force. */
  *lanes(): Generator<VersionLane> {
    for (const service of this.#services.values()) yield* service.lanes.values();
  }

  /** Takes no new requests; resolves when all open ones are answered or the grace is over. */
  async drain(graceMs: number): Promise<void> {
    this.#stopping = true;
    if (this.#open === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onDrained = resolve;
    const timer = setTimeout(resolve, graceMs);
    await promise;
    clearTimeout(timer);
  }

  /** Cuts all connections and timers. */
  destroy(): void {
    this.#stopping = true;
    if (this.#timer) clearTimeout(this.#timer);
    for (const lane of [...this.lanes(), ...this.#leaving]) lane.destroy();
  }

  #start(pending: PendingRequest, service: CompiledService, context: CallContext): void {
    const lane = this.#route(pending, service);
    pending.lane = lane;
    const timeoutMs = Math.min(context.timeoutMs ?? DEADLINE_MAX_MS, timeoutParameterMs(pending.request) ?? DEADLINE_MAX_MS, DEADLINE_MAX_MS);
    pending.deadlineMs = pending.arrivedAtMs + (timeoutMs === DEADLINE_MAX_MS ? lane.route.timeouts.requestTimeoutMs : timeoutMs);
    lane.submit(pending, pending.arrivedAtMs);
    if (!pending.open) return;
    this.#deadlines.add(pending);
    this.#wakeAt(pending.deadlineMs);
  }

  #route(pending: { readonly request: Pick<InferenceRequest, 'version'>; readonly stickyKey: string | undefined }, service: CompiledService): VersionLane {
    const version = service.policy.pickVersion({ pinned: pending.request.version, stickyKey: pending.stickyKey });
    const lane = service.lanes.get(version);
    if (!lane) throw new LeptonError('VERSION_NOT_READY', `model '${service.route.service}' version '${version}' is not deployed`, { retryAfterSeconds: 1 });
    return lane;
  }

  /** Ends a request that never came into a queue. */
  #refuse(pending: PendingRequest | null, error: LeptonError): void {
    if (!pending) return this.#forget();
    if (!pending.finish(error, null)) return;
    pending.lane?.recordFailure(error.code, pending);
    this.#settled(pending);
  }

  #withdraw(pending: PendingRequest, error: LeptonError): void {
    if (!pending.open) return;
    pending.lane?.withdraw(pending);
    this.#refuse(pending, error);
  }

  #settled(pending: PendingRequest): void {
    this.#deadlines.remove(pending);
    this.#forget();
  }

  #forget(): void {
    this.#open--;
    if (this.#open === 0) this.#onDrained?.();
  }

  /** The version that it waited for is gone: the current table decides anew. Returns why it cannot. */
  #reroute(pending: PendingRequest): LeptonError | null {
    try {
      this.#route(pending, this.service(pending.request.model)).submit(pending, performance.now(), { homeless: true });
      return null;
    } catch (thrown) {
      return asLeptonError(thrown);
    }
  }

  #compile(route: ServiceRoute, before: CompiledService | undefined, kept: Set<VersionLane>): CompiledService {
    const lanes = new Map<string, VersionLane>();
    for (const version of route.versions) {
      const known = before?.lanes.get(version.version);
      // One that begins to rest leaves as if it were undeployed, so that what it was given is answered; a new lane refuses what comes.
      const goesOn = known?.route.digest === version.digest && (isResting(known.route.phase) || !isResting(version.phase));
      const lane = goesOn ? known : new VersionLane(route.service, version, this.#laneEvents(), this.#options.predictionIds, this.#learnt.of(route.service, version));
      if (lane === known) lane.update(version);
      else this.#options.onLane?.(lane);
      kept.add(lane);
      lanes.set(version.version, lane);
    }
    // An unchanged policy goes on with its deck, so that frequent tables don't add scatter.
    const policy = before?.policy.equals(route) ? before.policy : compileTrafficPolicy(route, this.#options.random);
    return { route, policy, lanes };
  }

  #laneEvents(): ConstructorParameters<typeof VersionLane>[2] {
    return {
      onHomeless: (pending) => this.#reroute(pending),
      onSettled: (pending) => this.#settled(pending),
      onAnswer: this.#options.onAnswer ?? null,
      onTrouble: (replica, kind, message) => this.#options.onTrouble?.({ replica, kind, message }),
      onWake: (service, version) => this.#options.onWake?.(service, version) ?? false,
      onReplicaIdle: (replica) => {
        this.#forgetIdleLanes();
        this.#options.onReplicaIdle?.(replica);
      },
    };
  }

  #forgetIdleLanes(): void {
    for (const lane of this.#leaving) if (lane.replicasInFlight().next().done) this.#leaving.delete(lane);
  }

  #wakeAt(atMs: number): void {
    if (atMs >= this.#timerAtMs) return;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    this.#timer = setTimeout(() => this.#expire(), Math.max(0, atMs - performance.now()));
  }

  #expire(): void {
    this.#timer = null;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    const now = performance.now();
    for (let pending = this.#deadlines.popExpired(now); pending; pending = this.#deadlines.popExpired(now)) {
      const where = pending.state === 'queued' ? `waiting ${pending.lane?.waitsFor ?? 'in the queue'}` : 'running';
      this.#withdraw(pending, new LeptonError('DEADLINE_EXCEEDED', `the deadline of ${Math.round(pending.deadlineMs - pending.arrivedAtMs)} ms passed while the request was ${where}`));
    }
    if (this.#deadlines.size) this.#wakeAt(this.#deadlines.nextMs);
  }
}

const stopping = (): LeptonError => new LeptonError('SHUTTING_DOWN', 'the server is stopping and takes no new requests', { retryAfterSeconds: 1 });
