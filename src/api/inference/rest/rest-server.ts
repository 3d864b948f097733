import { type IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex, Readable } from 'node:stream';
import { asLeptonError, LeptonError } from '../../../core/index.ts';
import { createKserveV1Door, createMlflowDoor } from '../doors/index.ts';
import type { FrontDependencies, FrontLimits } from '../front.ts';
import { readBody } from './body.ts';
import type { Answerer, Door, PassingDoor, RestRequest } from './exchange.ts';
import { type HostCheck, hostCheck } from './host-check.ts';
import { PlainConnection, type PlainConnectionHost } from './plain/plain-connection.ts';
import type { PlainHead } from './plain/plain-head.ts';
import { askWhetherThere } from './plain/still-there.ts';
import { checkVersion, refuseMalformed } from './refuse-malformed.ts';
import { sendError, sendReply } from './reply.ts';
import { createRestHandler, type RestHandler } from './rest-handler.ts';
import { createV2Door } from './v2-door.ts';

/** Handles what is not a protocol's: metrics, the management API, the page. */
export type OtherHandler = (path: string, message: IncomingMessage, response: ServerResponse) => void;

/** How often connections are looked over for time-outs. */
const SWEEP_MS = 1000;

/**
 * The inference protocols over HTTP/1.1. Refusals are 4xx in the form of the protocol that was spoken; a request that was
 * not read to its end closes its connection. On loopback it refuses foreign hosts, whoever would handle the path.
 *
 *   connection ──▶ PlainConnection ── plain request of a door, or for `passing` ──▶ handler ──▶ reply
 *                        └── anything else ──▶ node:http ──┬── of a door ──▶ the same handler
 *                                                          └── other paths ──▶ `other`
 *
 * node:http alone would do; the plain form is read beside it for speed (decision 0008).
 */
export class RestServer extends Server {
  readonly #dependencies: FrontDependencies;
  readonly #other: OtherHandler;
  readonly #passing: PassingDoor | null;
  readonly #doors: readonly Door[];
  readonly #handle: RestHandler;
  readonly #checkHost: HostCheck;
  readonly #plain = new Set<PlainConnection>();
  readonly #host: PlainConnectionHost;
  /** node:http's own reader of connections. */
  readonly #readWithNode: (socket: Socket) => void;
  readonly #sweep: NodeJS.Timeout;

  /** `passing` may take plain requests that no protocol owns, before `other` is asked. */
  constructor(dependencies: FrontDependencies, other: OtherHandler, passing: PassingDoor | null = null) {
    const { limits } = dependencies;
    super({
      ServerResponse: responseOf(() => this.listening),
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.requestReceiveTimeoutMs,
      // Bodies have their own time limit, which uploads to the management API don't share.
      requestTimeout: 0,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: Math.min(SWEEP_MS, limits.requestReceiveTimeoutMs),
      noDelay: true,
      // Ours says what is missing.
      requireHostHeader: false,
    });
    // Who half-closes may still wait for an answer; who has left is found out.
    (this as { httpAllowHalfOpen?: boolean }).httpAllowHalfOpen = true;
    this.#dependencies = dependencies;
    this.#other = other;
    this.#passing = passing;
    this.#doors = [createV2Door(dependencies), createKserveV1Door(dependencies), createMlflowDoor(dependencies)];
    this.#handle = createRestHandler(dependencies);
    this.#checkHost = hostCheck(this);
    this.#host = this.#plainHost();
    this.maxConnections = limits.connectionsMax;
    this.on('request', (message, response) => this.#serve(message, response));
    refuseMalformed(this);
    [this.#readWithNode] = this.listeners('connection') as [(socket: Socket) => void];
    this.removeAllListeners('connection');
    this.on('connection', (socket) => this.#plain.add(new PlainConnection(socket, this.#host)));
    this.#sweep = setInterval(() => this.#expire(), Math.min(SWEEP_MS, limits.requestReceiveTimeoutMs, limits.keepAliveTimeoutMs)).unref();
    this.on('close', () => clearInterval(this.#sweep));
  }

  override closeIdleConnections(): void {
    super.closeIdleConnections();
    for (const connection of this.#plain) if (connection.idle) connection.destroy();
  }

  override closeAllConnections(): void {
    super.closeAllConnections();
    for (const connection of this.#plain) connection.destroy();
  }

  #plainHost(): PlainConnectionHost {
    const { limits, plane } = this.#dependencies;
    return {
      ...limits,
      doorFor: (head) => (this.listening && this.#isOurs(head) ? this.#answererOf(head) : null),
      handle: this.#handle,
      keepsAlive: (reply) => this.listening && (plane.ready || reply.status < 400),
      handOver: (socket, unread) => {
        // Nothing can be put back into a socket that has ended: its other half is enough.
        if (socket.readableEnded) return this.#readWithNode.call(this, Duplex.from({ readable: Readable.from([unread]), writable: socket }) as Socket);
        // Paused, so that what is put back comes before what arrives.
        socket.pause();
        socket.unshift(unread);
        this.#readWithNode.call(this, socket);
        socket.resume();
      },
      onEnd: (connection) => this.#plain.delete(connection),
    };
  }

  #isOurs(head: PlainHead): boolean {
    try {
      this.#checkHost(head.headers.get('host'));
      return true;
    } catch {
      return false;
    }
  }

  #answererOf(head: PlainHead): Answerer | null {
    return this.#doorOf(head.path, head.headers.get('accept')) ?? (this.#passing?.takes(head) ? this.#passing : null);
  }

  #doorOf(path: string, accept: string | undefined): Door | null {
    // Who opens the root in a browser wants the page; clients of KServe ask it for JSON, or for anything.
    if (path === '/' && accept?.includes('text/html')) return null;
    for (const door of this.#doors) if (door.owns(path)) return door;
    return null;
  }

  #expire(): void {
    const now = performance.now();
    for (const connection of this.#plain) connection.expire(now);
  }

  #serve(message: IncomingMessage, response: ServerResponse): void {
    // A client that leaves while we write is no fault; 'close' tells those who care.
    response.on('error', () => {});
    const { host, path, query } = targetOf(message.url ?? '/');
    try {
      checkVersion(message);
      this.#checkHost(host ?? hostOf(message));
    } catch (thrown) {
      return sendError(response, asLeptonError(thrown), {}, !message.complete);
    }
    if (message.httpVersion === '1.1') watchForLeaving(message.socket, response);
    const door = this.#doorOf(path, message.headers.accept);
    if (!door) return this.#other(path, message, response);
    const { limits, plane } = this.#dependencies;
    const request = requestOf(message, response, path, query, limits);
    void this.#handle(door, request).then((reply) => sendReply(response, reply, !message.complete || (!plane.ready && reply.status >= 400))).catch(() => response.destroy());
  }
}

/** Responses that say `connection: close` once the server takes no new connections, so that nobody sends another request after them. */
function responseOf(listening: () => boolean): typeof ServerResponse {
  return class<Request extends IncomingMessage> extends ServerResponse<Request> {
    override writeHead(...head: unknown[]): this {
      if (!listening()) this.shouldKeepAlive = false;
      return super.writeHead(...(head as [number]));
    }
  };
}

function requestOf(message: IncomingMessage, response: ServerResponse, path: string, query: string, limits: FrontLimits): RestRequest {
  return {
    method: message.method ?? 'GET',
    path,
    query,
    header: (name) => {
      const value = message.headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
    headers: () => Object.entries(message.headers).map(([name, value]) => [name, String(value)] as const),
    body: () => readBody(message, limits),
    onLeave: (callback) => {
      if (response.closed) callback();
      else response.once('close', callback);
      return () => response.off('close', callback);
    },
  };
}

function watchForLeaving(socket: Socket, response: ServerResponse): void {
  // An answer that waits for others before it has no socket yet: what it wrote would come between its head and its body.
  const ask = (): void => askWhetherThere(socket, () => response.socket && response.writeContinue(), () => !response.headersSent && !response.closed);
  socket.once('end', ask);
  response.once('close', () => socket.off('end', ask));
}

/** RFC 9112, 3.2: one Host, and in HTTP/1.1 at least that. */
function hostOf(message: IncomingMessage): string | undefined {
  const hosts = message.headersDistinct.host ?? [];
  if (hosts.length > 1) throw new LeptonError('INVALID_ARGUMENT', `the request has ${hosts.length} Host headers; send one`);
  if (hosts.length === 0 && message.httpVersion === '1.1') throw new LeptonError('INVALID_ARGUMENT', 'the request has no Host header, which HTTP/1.1 demands');
  return hosts[0];
}

/** Absolute-form targets (as proxies send) name their host themselves. */
function targetOf(url: string): { host: string | undefined; path: string; query: string } {
  const origin = /^https?:\/\/([^/?]*)/i.exec(url);
  const target = origin ? url.slice(origin[0].length) : url;
  const end = target.indexOf('?');
  return { host: origin?.[1], path: (end < 0 ? target : target.slice(0, end)) || '/', query: end < 0 ? '' : target.slice(end + 1) };
}
