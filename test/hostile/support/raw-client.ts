import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { AnswerParser, type WireAnswer } from './answer-parser.ts';

/** Longest wait for an answer or an end, milliseconds; more is a hang. */
const PATIENCE_MS = 10_000;

/** A client on a bare socket: sends any bytes, reads answers strictly. */
export class RawClient {
  readonly socket: Socket;
  /** Final answers so far; interim ones are counted apart. */
  readonly answers: WireAnswer[] = [];
  readonly interim: number[] = [];
  /** What ended the connection besides a plain end: a reset, or bytes that are not HTTP. */
  error: Error | null = null;
  readonly #parser: AnswerParser;
  #closed = false;

  private constructor(socket: Socket, methods: readonly string[]) {
    this.socket = socket;
    this.#parser = new AnswerParser(methods);
    socket.on('error', (error) => (this.error ??= error));
    socket.on('close', () => (this.#closed = true));
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
  }

  /** `methods` of the requests that will be sent, if not all have answers with bodies. */
  static async open(port: number, methods: readonly string[] = [], options: { readonly allowHalfOpen?: boolean } = {}): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, ...options });
    const client = new RawClient(socket, methods);
    await once(socket, 'connect');
    return client;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Bytes that came and are no whole answer. */
  get rest(): Buffer {
    return this.#parser.pending;
  }

  send(bytes: string | Uint8Array): this {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    return this;
  }

  /** Resolves when `count` answers are there; rejects when the connection ends before, or in time. */
  async answered(count: number, patienceMs = PATIENCE_MS): Promise<readonly WireAnswer[]> {
    await this.#until(() => this.answers.length >= count || this.#closed, `${count} answers`, patienceMs);
    if (this.answers.length < count) throw new Error(`closed after ${this.answers.length} of ${count} answers (${this.error?.message ?? 'no error'})`);
    return this.answers;
  }

  /** Resolves when the connection has ended, with all answers. */
  async ended(patienceMs = PATIENCE_MS): Promise<readonly WireAnswer[]> {
    await this.#until(() => this.#closed, 'end of the connection', patienceMs);
    return this.answers;
  }

  /** Resolves when the connection has ended or `count` answers are there. */
  async answeredOrEnded(count: number, patienceMs = PATIENCE_MS): Promise<readonly WireAnswer[]> {
    await this.#until(() => this.answers.length >= count || this.#closed, `${count} answers or end`, patienceMs);
    return this.answers;
  }

  destroy(): void {
    this.socket.destroy();
  }

  /** Ends with RST instead of FIN. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  #receive(chunk: Buffer): void {
    try {
      for (const answer of this.#parser.push(chunk)) {
        if (answer.status < 200) this.interim.push(answer.status);
        else this.answers.push(answer);
      }
    } catch (error) {
      this.error ??= error as Error;
      this.socket.destroy();
    }
    this.socket.emit('progress');
  }

  #until(holds: () => boolean, what: string, patienceMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle(new Error(`no ${what} within ${patienceMs} ms; so far ${this.answers.map(({ status }) => status).join(' ') || 'no answer'}, rest ${JSON.stringify(this.rest.toString('latin1', 0, 200))}`)), patienceMs);
      const look = (): void => {
        if (holds()) settle();
      };
      const settle = (error?: Error): void => {
        clearTimeout(timer);
        this.socket.off('progress', look).off('close', look);
        if (error) reject(error);
        else resolve();
      };
      this.socket.on('progress', look).on('close', look);
      look();
    });
  }
}
