import { asLeptonError } from '../../../core/index.ts';
import type { InferenceCall } from '../dispatch/index.ts';
import { type FrontDependencies, requestIdOf } from '../front.ts';
import { encodeStreamError, encodeStreamResponse } from './infer-response.ts';
import { infer, type InferenceNotes } from './inference-call.ts';
import type { MessageBytes, MessageStream, StreamHandler } from './server/index.ts';

/** Requests of one stream that may be under way before reading pauses. */
const UNDER_WAY_MAX = 64;

/**
 * ModelStreamInfer: answers in the order of the requests; an error is a message of the stream, not its end, unless the
 * client asks by the metadata `triton_grpc_error: true` that it be the stream's status.
 */
export function createStreamInfer(dependencies: FrontDependencies): StreamHandler {
  return (stream) => new InferStream(dependencies, stream).serve();
}

class InferStream {
  readonly #dependencies: FrontDependencies;
  readonly #stream: MessageStream;
  readonly #underWay = new Set<InferenceCall>();
  readonly #requestId: string;
  readonly #endsWithErrors: boolean;
  readonly #broken = Promise.withResolvers<never>();
  #last: Promise<void> = Promise.resolve();
  #open = 0;
  #cancelled = false;
  #onAnswered: (() => void) | null = null;

  constructor(dependencies: FrontDependencies, stream: MessageStream) {
    this.#dependencies = dependencies;
    this.#stream = stream;
    this.#requestId = requestIdOf(stream);
    this.#endsWithErrors = stream.header('triton_grpc_error') === 'true';
  }

  serve(): Promise<void> {
    this.#stream.onCancel(() => {
      this.#cancelled = true;
      for (const call of this.#underWay) call.cancel();
    });
    return Promise.race([this.#serveAll(), this.#broken.promise]);
  }

  async #serveAll(): Promise<void> {
    try {
      for await (const bytes of this.#stream.messages) {
        this.#open++;
        const reply = this.#replyTo(bytes);
        reply.catch(() => {});
        this.#last = this.#last.then(() => this.#send(reply));
        if (this.#open >= UNDER_WAY_MAX) await new Promise<void>((resolve) => (this.#onAnswered = resolve));
      }
    } finally {
      await this.#last;
    }
  }

  /** Never rejects: what fails here ends the stream. */
  async #send(reply: Promise<MessageBytes>): Promise<void> {
    try {
      await this.#stream.write(await reply);
    } catch (thrown) {
      this.#broken.reject(thrown);
    }
    this.#open--;
    this.#onAnswered?.();
    this.#onAnswered = null;
  }

  async #replyTo(bytes: Buffer): Promise<MessageBytes> {
    const notes: InferenceNotes = { requestId: this.#requestId, id: '', service: null, version: null, predictionId: null };
    let call: InferenceCall | null = null;
    try {
      const answer = await infer(this.#dependencies, bytes, this.#stream, notes, (started) => {
        this.#underWay.add((call = started));
        if (this.#cancelled) started.cancel();
      });
      return encodeStreamResponse(answer);
    } catch (thrown) {
      if (this.#endsWithErrors) throw thrown;
      return encodeStreamError(asLeptonError(thrown).message, notes.id);
    } finally {
      if (call) this.#underWay.delete(call);
    }
  }
}
