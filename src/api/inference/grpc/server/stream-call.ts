import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { LeptonError } from '../../../../core/index.ts';
import { Http2Call } from './http2-call.ts';
import type { ReceivedMessage } from './message-reader.ts';
import type { GrpcServerLimits, MessageBytes, MessageStream, StreamHandler } from './types.ts';

/** Messages that wait for the handler before the client is made to wait. */
const QUEUE_MAX = 16;
const TIMER_MAX_MS = 2 ** 31 - 1;

/** Many messages either way, read no faster than the handler takes them. */
export class StreamCall extends Http2Call implements MessageStream {
  readonly messages: AsyncIterable<Buffer> = { [Symbol.asyncIterator]: () => ({ next: () => this.#next() }) };
  readonly #handler: StreamHandler;
  readonly #queue: ReceivedMessage[] = [];
  #complete = false;
  #leaving = false;
  #wake: (() => void) | null = null;
  #deadline: NodeJS.Timeout | null = null;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, limits: GrpcServerLimits, handler: StreamHandler) {
    super(stream, headers, limits);
    this.#handler = handler;
  }

  override start(): void {
    super.start();
    // While reading pauses, a cancelled stream does not close: it waits for what arrived before to be read.
    this.stream.on('aborted', () => {
      this.closed();
      this.stream.resume();
    });
    if (this.ended) return;
    const { timeoutMs } = this;
    if (timeoutMs !== undefined) this.#deadline = setTimeout(() => this.fail(new LeptonError('DEADLINE_EXCEEDED', `the deadline of ${Math.round(timeoutMs)} ms passed`)), Math.min(timeoutMs, TIMER_MAX_MS));
    this.#handler(this).then(
      () => this.end(),
      (thrown) => this.fail(thrown),
    );
  }

  get active(): boolean {
    return !this.ended && !this.#leaving && !this.stream.closed && !this.stream.destroyed;
  }

  override leave(): void {
    this.#leaving = true;
    this.#wakeHandler();
  }

  write(message: MessageBytes): Promise<void> {
    return this.send(message);
  }

  protected onMessage(message: ReceivedMessage): void {
    this.#queue.push(message);
    if (this.#queue.length >= QUEUE_MAX) this.stream.pause();
    this.#wakeHandler();
  }

  protected onEnd(): void {
    this.#complete = true;
    this.#wakeHandler();
  }

  protected override fail(thrown: unknown): void {
    super.fail(thrown);
    // A paused stream would never learn of its end.
    this.#queue.length = 0;
    this.stream.resume();
    this.#wakeHandler();
  }

  protected override closed(): void {
    super.closed();
    if (this.#deadline) clearTimeout(this.#deadline);
    this.#queue.length = 0;
    this.#wakeHandler();
  }

  async #next(): Promise<IteratorResult<Buffer, undefined>> {
    while (!this.ended && !this.stream.closed && !this.stream.destroyed) {
      const message = this.#queue.shift();
      if (message) {
        if (this.#queue.length < QUEUE_MAX && this.stream.isPaused()) this.resumeReading();
        return { value: await this.bytesOf(message), done: false };
      }
      if (this.#complete) return { value: undefined, done: true };
      if (this.#leaving) throw new LeptonError('SHUTTING_DOWN', 'the server is stopping; open the stream again elsewhere', { retryAfterSeconds: 1 });
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    throw new LeptonError('CANCELLED', 'the call has ended');
  }

  #wakeHandler(): void {
    this.#wake?.();
    this.#wake = null;
  }
}
