import { LeptonError, type ErrorCode, type PredictionIds, type ReplicaRoute, takesRequests, type Tensor, type VersionRoute } from '../../../core/index.ts';
import { FRAME_BYTES_MAX, type InferResultMessage } from '../../../wire/index.ts';
import { PullBatcher } from '../batching/index.ts';
import { compileSignatureCheck, type InferenceRequest } from '../codec/index.ts';
import type { Learnt } from './learnt-versions.ts';
import { type PendingRequest, REPLICA_FAULTS } from './pending-request.ts';
import { ReplicaLink } from './replica-link.ts';
import { cut, inOrder, whenAll } from './run-result.ts';
import type { VersionStatistics } from './statistics.ts';

/** A frame's, with room for its head. */
const REQUEST_BYTES_MAX = FRAME_BYTES_MAX - 2 ** 20;
/** Runs that one request may be part of. */
const ATTEMPTS_MAX = 2;
/** Runs up to this long are followed by a run that waits at the worker: the way there and back counts beside them. */
const SHORT_RUN_MS = 20;

/** Told of each answer, for who looks at some of them; `request.inputs()` are as they went to the worker. */
export type OnAnswer = (service: string, version: string, predictionId: string, request: { inputs(): readonly Tensor[] }, outputs: readonly Tensor[]) => void;

/** What a lane tells the data plane. */
export interface LaneEvents {
  /** The version has left the table: the current one finds the request another place, or the error says why it has none. */
  onHomeless(pending: PendingRequest): LeptonError | null;
  /** The request has its answer or error; the plane forgets it. */
  onSettled(pending: PendingRequest): void;
  /** A request was answered; its bytes and the answer's may be let go after this call. null: nobody asks. */
  readonly onAnswer: OnAnswer | null;
  onTrouble(replica: string, kind: 'run-timeout' | 'disconnected', message: string): void;
  /** A request waits, and the version is asleep: it has to be loaded. */
  onWake(service: string, version: string): boolean;
  /** A replica that left the table has nothing in flight any more. */
  onReplicaIdle(replica: string): void;
}

/**
 * Everything about one version of one service in this gateway: queue, replicas, statistics.
 *
 *   submit ──▶ check ──▶ queue ──pull──▶ replica link ──▶ worker
 *                 ▲         ▲                  │
 *              refused      └── lost, once ────┘
 *
 * A version that leaves the table hands its queue over to where the new table sends it. What has no other place (requests
 * that name this version, mostly) was accepted and stays: the replicas have their drain time-out to answer it.
 */
export class VersionLane {
  readonly service: string;
  readonly statistics: VersionStatistics;
  readonly #events: LaneEvents;
  readonly #predictionIds: PredictionIds;
  readonly #batcher: PullBatcher<PendingRequest>;
  readonly #links = new Map<string, ReplicaLink>();
  /** Out of the table, finishing what they run and, if the whole version has left, what waits. */
  readonly #retiring = new Map<string, ReplicaLink>();
  readonly #check: (request: InferenceRequest) => Tensor[];
  readonly #outputOrder: readonly string[];
  /** Whether shapes without their first dimension may differ between requests, so that the merge key must hold them. */
  readonly #freeTrailing: boolean;
  #route: VersionRoute;
  #order: ReplicaLink[] = [];
  #turn = 0;
  #delay: NodeJS.Timeout | null = null;
  #immediate: NodeJS.Immediate | null = null;
  #closed = false;
  /** Control was told to load it, and it is asleep still. */
  #woken = false;
  #runs = 0;
  /** Milliseconds of a run: the mean of the first, then smoothed; for retry-after. */
  #runMs = 1;

  constructor(service: string, route: VersionRoute, events: LaneEvents, predictionIds: PredictionIds, { tuner, statistics }: Learnt) {
    this.service = service;
    this.statistics = statistics;
    this.#events = events;
    this.#predictionIds = predictionIds;
    this.#route = route;
    this.#batcher = new PullBatcher(rulesOf(route), tuner);
    this.#check = compileSignatureCheck(service, route.version, route.signature, route.batching.rowsMax);
    this.#outputOrder = route.signature.outputs.map((output) => output.name);
    this.#freeTrailing = route.signature.inputs.some((input) => input.untyped || input.shape.slice(1).includes(-1));
    this.#updateReplicas(route.replicas);
  }

  get route(): VersionRoute {
    return this.#route;
  }

  get queueLength(): number {
    return this.#batcher.queue.length;
  }

  /** Rows of the batches that are formed now. */
  get batchRows(): number {
    return this.#batcher.batchRows;
  }

  get connectedReplicas(): number {
    return this.#order.filter((link) => link.connected).length;
  }

  get inFlight(): number {
    let requests = 0;
    for (const [, count] of this.replicasInFlight()) requests += count;
    return requests;
  }

  /** Requests in flight by replica; replicas that left the table only while they have any. */
  *replicasInFlight(): Generator<readonly [replica: string, requests: number]> {
    for (const [id, link] of this.#links) yield [id, link.inFlight];
    for (const [id, link] of this.#retiring) if (!this.#links.has(id)) yield [id, link.inFlight];
  }

  /** Takes the version's entry of a new table. The digest is the same; anything else may differ. */
  update(route: VersionRoute): void {
    this.#route = route;
    this.#batcher.setRules(rulesOf(route));
    this.#updateReplicas(route.replicas);
    if (this.#refusal()) for (const pending of this.#batcher.queue.drain()) this.#fail(pending, this.#refusal() as LeptonError);
    this.#woken = false;
    this.#wakeIfAsleep();
    this.#pump();
  }

  /** Out of the table: what runs finishes; what waits goes elsewhere or, without another place, to the leaving replicas. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#delay) clearTimeout(this.#delay);
    // Nobody joins any more, so there is no company to wait for.
    this.#batcher.setRules({ ...this.#batcher.rules, maxDelayMs: 0 });
    this.#updateReplicas([]);
    this.#order = [...this.#retiring.values()];
    const now = performance.now();
    for (const pending of this.#batcher.queue.drain()) this.#rehome(pending, () => this.#batcher.queue.push(pending, now));
    this.#pump();
  }

  /** Cuts all connections. */
  destroy(): void {
    this.close();
    for (const link of this.#retiring.values()) link.destroy();
  }

  /**
   * Checks the request against the signature and queues it. Throws INVALID_ARGUMENT, VERSION_NOT_READY, QUEUE_FULL; a
   * homeless request, accepted by a version that has left since, never meets the last.
   */
  submit(pending: PendingRequest, nowMs: number, options: { homeless?: boolean } = {}): void {
    const refusal = this.#refusal();
    if (refusal) throw refusal;
    const inputs = this.#check(pending.request);
    if (this.#batcher.full && !options.homeless) throw this.#queueFull();
    pending.prepare(inputs);
    if (pending.bytes > REQUEST_BYTES_MAX) throw new LeptonError('TOO_LARGE', `the inputs have ${pending.bytes} bytes, at most ${REQUEST_BYTES_MAX} fit a run`);
    this.#setMergeKey(pending, inputs);
    pending.lane = this;
    pending.state = 'queued';
    // What waited before may have gone unheard.
    if (this.queueLength === 0) this.#woken = false;
    this.#batcher.queue.push(pending, nowMs);
    this.#wakeIfAsleep();
    this.#pumpSoon();
  }

  /** The client left or the deadline passed: out of the queue, or its answer is dropped when it comes. */
  withdraw(pending: PendingRequest): void {
    if (this.#batcher.queue.remove(pending)) this.#release();
  }

  /** However many requests wait, one of them asks. */
  #wakeIfAsleep(): void {
    if (this.#route.phase !== 'asleep' || this.#woken || this.queueLength === 0) return;
    this.#woken = this.#events.onWake(this.service, this.#route.version);
  }

  /** What queued requests wait for, for whoever has waited too long. */
  get waitsFor(): string {
    const { phase, version, reason, message } = this.#route;
    if (phase !== 'asleep' && phase !== 'waking') return 'in the queue';
    const why = phase === 'asleep' && !this.#woken ? 'control, which loads it, does not answer' : [reason, message].filter(Boolean).join(': ');
    return `for version '${version}' to be loaded (it is ${phase}; ${why})`;
  }

  #refusal(): LeptonError | null {
    if (this.#closed) return new LeptonError('SHUTTING_DOWN', `model '${this.service}' version '${this.#route.version}' is leaving`, { retryAfterSeconds: 1 });
    const { phase, version, reason, message } = this.#route;
    if (takesRequests(phase)) return null;
    const why = [reason, message].filter(Boolean).join(': ');
    return new LeptonError('VERSION_NOT_READY', `model '${this.service}' version '${version}' is ${phase}${why ? ` (${why})` : ''}`, { retryAfterSeconds: 1 });
  }

  #queueFull(): LeptonError {
    const { queueLengthMax } = this.#batcher.rules;
    const runs = this.queueLength / this.batchRows / Math.max(1, this.connectedReplicas);
    const retryAfterSeconds = Math.min(60, Math.max(1, Math.ceil((runs * this.#runMs) / 1000)));
    return new LeptonError('QUEUE_FULL', `the queue of model '${this.service}' version '${this.#route.version}' is full: ${queueLengthMax} requests wait`, { retryAfterSeconds });
  }

  #setMergeKey(pending: PendingRequest, inputs: readonly Tensor[]): void {
    const rows = inputs[0]?.shape[0] ?? 0;
    pending.rows = rows;
    // A request that has outlived a replica runs alone: if it was what killed it, it takes no neighbours along.
    const alone = rows === 0 || pending.attempts > 0 || inputs.some((tensor) => tensor.shape[0] !== rows);
    if (alone) pending.mergeKey = null;
    else pending.mergeKey = this.#freeTrailing ? inputs.map((tensor) => `${tensor.datatype}${tensor.shape.slice(1).join('x')}`).join(',') : '';
  }

  #updateReplicas(routes: readonly ReplicaRoute[]): void {
    const wanted = new Set(routes.map((route) => route.id));
    for (const [id, link] of this.#links) {
      if (wanted.has(id)) continue;
      this.#links.delete(id);
      this.#retiring.set(id, link);
      link.retire();
    }
    for (const route of routes) if (!this.#links.has(route.id)) this.#links.set(route.id, this.#connect(route));
    this.#order = [...this.#links.values()];
  }

  #connect(route: ReplicaRoute): ReplicaLink {
    const link: ReplicaLink = new ReplicaLink(route, () => this.#route.timeouts.runTimeoutMs, {
      onFree: () => this.#pump(),
      onResult: (entries, result, body) => this.#complete(entries, result, body),
      onRefused: (entries, error) => this.#refused(entries, error),
      onLost: (entries, kind, message) => this.#lost(entries, kind, message, route.id),
      onRetired: () => this.#retired(link),
      needed: () => this.#closed && this.queueLength > 0,
    });
    return link;
  }

  #retired(link: ReplicaLink): void {
    const { id } = link.route;
    if (this.#retiring.get(id) === link) this.#retiring.delete(id);
    if (this.#closed) {
      this.#order = this.#order.filter((other) => other !== link);
      if (this.#order.length === 0) for (const pending of this.#batcher.queue.drain()) this.#rehome(pending, null);
    }
    this.#events.onReplicaIdle(id);
  }

  /** Of a version that has left: elsewhere by the current table, or kept for a leaving replica, or told why neither. */
  #rehome(pending: PendingRequest, keep: (() => void) | null): void {
    const error = this.#events.onHomeless(pending);
    if (!error) return;
    if (keep && this.#order.length) keep();
    else this.#fail(pending, error);
  }

  /** A version that has left lets its replicas go once nothing waits for them. */
  #release(): void {
    if (this.#closed && this.queueLength === 0) for (const link of [...this.#retiring.values()]) link.retire();
  }

  /** Once the requests that the kernel has ready are all read: they can run together, and nobody waits for it. */
  #pumpSoon(): void {
    if (this.#immediate) return;
    this.#immediate = setImmediate(() => {
      this.#immediate = null;
      this.#pump();
    });
  }

  /** Gives work to free replicas, in turn, until either has run out. */
  #pump(): void {
    while (this.queueLength > 0) if (!this.#runNext()) return;
    this.#release();
  }

  /** Whether a run began. */
  #runNext(): boolean {
    const idle = this.#nextFree();
    const link = idle ?? this.#nextBehindAnother();
    if (!link) return false;
    const now = performance.now();
    const pull = this.#batcher.pull(now, { fullOnly: !idle });
    if (pull.kind === 'wait') this.#pumpAt(pull.untilMs, now);
    if (pull.kind !== 'run') return false;
    for (const pending of pull.entries) {
      pending.state = 'running';
      pending.startedAtMs = now;
      pending.attempts++;
    }
    link.run(pull.entries, now);
    return true;
  }

  #nextFree(): ReplicaLink | undefined {
    for (let step = 0; step < this.#order.length; step++) {
      const link = this.#order[this.#turn++ % this.#order.length];
      if (link?.free) return link;
    }
    return undefined;
  }

  /** The replica that has been busy longest, for a run that waits there. What has outlived a replica waits here for an idle one. */
  #nextBehindAnother(): ReplicaLink | undefined {
    if (this.#runs === 0 || this.#runMs > SHORT_RUN_MS || this.#batcher.queue.first()?.attempts) return undefined;
    let longest: ReplicaLink | undefined;
    for (const link of this.#order) if (link.takesAnother && (!longest || link.busySinceMs < longest.busySinceMs)) longest = link;
    return longest;
  }

  #pumpAt(atMs: number, nowMs: number): void {
    if (this.#delay) return;
    this.#delay = setTimeout(() => {
      this.#delay = null;
      this.#pump();
    }, Math.max(0, atMs - nowMs));
  }

  #complete(entries: readonly PendingRequest[], result: InferResultMessage, body: Uint8Array): void {
    const slices = cut(result, body, entries.length);
    const runMs = result.runNs / 1e6;
    this.#runs++;
    this.#runMs += (runMs - this.#runMs) / Math.min(16, this.#runs);
    this.#batcher.ran(entries, runMs + (result.inputNs + result.outputNs) / 1e6);
    const inputBytes = entries.reduce((sum, { bytes }) => sum + bytes, 0);
    this.statistics.ran({ rows: result.batchSize, requests: entries.length, inputNs: result.inputNs, runNs: result.runNs, outputNs: result.outputNs, inputBytes, outputBytes: body.byteLength });
    const letGo = whenAll(entries.length, body);
    entries.forEach((pending, index) => {
      const item = result.items[index] as InferResultMessage['items'][number];
      if (!pending.open) return letGo?.();
      if ('code' in item) this.#refused([pending], new LeptonError(item.code, item.error));
      else this.#answer(pending, slices[index] as Tensor[], result, runMs, letGo);
    });
  }

  #answer(pending: PendingRequest, outputs: readonly Tensor[], result: InferResultMessage, runMs: number, letGo: (() => void) | undefined): void {
    const now = performance.now();
    const queueMs = pending.startedAtMs - pending.arrivedAtMs;
    const totalMs = now - pending.arrivedAtMs;
    const { request } = pending;
    const ordered = inOrder(outputs, request.outputs?.map((output) => output.name) ?? this.#outputOrder);
    const predictionId = this.#predictionIds.create(this.#route.predictionSource);
    this.statistics.answered(pending.rows, queueMs, totalMs, Date.now(), predictionId);
    this.#events.onAnswer?.(this.service, this.#route.version, predictionId, pending, ordered);
    // Its only run has answered, so its bytes have all been sent; an earlier run's might be on their way still.
    if (pending.attempts === 1) request.letGo?.();
    pending.finish(null, {
      model: this.service,
      version: this.#route.version,
      id: request.id,
      predictionId,
      outputs: ordered,
      timing: { queueMs, batchMs: (result.inputNs + result.outputNs) / 1e6, runMs, totalMs, batchSize: result.batchSize },
      ...(letGo && { letGo }),
    });
    this.#events.onSettled(pending);
  }

  #refused(entries: readonly PendingRequest[], error: LeptonError): void {
    if (REPLICA_FAULTS.has(error.code)) return this.#again(entries, error.message);
    for (const pending of entries) this.#fail(pending, error);
  }

  #lost(entries: readonly PendingRequest[], kind: 'disconnected' | 'run-timeout', message: string, replica: string): void {
    if (this.#links.has(replica)) this.#events.onTrouble(replica, kind, message);
    this.#again(entries, message);
  }

  /** Back to the head of the queue, in order, unless they have had their second chance. */
  #again(entries: readonly PendingRequest[], message: string): void {
    const now = performance.now();
    for (const pending of entries.toReversed()) {
      if (!pending.open) continue;
      if (pending.attempts >= ATTEMPTS_MAX) {
        this.#fail(pending, new LeptonError('REPLICA_FAILED', `${message}; this was attempt ${pending.attempts} of ${ATTEMPTS_MAX}`, { retryAfterSeconds: 1 }));
        continue;
      }
      this.statistics.retries++;
      pending.state = 'queued';
      pending.mergeKey = null;
      const keep = (): void => this.#batcher.queue.pushFront(pending, now);
      if (this.#closed) this.#rehome(pending, keep);
      else keep();
    }
    this.#pump();
  }

  #fail(pending: PendingRequest, error: LeptonError): void {
    if (!pending.finish(error, null)) return;
    this.recordFailure(error.code, pending);
    this.#events.onSettled(pending);
  }

  /** Counts a request that failed after this version was chosen for it. */
  recordFailure(code: ErrorCode, pending: Pick<PendingRequest, 'arrivedAtMs'>): void {
    this.statistics.failed(code, performance.now() - pending.arrivedAtMs);
  }
}

function rulesOf(route: VersionRoute): PullBatcher<PendingRequest>['rules'] {
  const { batchable, batchMax, maxBatch, rowsMax, maxDelayMs, queueLengthMax } = route.batching;
  return { batchable, batchMax, tunedMax: maxBatch === null ? (rowsMax ?? Number.POSITIVE_INFINITY) : null, maxDelayMs, queueLengthMax };
}
