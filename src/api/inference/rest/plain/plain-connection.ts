import type { Socket } from 'node:net';
import { LeptonError, releaseBytes } from '../../../../core/index.ts';
import { BodyBuffer } from '../body-buffer.ts';
import { decompress, decompressionOf } from '../compression.ts';
import { type Answerer, refusalReply, type RestReply, type RestRequest } from '../exchange.ts';
import { type PlainHead, parsePlainHead } from './plain-head.ts';
import { encodePlainReply } from './plain-reply.ts';
import { askWhetherThere } from './still-there.ts';

const HEAD_END = Buffer.from('\r\n\r\n');
const INTERIM = 'HTTP/1.1 100 Continue\r\n\r\n';
/** Bytes of later requests that are read while one is being answered. */
const READ_AHEAD_BYTES_MAX = 64 * 2 ** 10;

/** What a connection needs of its server. */
export interface PlainConnectionHost {
  readonly headerBytesMax: number;
  readonly bodyBytesMax: number;
  readonly requestReceiveTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  /** Who answers the request, if it is one that is served here now. */
  doorFor(head: PlainHead): Answerer | null;
  handle(door: Answerer, request: RestRequest): Promise<RestReply>;
  /** Whether the connection may go on after this answer. */
  keepsAlive(reply: RestReply): boolean;
  /** Takes the connection, of which `unread` was read and not used. */
  handOver(socket: Socket, unread: Buffer): void;
  onEnd(connection: PlainConnection): void;
}

/**
 * One client's connection, as long as it sends plain requests; the first that is not goes, with the connection, to node:http.
 *
 *   idle ── head ──▶ receiving ── body ──▶ answering ── written ──▶ idle
 *     └──▶ handed over
 *
 * One request is answered at a time, in order, and the next is begun when its answer has been taken by the kernel: a client
 * that does not read stops being read.
 */
export class PlainConnection {
  readonly #host: PlainConnectionHost;
  readonly #socket: Socket;
  #state: 'idle' | 'receiving' | 'answering' | 'sending' = 'idle';
  /** While receiving. */
  #body: BodyBuffer | null = null;
  /** Read and not used: later requests. */
  #unread: Buffer[] = [];
  #unreadBytes = 0;
  #head: PlainHead | null = null;
  #door: Answerer | null = null;
  /** Clients repeat their heads; the last one is not parsed again. */
  #headBytes: Buffer | null = null;
  #deadlineMs: number;
  #halfClosed = false;
  #onLeave: (() => void) | null = null;

  constructor(socket: Socket, host: PlainConnectionHost) {
    this.#host = host;
    this.#socket = socket;
    this.#deadlineMs = performance.now() + host.requestReceiveTimeoutMs;
    socket.on('data', this.#onData);
    socket.on('end', this.#onHalfClose);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
    socket.on('timeout', this.#onError);
    socket.on('drain', this.#onDrain);
  }

  get idle(): boolean {
    return this.#state === 'idle' && this.#socket.writableLength === 0;
  }

  /** Closes what has been silent, or receiving, for too long. */
  expire(nowMs: number): void {
    if (nowMs < this.#deadlineMs || this.#state === 'answering' || this.#state === 'sending') return;
    if (this.#state === 'idle') return void this.#socket.destroy();
    this.#refuse(new LeptonError('DEADLINE_EXCEEDED', `the body did not arrive within ${this.#host.requestReceiveTimeoutMs} ms`));
  }

  destroy(): void {
    this.#socket.destroy();
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#body) return this.#receive(this.#body, chunk);
    this.#unread.push(chunk);
    this.#unreadBytes += chunk.length;
    if (this.#state === 'idle') this.#begin();
    else if (this.#unreadBytes > READ_AHEAD_BYTES_MAX) this.#socket.pause();
  };

  #takeUnread(): Buffer {
    const chunks = this.#unread;
    const bytes = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, this.#unreadBytes);
    if (chunks.length > 1) for (const chunk of chunks) releaseBytes(chunk);
    this.#keepUnread(null);
    return bytes;
  }

  #keepUnread(bytes: Buffer | null): void {
    this.#unread = bytes?.length ? [bytes] : [];
    this.#unreadBytes = bytes?.length ?? 0;
  }

  /** A request begins with the unread bytes. */
  #begin(): void {
    const bytes = this.#takeUnread();
    const end = bytes.indexOf(HEAD_END);
    const head = end < 0 || end > this.#host.headerBytesMax ? null : this.#parse(bytes.subarray(0, end));
    const door = head && head.contentLength <= this.#host.bodyBytesMax ? this.#host.doorFor(head) : null;
    if (!head || !door) return this.#handOver(bytes);
    this.#head = head;
    this.#door = door;
    const rest = bytes.subarray(end + HEAD_END.length);
    // Copied, so that the body's memory is the request's alone and can be released when it has been used.
    if (rest.length > head.contentLength) this.#keepUnread(Buffer.from(rest.subarray(head.contentLength)));
    if (rest.length >= head.contentLength) return void this.#answer(rest.subarray(0, head.contentLength));
    this.#state = 'receiving';
    this.#body = new BodyBuffer(head.contentLength);
    this.#deadlineMs = performance.now() + this.#host.requestReceiveTimeoutMs;
    this.#body.push(rest);
    releaseBytes(bytes);
    if (this.#halfClosed) this.#refuseCut();
  }

  #parse(bytes: Buffer): PlainHead | null {
    if (this.#head && this.#headBytes?.equals(bytes)) return this.#head;
    this.#headBytes = Buffer.from(bytes);
    return parsePlainHead(bytes.toString('latin1'));
  }

  #receive(body: BodyBuffer, chunk: Buffer): void {
    const missing = (this.#head as PlainHead).contentLength - body.length;
    body.push(chunk.length > missing ? chunk.subarray(0, missing) : chunk);
    if (chunk.length > missing) this.#keepUnread(Buffer.from(chunk.subarray(missing)));
    const whole = chunk.length >= missing;
    releaseBytes(chunk);
    if (whole) void this.#answer(body.take());
  }

  async #answer(body: Buffer): Promise<void> {
    this.#state = 'answering';
    this.#body = null;
    try {
      const reply = await this.#host.handle(this.#door as Answerer, this.#request(this.#head as PlainHead, body));
      this.#onLeave = null;
      if (this.#socket.destroyed) reply.onSent?.();
      else this.#send(reply, (this.#halfClosed && this.#unreadBytes === 0) || !this.#host.keepsAlive(reply));
    } catch (thrown) {
      // A reply that cannot be written is a fault of ours; it costs this connection only.
      this.#socket.destroy(thrown as Error);
    }
  }

  #request(head: PlainHead, body: Buffer): RestRequest {
    return {
      method: head.method,
      path: head.path,
      query: head.query,
      header: (name) => head.headers.get(name),
      headers: () => head.headers,
      body: async () => {
        const encoding = decompressionOf(head.headers.get('content-encoding'));
        return encoding && body.length ? decompress(encoding, body, this.#host.bodyBytesMax) : body;
      },
      onLeave: (callback) => {
        this.#onLeave = callback;
        if (this.#socket.destroyed) callback();
        else if (this.#halfClosed) this.#askWhetherThere();
        return () => {
          this.#onLeave = null;
        };
      },
    };
  }

  /** A refusal of the request that was being received. */
  #refuse(error: LeptonError): void {
    this.#body = null;
    this.#send(refusalReply(error, (this.#door as Answerer).refusal(error)), true);
  }

  #refuseCut(): void {
    this.#refuse(new LeptonError('INVALID_ARGUMENT', `the body ended after ${this.#body?.length} of the ${this.#head?.contentLength} bytes that content-length announces`));
  }

  #send(reply: RestReply, close: boolean): void {
    this.#state = 'sending';
    const pieces = encodePlainReply(reply, close);
    const last = pieces.pop() as Buffer;
    if (pieces.length) this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece);
    this.#socket.write(last, reply.onSent);
    if (pieces.length) this.#socket.uncork();
    if (close) {
      this.#socket.end();
      // Whatever else it sends is not a request any more; what it does not take in time is lost.
      this.#socket.setTimeout(this.#host.requestReceiveTimeoutMs);
      return;
    }
    if (this.#socket.writableNeedDrain) this.#socket.setTimeout(this.#host.requestReceiveTimeoutMs);
    else this.#written();
  }

  /** The answer has left: the next request, if it is there already. */
  #written(): void {
    this.#state = 'idle';
    this.#deadlineMs = performance.now() + this.#host.keepAliveTimeoutMs;
    if (this.#socket.isPaused()) this.#socket.resume();
    if (this.#unreadBytes) this.#begin();
    else if (this.#halfClosed) this.#socket.end();
  }

  readonly #onDrain = (): void => {
    if (this.#state !== 'sending' || this.#socket.writableEnded) return;
    this.#socket.setTimeout(0);
    this.#written();
  };

  readonly #onHalfClose = (): void => {
    this.#halfClosed = true;
    if (this.#state === 'answering') this.#askWhetherThere();
    else if (this.#state === 'idle') this.#socket.end();
    else if (this.#state === 'receiving') this.#refuseCut();
  };

  #askWhetherThere(): void {
    const asking = this.#onLeave;
    askWhetherThere(this.#socket, () => this.#socket.write(INTERIM), () => asking !== null && this.#onLeave === asking);
  }

  readonly #onError = (): void => {
    this.#socket.destroy();
  };

  readonly #onClose = (): void => {
    this.#host.onEnd(this);
    this.#onLeave?.();
    this.#onLeave = null;
  };

  #handOver(unread: Buffer): void {
    const socket = this.#socket;
    // Errors stay ours: one of the last answer may still come, when nobody else hears it.
    socket.off('data', this.#onData).off('end', this.#onHalfClose).off('close', this.#onClose).off('timeout', this.#onError).off('drain', this.#onDrain);
    this.#host.onEnd(this);
    if (!socket.destroyed) this.#host.handOver(socket, unread);
  }
}
