import { LeptonError } from '../core/index.ts';
import { type CallAnswer, type CallAnswerMessage, type CallMessage, type Frame, type FrameConnection, FrameType } from '../wire/index.ts';

interface Waiting {
  readonly resolve: (answer: CallAnswer) => void;
  readonly reject: (error: LeptonError) => void;
  readonly timer: NodeJS.Timeout;
}

const ID_MAX = 2 ** 32 - 1;

/**
 * Short questions to control, over the connection that control has dialled. HTTP would cost either side a parser, an agent
 * and a handful of streams for each. Without control they fail at once, and those under way when it goes.
 */
export class ControlCalls {
  readonly #waiting = new Map<number, Waiting>();
  #connection: FrameConnection | null = null;
  #lastId = 0;

  attach(connection: FrameConnection): void {
    this.detach();
    this.#connection = connection;
  }

  detach(): void {
    this.#connection = null;
    for (const id of [...this.#waiting.keys()]) this.#take(id)?.reject(controlUnavailable(new Error('it went before it had answered')));
  }

  /** Control's answer, whatever its status. Rejects with CONTROL_UNAVAILABLE, also when there is none within `timeoutMs`. */
  ask(call: CallMessage, body: readonly Uint8Array[], timeoutMs: number): Promise<CallAnswer> {
    const connection = this.#connection;
    if (!connection) return Promise.reject(controlUnavailable(new Error('it has not dialled in')));
    const id = (this.#lastId = this.#lastId === ID_MAX ? 1 : this.#lastId + 1);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#take(id)?.reject(controlUnavailable(new Error(`no answer within ${timeoutMs} ms`))), timeoutMs);
      this.#waiting.set(id, { resolve, reject, timer });
      connection.send(FrameType.call, id, call, body);
    });
  }

  receive({ id, header, body }: Frame): void {
    this.#take(id)?.resolve({ ...(header as CallAnswerMessage), body });
  }

  /** Who waits for this answer, if anybody still does. */
  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    clearTimeout(waiting?.timer);
    return waiting;
  }
}

/** Control is away. */
export function controlUnavailable(cause: unknown): LeptonError {
  return new LeptonError('CONTROL_UNAVAILABLE', 'the control process does not answer; inference goes on, management does not', { cause, retryAfterSeconds: 1 });
}
