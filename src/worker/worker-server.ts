import { unlink } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { type FailureMessage, type Frame, FrameConnection, FrameType, type HelloAnswer, type HelloMessage, type StopMessage, type WorkerStatus } from '../wire/index.ts';
import type { InferQueue } from './infer-queue.ts';

/** A connection that has not said hello by then is closed. */
const HELLO_TIMEOUT_MS = 10_000;
/** Most connections at once; control has one and every gateway one. */
const CONNECTIONS_MAX = 64;
/** How long the last answers may take to leave after the work is done. */
const FLUSH_MS = 500;

interface WorkerServerOptions {
  readonly socketPath: string;
  readonly token: string;
  readonly replica: string;
  /** Control asks the worker to leave. */
  readonly onStop: (message: StopMessage) => void;
  /** The number of control connections changed. */
  readonly onControl: (count: number) => void;
}

/**
 * The worker's socket. It answers hello, ping and stop from the first moment, and infer once `serve` gave it a model:
 *
 *   connection ── hello ──▶ control: status now and on every change, ping, stop
 *                      └──▶ gateway: infer, cancel
 */
export class WorkerServer {
  readonly #options: WorkerServerOptions;
  readonly #server: Server;
  readonly #connections = new Set<FrameConnection>();
  readonly #controls = new Set<FrameConnection>();
  readonly #startedAt = new Date().toISOString();
  #status: WorkerStatus = { phase: 'loading', reason: 'Spawned', message: 'loading the model' };
  #queue: InferQueue | undefined;
  #draining = false;

  constructor(options: WorkerServerOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#accept(socket));
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /** Listens, in place of a socket file that a dead process left. */
  async listen(): Promise<void> {
    await unlink(this.#options.socketPath).catch(() => undefined);
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#options.socketPath, resolve);
    });
  }

  /** Tells every control connection, now and when it connects. */
  setStatus(status: WorkerStatus): void {
    this.#status = status;
    for (const control of this.#controls) control.send(FrameType.status, 0, status);
  }

  get controls(): number {
    return this.#controls.size;
  }

  /** From now on infer frames are answered. */
  serve(queue: InferQueue): void {
    this.#queue = queue;
  }

  /** Finishes what was taken, at most `graceMs`, then closes every connection and removes the socket file. Resolves to whether all was finished. */
  async drain(graceMs: number): Promise<boolean> {
    this.#draining = true;
    const finished = await Promise.race([(this.#queue?.close() ?? Promise.resolve()).then(() => true), wait(graceMs, false)]);
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const connection of this.#connections) connection.end();
    await Promise.race([closed, wait(FLUSH_MS)]);
    for (const connection of this.#connections) connection.destroy();
    return finished;
  }

  #accept(socket: Socket): void {
    const connection = new FrameConnection(socket);
    this.#connections.add(connection);
    const timer = setTimeout(() => connection.destroy(), HELLO_TIMEOUT_MS);
    connection.handle({
      onClose: () => {
        clearTimeout(timer);
        this.#connections.delete(connection);
      },
      onFrame: (frame) => {
        clearTimeout(timer);
        this.#greet(connection, frame);
      },
    });
  }

  #greet(connection: FrameConnection, frame: Frame): void {
    const hello = (frame.header ?? {}) as Partial<HelloMessage>;
    const welcome = frame.type === FrameType.hello && hello.token === this.#options.token && (hello.role === 'control' || hello.role === 'gateway');
    if (!welcome) return connection.destroy();
    connection.send(FrameType.helloAnswer, frame.id, { pid: process.pid, instance: this.#options.replica, startedAt: this.#startedAt, ...(this.#draining && { stopping: true as const }) } satisfies HelloAnswer);
    if (hello.role === 'control') this.#greetControl(connection);
    else this.#greetGateway(connection);
  }

  #greetControl(connection: FrameConnection): void {
    this.#controls.add(connection);
    connection.send(FrameType.status, 0, this.#status);
    connection.handle({
      onFrame: (frame) => {
        if (frame.type === FrameType.ping) connection.send(FrameType.pong, frame.id);
        else if (frame.type === FrameType.stop) this.#options.onStop(frame.header as StopMessage);
        else refuse(connection, frame, 'control');
      },
      onClose: () => {
        this.#connections.delete(connection);
        this.#controls.delete(connection);
        this.#options.onControl(this.#controls.size);
      },
    });
    this.#options.onControl(this.#controls.size);
  }

  #greetGateway(connection: FrameConnection): void {
    connection.handle({
      onFrame: (frame) => this.#fromGateway(connection, frame),
      onClose: () => {
        this.#connections.delete(connection);
        this.#queue?.drop(connection);
      },
    });
  }

  #fromGateway(connection: FrameConnection, frame: Frame): void {
    if (frame.type === FrameType.cancel) this.#queue?.cancel(connection, frame.id);
    else if (frame.type === FrameType.ping) connection.send(FrameType.pong, frame.id);
    else if (frame.type !== FrameType.infer) refuse(connection, frame, 'gateway');
    else if (this.#queue) this.#queue.push({ connection, id: frame.id, header: frame.header, body: frame.body });
    else connection.send(FrameType.failure, frame.id, { code: 'VERSION_NOT_READY', error: `the worker is not ready: ${this.#status.message}` } satisfies FailureMessage);
  }
}

function refuse(connection: FrameConnection, frame: Frame, role: string): void {
  connection.send(FrameType.failure, frame.id, { code: 'INVALID_ARGUMENT', error: `a ${role} connection takes no frame of type ${frame.type}` } satisfies FailureMessage);
}
