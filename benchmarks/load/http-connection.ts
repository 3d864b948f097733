import { connect, type Socket } from 'node:net';
import { ANSWER_TIMEOUT_MS, type Done, type LoadConnection, NO_BODY } from './connection.ts';

const HEAD_END = Buffer.from('\r\n\r\n');
/** Room for a typical answer; grows to what arrives. */
const READ_BUFFER_BYTES = 64 * 1024;

/**
 * HTTP/1.1 with keep-alive straight on a socket: it reads the status, how long the body is and `connection: close`, and
 * nothing else of the head, so that the client is not what is measured.
 */
export class HttpConnection implements LoadConnection {
  readonly #port: number;
  #socket: Socket | undefined;
  #done: Done | undefined;
  #received = Buffer.allocUnsafe(READ_BUFFER_BYTES);
  #length = 0;

  constructor(port: number) {
    this.#port = port;
  }

  send(request: Uint8Array, done: Done): void {
    this.#done = done;
    this.#length = 0;
    this.#socket ??= this.#connect();
    this.#socket.write(request);
  }

  close(): void {
    this.#done = undefined;
    this.#drop();
  }

  #connect(): Socket {
    const buffer = Buffer.allocUnsafe(READ_BUFFER_BYTES);
    const socket = connect({
      port: this.#port, host: '127.0.0.1', noDelay: true,
      onread: { buffer, callback: (count) => { if (socket === this.#socket) this.#take(buffer.subarray(0, count)); return true; } },
    });
    socket.setTimeout(ANSWER_TIMEOUT_MS, () => this.#fail(socket, `no answer within ${ANSWER_TIMEOUT_MS / 1000} s`));
    socket.on('error', (error: NodeJS.ErrnoException) => this.#fail(socket, error.code ?? error.message));
    socket.on('end', () => this.#fail(socket, 'connection closed by the server'));
    return socket;
  }

  #take(chunk: Buffer): void {
    // The usual case, a whole answer in one read, is parsed where it lies.
    const data = this.#length === 0 ? chunk : this.#append(chunk);
    const headEnd = data.indexOf(HEAD_END);
    const whole = headEnd >= 0 && this.#answer(data, headEnd);
    if (!whole && this.#length === 0) this.#append(chunk);
  }

  #append(chunk: Buffer): Buffer {
    const needed = this.#length + chunk.length;
    if (needed > this.#received.length) this.#received = Buffer.concat([this.#received.subarray(0, this.#length)], Math.max(needed, this.#received.length * 2));
    chunk.copy(this.#received, this.#length);
    this.#length = needed;
    return this.#received.subarray(0, needed);
  }

  /** Whether the whole answer is there (and has been told). */
  #answer(data: Buffer, headEnd: number): boolean {
    const head = data.toString('latin1', 0, headEnd).toLowerCase();
    const body = bodyOf(head, data.subarray(headEnd + 4));
    if (body === undefined) return false;
    if (typeof body === 'string') {
      this.#finish(body, NO_BODY, true);
      return true;
    }
    const status = head.slice(9, 12);
    this.#finish(status === '200' ? undefined : `HTTP ${status}: ${body.toString('utf8', 0, 120)}`, body, head.includes('\nconnection: close'));
    return true;
  }

  #finish(fault: string | undefined, body: Buffer, close: boolean): void {
    if (close) this.#drop();
    const done = this.#done;
    this.#done = undefined;
    this.#length = 0;
    done?.(fault, body);
  }

  #fail(socket: Socket, fault: string): void {
    if (socket !== this.#socket) return;
    this.#finish(fault, NO_BODY, true);
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.destroy();
  }
}

/** The body behind a head (in lower case); undefined until it is whole, a text when it cannot be read. */
function bodyOf(head: string, data: Buffer): Buffer | string | undefined {
  const length = /\ncontent-length: *(\d+)/.exec(head)?.[1];
  if (length !== undefined) return data.length < Number(length) ? undefined : data.subarray(0, Number(length));
  return head.includes('\ntransfer-encoding: chunked') ? chunkedBody(data) : 'answer without a length';
}

function chunkedBody(data: Buffer): Buffer | string | undefined {
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = data.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(data.toString('latin1', at, lineEnd), 16);
    if (!(size >= 0)) return 'a chunk without a size';
    const [start, end] = [lineEnd + 2, lineEnd + 2 + size];
    if (data.length < end + 2) return undefined;
    if (size === 0) return Buffer.concat(chunks);
    chunks.push(data.subarray(start, end));
    at = end + 2;
  }
}
