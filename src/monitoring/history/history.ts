import { Worker } from 'node:worker_threads';
import { LeptonError } from '../../core/index.ts';
import type { HistoryTotals, ThreadData, ThreadReply, ThreadRequest, ThreadState } from './messages.ts';
import type { HistoryAnswer, HistoryQuery, TotalsQuery } from './query.ts';

export interface MetricsHistoryOptions extends ThreadData {
  /** Of `thread.ts`, as source or built. */
  readonly threadFile: string;
  readonly onProblem: (message: string, cause?: unknown) => void;
}

/** What is known of the history itself. */
export interface HistoryStatus {
  readonly usedBytes: number;
  readonly bytesMax: number;
  /** Reports of the engine that could not be kept, and those that gateways gave up, since control started. */
  readonly droppedReports: number;
  /** What the last write met; null: nothing. */
  readonly problem: string | null;
}

/** Requests that may wait for the thread: what a slow disk may cost in memory. */
const WAITING_MAX = 256;
const WAITING_BYTES_MAX = 32 * 2 ** 20;
const RESTART_PAUSE_MS = 1_000;

interface Waiting {
  readonly bytes: number;
  readonly resolve: (reply: ThreadReply) => void;
  readonly reject: (error: LeptonError) => void;
}

/** The history of metrics. Its file and its work are in a thread; nothing here ever blocks, and nothing waits without bound. */
export class MetricsHistory {
  readonly #options: MetricsHistoryOptions;
  readonly #waiting = new Map<number, Waiting>();
  #waitingBytes = 0;
  #lastId = 0;
  #worker: Worker | null = null;
  #state: ThreadState = { usedBytes: 0, problem: null, setAside: null };
  #dropped = 0;
  #closed = false;

  constructor(options: MetricsHistoryOptions) {
    this.#options = options;
    this.#start();
  }

  get status(): HistoryStatus {
    const { usedBytes, problem } = this.#state;
    return { usedBytes, bytesMax: this.#options.bytesMax, droppedReports: this.#dropped, problem };
  }

  /**
   * Keeps an encoded report; resolves once it is committed. Rejects with DATABASE_UNAVAILABLE when the disk does not take
   * it or too much waits already; whoever has it may send it again.
   */
  async record(report: Uint8Array): Promise<void> {
    const own = new Uint8Array(report);
    await this.#ask((id) => ({ kind: 'write', id, report: own }), own.byteLength, [own.buffer]);
  }

  /** Rejects with INVALID_ARGUMENT when too much is asked for, DATABASE_UNAVAILABLE when it can't be read. */
  async query(query: HistoryQuery, now: number): Promise<HistoryAnswer> {
    const { answer } = await this.#ask((id) => ({ kind: 'query', id, query, now }), 0);
    return answer as HistoryAnswer;
  }

  /** As `query`. */
  async totals(query: TotalsQuery, now: number): Promise<HistoryTotals> {
    const { totals } = await this.#ask((id) => ({ kind: 'totals', id, query, now }), 0);
    return totals as HistoryTotals;
  }

  /** Counts what was given up. */
  dropped(reports: number): void {
    this.#dropped += reports;
  }

  /** What waits is written first. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#worker) await this.#ask((id) => ({ kind: 'close', id }), 0).catch(() => undefined);
    await this.#worker?.terminate();
  }

  async #ask(request: (id: number) => ThreadRequest, bytes: number, transfer: ArrayBuffer[] = []): Promise<ThreadReply> {
    const worker = this.#worker;
    if (!worker) throw unavailable(this.#state.problem ?? 'its thread is being started again');
    if (this.#waiting.size >= WAITING_MAX || this.#waitingBytes + bytes > WAITING_BYTES_MAX) throw unavailable(`the disk does not keep up: ${this.#waiting.size} requests wait`);
    const id = ++this.#lastId;
    const reply = await new Promise<ThreadReply>((resolve, reject) => {
      this.#waiting.set(id, { bytes, resolve, reject });
      this.#waitingBytes += bytes;
      worker.postMessage(request(id), transfer);
    });
    if (reply.error) throw new LeptonError(reply.error.code, reply.error.message);
    return reply;
  }

  #start(): void {
    const { threadFile, file, bytesMax, onProblem } = this.#options;
    const worker = new Worker(threadFile, { workerData: { file, bytesMax } satisfies ThreadData, name: 'history' });
    this.#worker = worker;
    worker.on('message', (reply: ThreadReply) => this.#replied(reply));
    worker.on('error', (error) => {
      this.#state = { ...this.#state, problem: error.message };
      onProblem('the history of metrics stopped and is started again', error);
    });
    worker.on('exit', () => this.#ended());
    worker.unref();
  }

  #replied(reply: ThreadReply): void {
    const { setAside, problem } = reply.state;
    if (setAside && setAside !== this.#state.setAside) this.#options.onProblem(`the history of metrics could not be read and was begun anew; the old file is ${setAside}`);
    if (problem && problem !== this.#state.problem) this.#options.onProblem(`the history of metrics can't be written: ${problem}`);
    this.#state = reply.state;
    this.#take(reply.id)?.resolve(reply);
  }

  #ended(): void {
    this.#worker = null;
    for (const id of [...this.#waiting.keys()]) this.#take(id)?.reject(unavailable('its thread ended'));
    if (!this.#closed) setTimeout(() => this.#closed || this.#start(), RESTART_PAUSE_MS).unref();
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    if (!waiting) return undefined;
    this.#waiting.delete(id);
    this.#waitingBytes -= waiting.bytes;
    return waiting;
  }
}

const unavailable = (why: string): LeptonError => new LeptonError('DATABASE_UNAVAILABLE', `the history of metrics does not answer: ${why}`, { retryAfterSeconds: 1 });
