import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { LeptonError } from '../../../../core/index.ts';
import { Http2Call } from './http2-call.ts';
import type { ReceivedMessage } from './message-reader.ts';
import type { GrpcServerLimits, UnaryHandler } from './types.ts';

/** One message in, one out. */
export class UnaryCall extends Http2Call {
  readonly #handler: UnaryHandler;
  #request: ReceivedMessage | null = null;

  constructor(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, limits: GrpcServerLimits, handler: UnaryHandler) {
    super(stream, headers, limits);
    this.#handler = handler;
    this.stalledSinceMs = performance.now();
  }

  protected onMessage(message: ReceivedMessage): void {
    if (this.#request) throw new LeptonError('INVALID_ARGUMENT', 'the call has more than one message, but this method takes one');
    this.#request = message;
  }

  /** The client still owes the end of its side. */
  protected override noteProgress(): void {}

  protected onEnd(): void {
    if (!this.#request) throw new LeptonError('INVALID_ARGUMENT', 'the call has no message, but this method takes one');
    const bytes = this.bytesOf(this.#request);
    if (bytes instanceof Promise) void bytes.then((decompressed) => this.#handle(decompressed)).catch((thrown) => this.fail(thrown));
    else this.#handle(bytes);
  }

  #handle(request: Buffer): void {
    const reply = this.#handler(request, this);
    if (!(reply instanceof Promise)) return this.answer(reply);
    reply.then(
      (message) => this.answer(message),
      (thrown) => this.fail(thrown),
    );
  }
}
