import { timingSafeEqual } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import type { RoutingTable } from '../core/index.ts';
import { type DemandMessage, type Frame, FrameConnection, FrameType, type HelloAnswer, type HelloMessage, type ReplicaTrouble, type RoutingAck, type StopMessage, type WakeMessage } from '../wire/index.ts';
import type { ControlCalls } from './control-calls.ts';

const HELLO_TIMEOUT_MS = 5000;

export interface ControlServerOptions {
  readonly socketPath: string;
  readonly token: string;
  readonly answer: () => HelloAnswer;
  /** Puts the table in force; when it returns, new requests read it. */
  readonly onTable: (table: RoutingTable) => void;
  readonly onStop: (stop: StopMessage) => void;
  /** Control came (true) or went (false). */
  readonly onPresence: (present: boolean) => void;
  readonly demand: () => DemandMessage;
  readonly demandIntervalMs: number;
  /** Asked over control's connection. */
  readonly calls: ControlCalls;
}

/**
 * Where control dials in. One control at a time: a new one that knows the token takes the place of the old (adoption).
 * Without control everything goes on with the last table.
 */
export class ControlServer {
  readonly #options: ControlServerOptions;
  readonly #server: Server;
  #current: FrameConnection | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: ControlServerOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#greet(socket));
  }

  async listen(): Promise<void> {
    const { socketPath } = this.#options;
    await rm(socketPath, { force: true });
    // The mask decides who may connect before anybody can: the socket is made with it.
    const mask = process.umask(0o077);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject);
        this.#server.listen(socketPath, resolve);
      });
    } finally {
      process.umask(mask);
    }
    this.#timer = setInterval(() => this.pushDemand(), this.#options.demandIntervalMs);
  }

  pushDemand(): void {
    this.#current?.send(FrameType.demand, 0, this.#options.demand());
  }

  /** The demand goes first: who decides what may leave memory for this version must know what is in use now. False: control is away. */
  wake(message: WakeMessage): boolean {
    this.pushDemand();
    this.#current?.send(FrameType.wake, 0, message);
    return this.#current !== null;
  }

  reportTrouble(trouble: ReplicaTrouble): void {
    this.#current?.send(FrameType.replicaTrouble, 0, trouble);
  }

  async close(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    this.#current?.end();
    this.#server.close();
    await rm(this.#options.socketPath, { force: true });
  }

  /** The first frame must be a hello of control with the token, soon. */
  #greet(socket: Socket): void {
    const connection = new FrameConnection(socket);
    const timer = setTimeout(() => connection.destroy(), HELLO_TIMEOUT_MS);
    connection.handle({
      onClose: () => clearTimeout(timer),
      onFrame: (frame) => {
        clearTimeout(timer);
        if (frame.type !== FrameType.hello || !this.#trusts(frame.header as HelloMessage)) return connection.destroy();
        this.#adopt(connection);
      },
    });
  }

  #trusts(hello: HelloMessage | undefined): boolean {
    if (hello?.role !== 'control' || typeof hello.token !== 'string') return false;
    const given = Buffer.from(hello.token);
    const wanted = Buffer.from(this.#options.token);
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  }

  #adopt(connection: FrameConnection): void {
    const former = this.#current;
    this.#current = connection;
    former?.destroy();
    connection.handle({
      onFrame: (frame) => this.#receive(connection, frame),
      onClose: () => {
        if (this.#current !== connection) return;
        this.#current = null;
        this.#options.calls.detach();
        this.#options.onPresence(false);
      },
    });
    connection.send(FrameType.helloAnswer, 0, this.#options.answer());
    this.#options.calls.attach(connection);
    this.#options.onPresence(true);
  }

  #receive(connection: FrameConnection, frame: Frame): void {
    switch (frame.type) {
      case FrameType.ping:
        return connection.send(FrameType.pong, frame.id);
      case FrameType.routingTable: {
        const table = frame.header as RoutingTable;
        this.#options.onTable(table);
        const ack: RoutingAck = { generation: table.generation };
        return connection.send(FrameType.routingAck, frame.id, ack);
      }
      case FrameType.callAnswer:
        return this.#options.calls.receive(frame);
      case FrameType.stop:
        return this.#options.onStop(frame.header as StopMessage);
      default:
        return undefined;
    }
  }
}
