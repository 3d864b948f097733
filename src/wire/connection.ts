import { createConnection, type Socket } from 'node:net';
import { LeptonError } from '../core/index.ts';
import { encodeFrameHead, FRAME_BYTES_MAX, type Frame, FrameDecoder, FrameType, type FrameTypeCode } from './frame.ts';
import type { HelloAnswer, HelloMessage } from './messages.ts';

/** Bytes that may wait in one socket's send buffer before writers are told to hold back. */
const SEND_HIGH_WATER_BYTES = 16 * 2 ** 20;

const COPY_BODY_BYTES_MAX = 16 * 2 ** 10;

export interface FrameConnectionOptions {
  readonly frameBytesMax?: number;
}

interface FrameHandlers {
  readonly onFrame: (frame: Frame) => void;
  /** Called once, whatever ended the connection. */
  readonly onClose: (error: Error | undefined) => void;
}

/**
 * Frames over one socket. Writes of one tick leave in one system call (cork/uncork). Frames that arrive before `handle` is
 * called are kept for it. A protocol error closes the connection with that error.
 */
export class FrameConnection {
  readonly #socket: Socket;
  #handlers: FrameHandlers | undefined;
  #early: Frame[] = [];
  readonly #decoder: FrameDecoder;
  #corked = false;
  #closed = false;
  #error: Error | undefined;

  constructor(socket: Socket, options: FrameConnectionOptions = {}) {
    this.#socket = socket;
    this.#decoder = new FrameDecoder(options.frameBytesMax ?? FRAME_BYTES_MAX);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => (this.#error ??= error));
    socket.on('close', () => this.#close());
  }

  /** Sets who gets frames and the end of the connection; replaces earlier handlers. */
  handle(handlers: FrameHandlers): void {
    this.#handlers = handlers;
    const early = this.#early;
    this.#early = [];
    for (const frame of early) handlers.onFrame(frame);
    if (this.#closed) handlers.onClose(this.#error);
  }

  /** Keeps further frames until the next `handle`. */
  unhandle(): void {
    this.#handlers = undefined;
  }

  get open(): boolean {
    return !this.#closed;
  }

  /** Whether the peer reads slower than we write; batchers should wait. */
  get congested(): boolean {
    return this.#socket.writableLength > SEND_HIGH_WATER_BYTES;
  }

  /** `onSent`: nothing reads the body any more. */
  send(type: FrameTypeCode, id: number, header?: unknown, body: readonly Uint8Array[] = [], onSent?: () => void): void {
    if (this.#closed) return;
    let bodyBytes = 0;
    for (const part of body) bodyBytes += part.byteLength;
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    const head = encodeFrameHead(type, id, header, bodyBytes);
    // Small bodies are cheaper to copy than to hand to the kernel one by one.
    if (bodyBytes <= COPY_BODY_BYTES_MAX) return void this.#socket.write(bodyBytes ? Buffer.concat([head, ...body]) : head);
    this.#socket.write(head);
    const last = body.length - 1;
    body.forEach((part, index) => this.#socket.write(part, index === last ? onSent : undefined));
  }

  /** Gives the memory of a large frame from here back for the next one; nobody reads it any more. */
  recycle(body: Uint8Array): void {
    this.#decoder.recycle(body);
  }

  /** Sends what is buffered, then closes. */
  end(): void {
    this.#socket.end();
  }

  destroy(error?: Error): void {
    this.#error ??= error;
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#decoder.push(chunk)) {
        if (this.#closed) return;
        if (this.#handlers) this.#handlers.onFrame(frame);
        else this.#early.push(frame);
      }
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#handlers?.onClose(this.#error);
  }
}

/**
 * Connects to a worker's or gateway's socket and says hello. Resolves when the peer has answered; rejects within
 * `timeoutMs`, leaving no socket behind.
 */
export function dial(socketPath: string, hello: HelloMessage, timeoutMs: number, options: FrameConnectionOptions = {}): Promise<{ connection: FrameConnection; answer: HelloAnswer }> {
  return new Promise((resolve, reject) => {
    const connection = new FrameConnection(createConnection(socketPath), options);
    const timer = setTimeout(() => connection.destroy(new LeptonError('DEADLINE_EXCEEDED', `no hello from ${socketPath} within ${timeoutMs} ms`)), timeoutMs);
    connection.handle({
      onClose: (error) => {
        clearTimeout(timer);
        reject(error ?? new LeptonError('REPLICA_FAILED', `${socketPath} closed the connection before its hello`));
      },
      onFrame: (frame) => {
        clearTimeout(timer);
        if (frame.type !== FrameType.helloAnswer) return connection.destroy(new LeptonError('INVALID_ARGUMENT', `frame ${frame.type} instead of a hello from ${socketPath}`));
        connection.unhandle();
        resolve({ connection, answer: frame.header as HelloAnswer });
      },
    });
    connection.send(FrameType.hello, 0, hello);
  });
}
