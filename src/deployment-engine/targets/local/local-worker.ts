/**
 * One local worker process as control holds it: its connection, its heartbeat and its end.
 *
 *   dial (again and again while the process lives) ─▶ connected: status pushed, ping each second
 *        │ closed: dial again                              │
 *        └───────────── process gone, hung or too late ────┴──▶ exit, reported once
 */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import type { IsolationReport, Redact } from '../../../core/index.ts';
import { dial, type FrameConnection, FrameType, type StopMessage, type WorkerConfig, type WorkerStatus } from '../../../wire/index.ts';
import type { LimitReport, WorkerLimits } from '../limits.ts';
import type { WorkerExit, WorkerHandle, WorkerRecord, WorkerUsage } from '../target.ts';
import { type Ending, exitOf } from './exit-reason.ts';
import type { LimitKeeper } from './limit-keeper.ts';
import type { WorkerBox } from './sandbox/worker-box.ts';
import { tailLog } from './log-file.ts';
import { isAlive, readProcess, signalProcess } from '../../process-table.ts';

const PING_INTERVAL_MAX_MS = 1_000;
const DIAL_PAUSE_MS = 20;
const DIAL_PAUSE_MAX_MS = 100;
/** A process that others started is looked for this often: nobody tells us of its end. */
const POLL_MS = 100;
/** What a worker gets on top of its grace to close its sockets. */
const STOP_MARGIN_MS = 1_000;
const LOG_TAIL_BYTES = 2_000;

const UNHEARD: WorkerStatus = { phase: 'loading', reason: 'Spawned', message: 'the worker has not said anything yet' };

export interface LocalWorkerOptions {
  readonly config: WorkerConfig;
  readonly record: WorkerRecord;
  readonly keeper: LimitKeeper;
  readonly box: WorkerBox;
  /** Absent for an adopted process. */
  readonly child?: ChildProcess;
  readonly redact: Redact;
  /** No sign of life for this long, and no progress either: hung. */
  readonly heartbeatTimeoutMs: number;
}

export class LocalWorker implements WorkerHandle {
  readonly record: WorkerRecord;
  readonly replica: string;
  readonly pid: number;
  readonly pidStartTime: string;
  readonly socketPath: string;
  readonly #options: LocalWorkerOptions;
  readonly #keeper: LimitKeeper;
  readonly #statusListeners: ((status: WorkerStatus) => void)[] = [];
  readonly #gone = Promise.withResolvers<WorkerExit>();
  #startedAt = performance.now();
  #status: WorkerStatus | null = null;
  #exit: WorkerExit | null = null;
  #detached = false;
  #connection: FrameConnection | undefined;
  /** Why we ended it ourselves, if we did. */
  #ending: Ending | undefined;
  #timers: NodeJS.Timeout[] = [];
  readonly #beatIntervalMs: number;
  #beatAt = performance.now();
  #heardAt = performance.now();
  #cpu = { seconds: 0, changedAt: performance.now() };

  constructor(options: LocalWorkerOptions) {
    this.#options = options;
    this.record = options.record;
    this.#keeper = options.keeper;
    this.replica = options.record.replica;
    this.pid = options.record.pid;
    this.pidStartTime = options.record.pidStartTime;
    this.socketPath = options.record.socketPath;
    options.child?.once('exit', (code, signal) => void this.#ended(code, signal));
    if (!options.child) this.#every(POLL_MS, () => void (isAlive(this.pid, this.pidStartTime) || this.#ended(null, null)));
    this.#beatIntervalMs = Math.min(PING_INTERVAL_MAX_MS, options.heartbeatTimeoutMs / 4);
    this.#every(this.#beatIntervalMs, () => this.#beat());
    options.box.watchStorage((message) => void this.#end({ reason: 'StorageExceeded', message, expected: false }));
  }

  get status(): WorkerStatus {
    return this.#status ?? UNHEARD;
  }

  get exited(): WorkerExit | null {
    return this.#exit;
  }

  get silentMs(): number {
    return performance.now() - this.#heardAt;
  }

  onStatus(listener: (status: WorkerStatus) => void): void {
    this.#statusListeners.push(listener);
    if (this.#status) listener(this.#status);
  }

  onExit(listener: (exit: WorkerExit) => void): void {
    void this.#gone.promise.then((exit) => {
      if (!this.#detached) listener(exit);
    });
  }

  usage(): WorkerUsage | null {
    const info = readProcess(this.pid);
    if (info?.startTime !== this.pidStartTime) return null;
    return { ...this.#keeper.usage(this.pid), ...this.#options.box.usage(this.pid) };
  }

  get limits(): LimitReport {
    return this.#keeper.report;
  }

  get isolation(): IsolationReport {
    return this.#options.box.isolation(this.#status ? this.pid : null);
  }

  adjust(changes: Partial<WorkerLimits>): Promise<LimitReport> {
    return this.#keeper.adjust(this.pid, changes);
  }

  async stop(graceMs: number, reason: string): Promise<WorkerExit> {
    this.#ending ??= { reason: 'Drained', message: `left as asked (${reason})`, expected: true };
    if (this.#connection?.open) this.#connection.send(FrameType.stop, 0, { graceMs, reason } satisfies StopMessage);
    else signalProcess(this.pid, this.pidStartTime, 'SIGTERM');
    if (await this.#goneWithin(graceMs + STOP_MARGIN_MS)) return this.#gone.promise;
    return this.#end({ reason: 'DrainTimeout', message: `killed: it had not left ${graceMs} ms after it was asked to (${reason})`, expected: true });
  }

  async kill(): Promise<WorkerExit> {
    return this.#end({ reason: 'Killed', message: 'killed on request', expected: true });
  }

  detach(): void {
    this.#detached = true;
    this.#options.box.detach();
    this.#clear();
    // Someone else's now; it must not keep this process alive.
    this.#options.child?.unref();
  }

  /** Takes over a connection that has said hello already. */
  attach(connection: FrameConnection): void {
    if (this.#detached || this.#exit) return connection.destroy();
    this.#connection = connection;
    void this.#options.box.seal();
    this.#heardAt = performance.now();
    connection.handle({
      onFrame: (frame) => {
        this.#heardAt = performance.now();
        if (frame.type === FrameType.status) this.#setStatus(frame.header as WorkerStatus);
      },
      onClose: () => void this.connect(),
    });
  }

  /** Dials until the worker answers or is gone. A worker that loads may be deaf for as long as its load takes. */
  async connect(): Promise<void> {
    let pauseMs = DIAL_PAUSE_MS;
    while (!this.#detached && !this.#exit) {
      const { token, replica, timeouts } = this.#options.config;
      const dialled = await dial(this.socketPath, { role: 'control', token }, timeouts.loadTimeoutMs).catch(() => null);
      if (dialled?.answer.instance === replica) return this.attach(dialled.connection);
      dialled?.connection.destroy();
      await wait(pauseMs, undefined, { ref: false });
      pauseMs = Math.min(pauseMs * 1.5, DIAL_PAUSE_MAX_MS);
    }
  }

  #setStatus(status: WorkerStatus): void {
    this.#status = { ...status, message: this.#options.redact(status.message) };
    for (const listener of this.#statusListeners) listener(this.#status);
  }

  /** Each interval: asks for a sign of life and decides whether there were none for too long. */
  #beat(): void {
    if (this.#exit || this.#detached) return;
    const now = performance.now();
    this.#forgiveOwnPause(now);
    const cpuSeconds = readProcess(this.pid)?.cpuSeconds ?? 0;
    if (cpuSeconds > this.#cpu.seconds) this.#cpu = { seconds: cpuSeconds, changedAt: now };
    if (this.#connection?.open) this.#connection.send(FrameType.ping, 0);
    if (this.#keeper.ranOutOfMemory) return void this.#end({ reason: 'OutOfMemory', message: 'the kernel ended one of its processes for want of memory', expected: false });
    const { loadTimeoutMs, runTimeoutMs } = this.#options.config.timeouts;
    const loading = this.#status === null || this.#status.phase === 'loading';
    if (loading) {
      if (now - this.#startedAt > loadTimeoutMs) void this.#end({ reason: 'LoadTimeout', message: `not ready ${loadTimeoutMs} ms after its start`, expected: false });
      return;
    }
    const { silentMs } = this;
    const stuckMs = now - this.#cpu.changedAt;
    // A long run is silent but burns CPU: it has until the run time-out. One that does nothing at all is hung sooner.
    const limitMs = this.#options.heartbeatTimeoutMs;
    const hung = silentMs > limitMs && (stuckMs > limitMs || silentMs > Math.max(runTimeoutMs, limitMs));
    if (hung) void this.#end({ reason: 'Hung', message: `no sign of life for ${Math.round(silentMs)} ms, ${stuckMs > limitMs ? 'and no CPU time used' : `longer than a run may take (${runTimeoutMs} ms)`}`, expected: false });
  }

  /** When we were held up ourselves, answers wait unread in the socket: that silence is not the worker's. */
  #forgiveOwnPause(now: number): void {
    const lateMs = now - this.#beatAt - this.#beatIntervalMs;
    this.#beatAt = now;
    if (lateMs < this.#beatIntervalMs) return;
    this.#heardAt += lateMs;
    this.#cpu.changedAt += lateMs;
    this.#startedAt += lateMs;
  }

  async #end(ending: Ending): Promise<WorkerExit> {
    if (!this.#ending || ending.reason === 'DrainTimeout') this.#ending = ending;
    signalProcess(this.pid, this.pidStartTime, 'SIGKILL');
    return this.#gone.promise;
  }

  async #goneWithin(milliseconds: number): Promise<boolean> {
    const timer = new AbortController();
    const late = wait(milliseconds, false, { signal: timer.signal }).catch(() => false);
    const gone = await Promise.race([this.#gone.promise.then(() => true), late]);
    timer.abort();
    return gone;
  }

  async #ended(code: number | null, signal: string | null): Promise<void> {
    if (this.#exit) return;
    const exit = exitOf({ code, signal, ending: this.#ending, status: this.#status, adopted: !this.#options.child, memory: this.#keeper.memory(), logTail: this.#logTail() });
    this.#exit = exit;
    this.#clear();
    // One that was let go of is somebody else's, with its group and files.
    if (this.#detached) return this.#gone.resolve(exit);
    await this.#keeper.end(this.record);
    // What can't be removed now is swept when control starts next; the end must be told all the same.
    await this.#options.box.clear().catch(() => undefined);
    this.#gone.resolve(exit);
  }

  /** The last words, for the reason of an exit; without them (no free descriptor, a bad disk) the exit is one all the same. */
  #logTail(): string {
    try {
      return tailLog(this.record.logFile, LOG_TAIL_BYTES).split('\n').map(this.#options.redact).join('\n');
    } catch (error) {
      return `(the log can't be read: ${(error as Error).message})`;
    }
  }

  #every(milliseconds: number, act: () => void): void {
    this.#timers.push(setInterval(act, milliseconds));
  }

  #clear(): void {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    this.#connection?.destroy();
  }
}
