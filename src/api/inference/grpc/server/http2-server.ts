import { performServerHandshake, type ServerHttp2Session, type ServerOptions } from 'node:http2';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Connection } from './connection.ts';
import type { GrpcServer, GrpcServerLimits, Methods } from './types.ts';

const CHECK_INTERVAL_MS = 1000;
const CONCURRENT_CALLS_MAX = 1024;
/** What a client may send of one call, and of all, before we have read it. */
const STREAM_WINDOW_BYTES = 1 << 20;
const CONNECTION_WINDOW_BYTES = 4 << 20;
/** Cancelled calls a second that are borne for long, and at once: deadlines that pass under load are cancelled, floods are cut off. */
const CANCELS_PER_SECOND = 2000;
const CANCELS_BURST = 10_000;
/** Calls beyond CONCURRENT_CALLS_MAX that are refused one by one; Node counts cancelled ones until it has put them away. */
const REFUSALS_MAX = 10_000;
const SESSION_MEMORY_MEGABYTES = 256;
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const NOT_GRPC = 'this port speaks gRPC (HTTP/2 without TLS)\n';
const HTTP1_ANSWER = `HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: ${NOT_GRPC.length}\r\nconnection: close\r\n\r\n${NOT_GRPC}`;

/** gRPC on node:http2, without TLS. */
export function createHttp2Server(methods: Methods, limits: GrpcServerLimits): GrpcServer {
  return new Http2GrpcServer(methods, limits);
}

class Http2GrpcServer implements GrpcServer {
  readonly #methods: Methods;
  readonly #limits: GrpcServerLimits;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Those that have not said what they speak. */
  readonly #greeting = new Set<Socket>();
  readonly #connections = new Set<Connection>();
  #check: NodeJS.Timeout | null = null;
  #stopping = false;

  constructor(methods: Methods, limits: GrpcServerLimits) {
    this.#methods = methods;
    this.#limits = limits;
    this.#server = createServer({ noDelay: true }, (socket) => this.#greet(socket));
    this.#server.maxConnections = limits.connectionsMax;
  }

  listen({ host, port }: { host: string; port: number }): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        this.#check = setInterval(() => this.#checkAll(), CHECK_INTERVAL_MS).unref();
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  async shutdown(): Promise<void> {
    this.#stopping = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#connections) connection.leave();
    for (const socket of this.#greeting) socket.destroy();
    await closed;
    if (this.#check) clearInterval(this.#check);
  }

  destroy(): void {
    this.#stopping = true;
    this.#server.close();
    if (this.#check) clearInterval(this.#check);
    for (const connection of this.#connections) connection.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Looks at the first bytes: what is not HTTP/2 gets an answer that it can read. */
  #greet(socket: Socket): void {
    if (this.#stopping) return void socket.destroy();
    this.#sockets.add(socket);
    this.#greeting.add(socket);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#greeting.delete(socket);
    });
    socket.on('error', () => socket.destroy());
    socket.setTimeout(this.#limits.stallTimeoutMs, () => socket.destroy());
    let seen: Buffer = Buffer.alloc(0);
    const look = (): void => {
      for (let chunk: Buffer | null = socket.read(); chunk !== null; chunk = socket.read()) seen = Buffer.concat([seen, chunk]);
      const length = Math.min(seen.length, PREFACE.length);
      const isHttp2 = seen.subarray(0, length).equals(PREFACE.subarray(0, length));
      if (isHttp2 && length < PREFACE.length) return;
      socket.off('readable', look);
      this.#greeting.delete(socket);
      if (!isHttp2) return void socket.end(HTTP1_ANSWER, () => socket.destroy());
      socket.setTimeout(0);
      socket.unshift(seen);
      this.#serve(performServerHandshake(socket, optionsFor(this.#limits)));
    };
    socket.on('readable', look);
  }

  #serve(session: ServerHttp2Session): void {
    const connection = new Connection(session, this.#methods, this.#limits);
    this.#connections.add(connection);
    session.on('close', () => this.#connections.delete(connection));
    if (session.destroyed) return;
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    if (this.#stopping) connection.leave();
  }

  #checkAll(): void {
    const now = performance.now();
    for (const connection of this.#connections) connection.check(now);
  }
}

function optionsFor(limits: GrpcServerLimits): ServerOptions {
  return {
    settings: { maxConcurrentStreams: CONCURRENT_CALLS_MAX, initialWindowSize: STREAM_WINDOW_BYTES, maxHeaderListSize: limits.headerBytesMax, enablePush: false },
    maxSessionMemory: SESSION_MEMORY_MEGABYTES,
    maxSessionRejectedStreams: REFUSALS_MAX,
    streamResetBurst: CANCELS_BURST,
    streamResetRate: CANCELS_PER_SECOND,
  };
}
