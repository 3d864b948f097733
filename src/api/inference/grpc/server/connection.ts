import { constants, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { LeptonError } from '../../../../core/index.ts';
import type { Http2Call } from './http2-call.ts';
import { StreamCall } from './stream-call.ts';
import type { GrpcServerLimits, Methods } from './types.ts';
import { UnaryCall } from './unary-call.ts';

/** `application/grpc`, with a subtype for protobuf or none. */
const CONTENT_TYPE = /^application\/grpc(\+proto)?\s*(;|$)/i;
const STREAM_ID_MAX = 2 ** 31 - 1;
/** PING and SETTINGS frames that a client may send within a second; keepalive sends one in ten. */
const CONTROL_FRAMES_MAX = 1000;
/** A client that does not answer the last ping before the end. */
const LAST_PING_TIMEOUT_MS = 1000;

/** One client's connection: its calls, and when it should end. */
export class Connection {
  readonly #session: ServerHttp2Session;
  readonly #methods: Methods;
  readonly #limits: GrpcServerLimits;
  readonly #calls = new Set<Http2Call>();
  #idleSinceMs = performance.now();
  #controlFrames = 0;
  #leaving = false;

  constructor(session: ServerHttp2Session, methods: Methods, limits: GrpcServerLimits) {
    this.#session = session;
    this.#methods = methods;
    this.#limits = limits;
    session.on('stream', (stream, headers) => this.#accept(stream, headers));
    session.on('ping', () => this.#countControlFrame());
    session.on('remoteSettings', () => this.#countControlFrame());
    // What ends a connection is not our fault; 'close' follows.
    session.on('error', () => {});
  }

  /** Called once a second: ends what has waited too long. */
  check(nowMs: number): void {
    this.#controlFrames = 0;
    for (const call of this.#calls) if (nowMs - Math.min(call.stalledSinceMs ?? nowMs, call.unreadSinceMs ?? nowMs) > this.#limits.stallTimeoutMs) call.giveUp();
    if (this.#calls.size === 0 && nowMs - this.#idleSinceMs > this.#limits.idleTimeoutMs) {
      // One that was asked to leave and is still here has no client behind it any more.
      if (this.#leaving) this.#session.destroy();
      else this.leave();
      this.#idleSinceMs = nowMs;
    }
  }

  /**
   * Asks the client to open no new calls, serves those that crossed with this, and closes when all have ended (RFC 9113
   * §6.8: a GOAWAY that allows every stream, then, a round trip later, one that names the last).
   */
  leave(): void {
    if (this.#leaving || this.#session.destroyed) return;
    this.#leaving = true;
    for (const call of this.#calls) call.leave();
    this.#session.goaway(constants.NGHTTP2_NO_ERROR, STREAM_ID_MAX);
    const close = (): void => this.#session.close();
    const timer = setTimeout(close, LAST_PING_TIMEOUT_MS);
    const sent = this.#session.ping(() => {
      clearTimeout(timer);
      close();
    });
    if (!sent) close();
  }

  destroy(): void {
    this.#session.destroy();
  }

  #accept(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    // A client that leaves while we write is no fault; 'close' tells those who care.
    stream.on('error', () => {});
    // Reset by the frame behind its headers, before we hear of it.
    if (stream.destroyed || stream.closed) return;
    if (headers[':method'] !== 'POST') return refuse(stream, 405, { allow: 'POST' }, `gRPC calls are POST requests, not ${headers[':method']}`);
    if (!CONTENT_TYPE.test(headers['content-type'] ?? '')) return refuse(stream, 415, { 'accept-post': 'application/grpc, application/grpc+proto' }, `content-type '${headers['content-type'] ?? ''}' is not application/grpc`);
    const call = this.#callOf(stream, headers);
    this.#calls.add(call);
    stream.on('close', () => {
      this.#calls.delete(call);
      if (this.#calls.size === 0) this.#idleSinceMs = performance.now();
    });
    if (this.#leaving) call.leave();
    call.start();
  }

  #callOf(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Http2Call {
    const path = headers[':path'] ?? '';
    const method = this.#methods.get(path);
    if (method && 'stream' in method) return new StreamCall(stream, headers, this.#limits, method.stream);
    return new UnaryCall(stream, headers, this.#limits, method ? method.unary : () => { throw new LeptonError('ROUTE_NOT_FOUND', `unknown method ${path.slice(0, 200)}`); });
  }

  /** Each costs an answer: who sends nothing else is cut off. */
  #countControlFrame(): void {
    if (++this.#controlFrames > CONTROL_FRAMES_MAX) this.#session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }
}

/** An answer of HTTP, for what is not gRPC. */
function refuse(stream: ServerHttp2Stream, status: number, headers: Record<string, string>, reason: string): void {
  stream.respond({ ':status': status, 'content-type': 'text/plain', ...headers });
  stream.end(`${reason}\n`);
  stream.resume();
}
