import { asLeptonError, LeptonError, leptonErrorFromJson, type ReplicaRoute } from '../../../core/index.ts';
import { dial, type Frame, type FrameConnection, FrameType, type InferMessage, type InferResultMessage } from '../../../wire/index.ts';
import type { PendingRequest } from './pending-request.ts';

const BACKOFF_FIRST_MS = 20;
const BACKOFF_LAST_MS = 1000;
const HELLO_TIMEOUT_MS = 5000;

/** What a link tells its lane. */
export interface ReplicaLinkEvents {
  /** It takes work: connected, or free, or with a place behind the run that it is at. */
  onFree(): void;
  onResult(entries: readonly PendingRequest[], result: InferResultMessage, body: Uint8Array): void;
  /** A whole run was refused by the worker. */
  onRefused(entries: readonly PendingRequest[], error: LeptonError): void;
  /** These must go elsewhere: the connection closed, or their run takes longer than it may. */
  onLost(entries: readonly PendingRequest[], kind: 'disconnected' | 'run-timeout', message: string): void;
  /** Its connection is closed for good, after `retire`. */
  onRetired(): void;
  /** Whether requests wait that a retiring link may still be given: it does not close before they are gone. */
  needed(): boolean;
}

interface Run {
  readonly entries: readonly PendingRequest[];
  /** When it was sent, or when the one before it was answered. */
  startedAtMs: number;
  /** Its requests were given to others; the answer, if it ever comes, only shows that the replica lives. */
  abandoned: boolean;
}

/**
 * The gateway's connection to one replica: dials it for as long as it is in the table, holds its leases.
 *
 *   connecting ──▶ connected ⇄ busy ──▶ (run too long) suspect ──▶ connected, when it answers after all
 *       ▲               │ closed
 *       └── back-off ◀──┘                retire(): no further back-off; closed when idle and not needed
 */
export class ReplicaLink {
  readonly route: ReplicaRoute;
  readonly #events: ReplicaLinkEvents;
  readonly #runTimeoutMs: () => number;
  readonly #runs = new Map<number, Run>();
  #connection: FrameConnection | null = null;
  #nextId = 1;
  #backoffMs = BACKOFF_FIRST_MS;
  #redial: NodeJS.Timeout | null = null;
  #watch: NodeJS.Timeout | null = null;
  #retiring = false;
  #ended = false;

  constructor(route: ReplicaRoute, runTimeoutMs: () => number, events: ReplicaLinkEvents) {
    this.route = route;
    this.#runTimeoutMs = runTimeoutMs;
    this.#events = events;
    void this.#dial();
  }

  get connected(): boolean {
    return this.#connection !== null;
  }

  /** Takes a run now. A run that was given up counts too: a replica that hangs gets no more. */
  get free(): boolean {
    return this.#runs.size === 0 && this.#takes;
  }

  /**
   * Takes a run that waits for the one before it, so that the worker need not wait for the way to the gateway and back. Not
   * behind a request that may have killed another replica. What it took is out of reach of deadlines, priorities and other
   * replicas, so it is for batches that waiting in the queue would not make larger: two in flight always were tried with the
   * add/sub toy and 64 clients, and batches became half as large.
   */
  get takesAnother(): boolean {
    if (this.#runs.size !== 1 || !this.#takes) return false;
    const [run] = this.#runs.values();
    return run !== undefined && !run.abandoned && run.entries.every((entry) => entry.attempts === 1);
  }

  /** When the run that it is at began; Infinity when it is at none. */
  get busySinceMs(): number {
    const [run] = this.#runs.values();
    return run?.startedAtMs ?? Number.POSITIVE_INFINITY;
  }

  get #takes(): boolean {
    return this.#connection !== null && !this.#ended && !this.#connection.congested;
  }

  /** Requests that wait for this replica's answer. */
  get inFlight(): number {
    let requests = 0;
    for (const run of this.#runs.values()) if (!run.abandoned) requests += run.entries.length;
    return requests;
  }

  run(entries: readonly PendingRequest[], nowMs: number): void {
    const id = this.#nextId;
    this.#nextId = (id % 0xffff_fffe) + 1;
    this.#runs.set(id, { entries, startedAtMs: nowMs, abandoned: false });
    const message: InferMessage = { items: entries.map((entry) => entry.item as InferMessage['items'][number]) };
    this.#connection?.send(FrameType.infer, id, message, entries.length === 1 ? (entries[0] as PendingRequest).body : entries.flatMap((entry) => entry.body));
    this.#watch ??= setTimeout(() => this.#checkRuns(), this.#runTimeoutMs());
  }

  /**
   * Out of the table: the connection closes when its last run has ended and nothing waits that needs it, and is not dialed
   * again once it is lost. Called again, it looks whether that is now.
   */
  retire(): void {
    this.#retiring = true;
    this.#endIfIdle();
  }

  /** Closes at once; what is in flight is lost. */
  destroy(): void {
    this.#retiring = true;
    if (this.#connection) this.#connection.destroy();
    else this.#end();
  }

  async #dial(): Promise<void> {
    try {
      const { connection } = await dial(this.route.socketPath, { role: 'gateway', token: this.route.token }, HELLO_TIMEOUT_MS);
      if (this.#ended) return connection.destroy();
      this.#backoffMs = BACKOFF_FIRST_MS;
      this.#connection = connection;
      connection.handle({ onFrame: (frame) => this.#receive(frame), onClose: (error) => this.#closed(error) });
      this.#next();
    } catch {
      this.#redialLater();
    }
  }

  #redialLater(): void {
    if (this.#retiring) return this.#end();
    this.#redial = setTimeout(() => void this.#dial(), this.#backoffMs);
    this.#backoffMs = Math.min(this.#backoffMs * 2, BACKOFF_LAST_MS);
  }

  #receive(frame: Frame): void {
    const run = this.#runs.get(frame.id);
    if (!run) return;
    if (frame.type !== FrameType.inferResult && frame.type !== FrameType.failure) return;
    this.#runs.delete(frame.id);
    this.#follow();
    if (!run.abandoned) this.#deliver(run, frame);
    this.#next();
  }

  /** The run that waited begins now. */
  #follow(): void {
    const now = performance.now();
    for (const run of this.#runs.values()) {
      if (run.abandoned) continue;
      run.startedAtMs = now;
      for (const entry of run.entries) entry.startedAtMs = now;
    }
  }

  /** More work, or the end. */
  #next(): void {
    if (this.free || this.takesAnother) this.#events.onFree();
    if (this.#retiring) this.#endIfIdle();
  }

  #deliver(run: Run, frame: Frame): void {
    try {
      if (frame.type === FrameType.failure) this.#events.onRefused(run.entries, leptonErrorFromJson(frame.header as object));
      else this.#events.onResult(run.entries, frame.header as InferResultMessage, frame.body);
    } catch (error) {
      // A worker that answers nonsense must not take the gateway with it.
      const reason = asLeptonError(error).message;
      this.#events.onRefused(run.entries, new LeptonError('INTERNAL', `the worker's answer cannot be read: ${reason}`, { cause: error }));
    }
  }

  #closed(error: Error | undefined): void {
    this.#connection = null;
    const lost = [...this.#runs.values()].filter((run) => !run.abandoned).flatMap((run) => run.entries);
    this.#runs.clear();
    const message = `the connection to replica ${this.route.id} closed${error ? `: ${error.message}` : ''}`;
    if (!this.#retiring || lost.length) this.#events.onLost(lost, 'disconnected', message);
    this.#redialLater();
  }

  /** One timer per replica, not per run: it wakes when the oldest run may be over its time. */
  #checkRuns(): void {
    this.#watch = null;
    const limitMs = this.#runTimeoutMs();
    const now = performance.now();
    const [first] = this.#runs.values();
    const hangs = first !== undefined && now - first.startedAtMs >= limitMs;
    let oldest = Number.POSITIVE_INFINITY;
    for (const run of this.#runs.values()) {
      if (run.abandoned) continue;
      // What waits behind a run that hangs waits for nothing.
      if (hangs) this.#abandon(run, limitMs);
      else oldest = Math.min(oldest, run.startedAtMs);
    }
    if (oldest !== Number.POSITIVE_INFINITY) this.#watch = setTimeout(() => this.#checkRuns(), Math.max(1, oldest + limitMs - now));
    if (this.#retiring) this.#endIfIdle();
  }

  #abandon(run: Run, limitMs: number): void {
    run.abandoned = true;
    this.#events.onLost(run.entries, 'run-timeout', `replica ${this.route.id} has not answered for ${limitMs} ms`);
  }

  #endIfIdle(): void {
    if (this.#ended || this.inFlight > 0 || this.#events.needed()) return;
    if (this.#connection) this.#connection.end();
    this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#redial) clearTimeout(this.#redial);
    if (this.#watch) clearTimeout(this.#watch);
    this.#events.onRetired();
  }
}
