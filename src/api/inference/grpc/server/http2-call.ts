import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { asLeptonError, LeptonError } from '../../../../core/index.ts';
import { ACCEPTED_ENCODINGS, accepts, compress, decompress, requestEncoding } from './compression.ts';
import { piecesOf, smallFrame } from './message-frames.ts';
import { MessageReader, type ReceivedMessage } from './message-reader.ts';
import { statusTrailers } from './status.ts';
import { parseTimeout } from './timeout.ts';
import type { GrpcCall, GrpcServerLimits, MessageBytes, OutgoingMetadata } from './types.ts';

const CONTENT_TYPE = 'application/grpc';
const FINAL = { endStream: true, sendDate: false };
const WITH_TRAILERS = { waitForTrailers: true, sendDate: false };
const OK: OutgoingMetadata = { 'grpc-status': 0 };

/**
 * One call over one HTTP/2 stream:
 *
 *   open ─▶ ended: answered or failed, its last bytes on their way ─▶ closed
 *     └────────────── cancelled, connection lost ─────────────────────▲
 */
export abstract class Http2Call implements GrpcCall {
  readonly metadata: OutgoingMetadata = {};
  /** Since when the client has owed us something: bytes of a message, or room for what it is sent. */
  stalledSinceMs: number | null = null;
  /** Since when what was written waits to be taken by the client. */
  unreadSinceMs: number | null = null;
  protected readonly stream: ServerHttp2Stream;
  protected readonly limits: GrpcServerLimits;
  protected ended = false;
  readonly #headers: IncomingHttpHeaders;
  readonly #arrivedAtMs = performance.now();
  #timeoutMs: number | undefined;
  #encoding: string | null = null;
  #reader: MessageReader | null = null;
  #cancel: (() => void) | null = null;
  #requestEnded = false;
  #trailers = OK;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, limits: GrpcServerLimits) {
    this.stream = stream;
    this.limits = limits;
    this.#headers = headers;
  }

  /** Begins to read. The headers are checked here, so that what is wrong with them is the call's status. */
  start(): void {
    this.stream.on('close', () => this.closed());
    try {
      const timeout = this.#headers['grpc-timeout'];
      if (timeout !== undefined) this.#timeoutMs = parseTimeout(String(timeout));
      const encoding = this.#headers['grpc-encoding'];
      if (encoding !== undefined) this.#encoding = requestEncoding(String(encoding));
    } catch (thrown) {
      return this.fail(thrown);
    }
    this.stream.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.stream.on('end', () => this.#receiveEnd());
  }

  header(name: string): string | undefined {
    if (name.charCodeAt(0) === 58) return undefined; // ':', HTTP's own.
    const value = this.#headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  get timeoutMs(): number | undefined {
    return this.#timeoutMs === undefined ? undefined : Math.max(0, this.#timeoutMs - (performance.now() - this.#arrivedAtMs));
  }

  onCancel(callback: () => void): void {
    if (this.ended) callback();
    else this.#cancel = callback;
  }

  /** The server is stopping. */
  leave(): void {}

  /** The client has owed us something for too long. */
  giveUp(): void {
    if (!this.ended && !this.stream.headersSent && !this.#requestEnded) this.fail(new LeptonError('DEADLINE_EXCEEDED', `the message did not arrive whole within ${this.limits.stallTimeoutMs} ms`));
    else if (this.stream.closed) this.stream.destroy();
    else this.stream.close(constants.NGHTTP2_CANCEL);
  }

  protected abstract onMessage(message: ReceivedMessage): void;
  protected abstract onEnd(): void;

  protected bytesOf(message: ReceivedMessage): Buffer | Promise<Buffer> {
    return message.compressed ? decompress(this.#encoding, message.bytes, this.limits.messageBytesMax) : message.bytes;
  }

  /** The call's last message, and the status OK. */
  protected answer(message: MessageBytes): void {
    if (this.ended || this.stream.closed || this.stream.destroyed) return;
    this.stalledSinceMs = performance.now();
    const frame = this.#encoding === null ? smallFrame(message) : null;
    if (frame) {
      this.ended = true;
      this.#respond(null);
      this.stream.end(frame);
      return;
    }
    void this.send(message).then(
      () => this.end(),
      () => {},
    );
  }

  /** Rejects with CANCELLED when the call ends before there is room. */
  protected async send(message: MessageBytes): Promise<void> {
    const encoding = this.#encoding !== null && accepts(this.header('grpc-accept-encoding'), this.#encoding) ? this.#encoding : null;
    if (encoding === null) return this.#sendFrame(message, false);
    return this.#sendFrame(await compress(encoding, message instanceof Uint8Array ? message : Buffer.concat(message)), true);
  }

  protected end(): void {
    if (this.ended || this.stream.closed || this.stream.destroyed) return;
    this.ended = true;
    this.stalledSinceMs = performance.now();
    if (this.stream.headersSent) this.stream.end();
    else this.#trailersOnly(OK);
  }

  protected fail(thrown: unknown): void {
    if (this.ended) return;
    this.ended = true;
    this.#cancel?.();
    if (this.stream.closed || this.stream.destroyed) return;
    this.stalledSinceMs = performance.now();
    const trailers = statusTrailers(asLeptonError(thrown));
    if (!this.stream.headersSent) return this.#trailersOnly(trailers);
    this.#trailers = trailers;
    this.stream.end();
  }

  #receive(chunk: Buffer): void {
    if (this.ended) return;
    this.#reader ??= new MessageReader(this.limits.messageBytesMax);
    try {
      this.#reader.read(chunk, (message) => {
        this.noteProgress();
        this.onMessage(message);
      });
    } catch (thrown) {
      return this.fail(thrown);
    }
    // While it is we who don't read, the client owes nothing.
    if (this.ended || !this.#reader.inMessage || this.stream.isPaused()) this.noteProgress();
    else this.stalledSinceMs ??= performance.now();
  }

  protected resumeReading(): void {
    if (this.#reader?.inMessage) this.stalledSinceMs ??= performance.now();
    this.stream.resume();
  }

  /** A message has arrived whole. */
  protected noteProgress(): void {
    if (!this.ended) this.stalledSinceMs = null;
  }

  #receiveEnd(): void {
    this.#requestEnded = true;
    if (this.ended) return;
    this.stalledSinceMs = null;
    try {
      this.#reader?.finish();
      this.onEnd();
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  /** The client left, or all has been said. */
  protected closed(): void {
    this.stalledSinceMs = null;
    if (this.ended) return;
    this.ended = true;
    this.#cancel?.();
  }

  #respond(encoding: string | null): void {
    const headers: OutgoingMetadata = { ':status': 200, 'content-type': CONTENT_TYPE };
    if (encoding !== null) headers['grpc-encoding'] = encoding;
    this.stream.on('wantTrailers', () => this.#sendTrailers());
    this.stream.respond(Object.assign(headers, this.metadata), WITH_TRAILERS);
  }

  #trailersOnly(trailers: OutgoingMetadata): void {
    this.stream.respond({ ':status': 200, 'content-type': CONTENT_TYPE, 'grpc-accept-encoding': ACCEPTED_ENCODINGS, ...this.metadata, ...trailers }, FINAL);
    this.#refuseMore();
  }

  #sendTrailers(): void {
    this.stream.sendTrailers(this.#trailers);
    // Node sends them in a turn of their own.
    if (!this.#requestEnded) setImmediate(() => this.#refuseMore());
  }

  /** What the client still sends is of no use to anybody. */
  #refuseMore(): void {
    if (!this.#requestEnded) this.stream.close(constants.NGHTTP2_NO_ERROR);
  }

  async #sendFrame(message: MessageBytes, compressed: boolean): Promise<void> {
    if (this.ended || this.stream.closed || this.stream.destroyed) throw new LeptonError('CANCELLED', 'the call has ended');
    if (!this.stream.headersSent) this.#respond(compressed ? this.#encoding : null);
    const small = smallFrame(message, compressed);
    for (const piece of small ? [small] : piecesOf(message, compressed)) if (!this.stream.write(piece)) await this.#room();
  }

  /** Waits until the client has taken what was written. */
  async #room(): Promise<void> {
    this.unreadSinceMs = performance.now();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.stream.once('drain', resolve);
    this.stream.once('close', resolve);
    await promise;
    this.stream.off('drain', resolve);
    this.stream.off('close', resolve);
    this.unreadSinceMs = null;
    if (this.stream.closed || this.stream.destroyed) throw new LeptonError('CANCELLED', 'the call has ended');
  }
}
