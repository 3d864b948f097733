import { createHmac, randomUUID } from 'node:crypto';
import PQueue from 'p-queue';
import pRetry, { AbortError } from 'p-retry';

/** Deliveries that may wait; beyond, new ones are dropped and counted. */
const WAITING_MAX = 1_000;
const AT_ONCE = 4;
const ATTEMPT_TIMEOUT_MS = 10_000;

export interface WebhookTarget {
  readonly url: string;
  readonly secret: string;
}

export interface WebhookCounts {
  readonly waiting: number;
  readonly sent: number;
  readonly failed: number;
  readonly dropped: number;
}

export interface WebhookOptions {
  readonly now: () => number;
  /** Of the first pause; each further one is twice as long, at most a minute. Default 1 s, 8 attempts: about two minutes. */
  readonly pauseMs?: number;
  readonly attempts?: number;
  readonly fetch?: typeof fetch;
}

/**
 * Sends JSON to webhooks, signed as standardwebhooks.com says: `webhook-signature: v1,<base64 of HMAC-SHA-256>` over
 * `<webhook-id>.<webhook-timestamp>.<body>`. What a receiver doesn't take is sent again with back-off; the id stays the same.
 */
export class Webhooks {
  readonly #options: WebhookOptions;
  readonly #queue = new PQueue({ concurrency: AT_ONCE });
  readonly #end = new AbortController();
  #sent = 0;
  #failed = 0;
  #dropped = 0;

  constructor(options: WebhookOptions) {
    this.#options = options;
  }

  get counts(): WebhookCounts {
    return { waiting: this.#queue.size + this.#queue.pending, sent: this.#sent, failed: this.#failed, dropped: this.#dropped };
  }

  /** Resolves with null when the receiver has taken it, otherwise with why not. Never rejects. */
  async send(target: WebhookTarget, body: object): Promise<string | null> {
    if (this.#queue.size >= WAITING_MAX) {
      this.#dropped++;
      return `${WAITING_MAX} deliveries wait already`;
    }
    const id = `msg_${randomUUID()}`;
    const text = JSON.stringify(body);
    const { attempts = 8, pauseMs = 1_000 } = this.#options;
    try {
      await this.#queue.add(() => pRetry(() => this.#attempt(target, id, text), { retries: attempts - 1, minTimeout: pauseMs, maxTimeout: 60_000, randomize: true, signal: this.#end.signal }));
      this.#sent++;
      return null;
    } catch (error) {
      this.#failed++;
      return (error as Error).message;
    }
  }

  /** Gives up what waits. */
  close(): void {
    this.#end.abort(new Error('the platform stopped'));
    this.#queue.clear();
  }

  async #attempt({ url, secret }: WebhookTarget, id: string, body: string): Promise<void> {
    const timestamp = Math.floor(this.#options.now() / 1000);
    const signature = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64');
    const headers = { 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': `v1,${signature}` };
    const signal = AbortSignal.any([this.#end.signal, AbortSignal.timeout(ATTEMPT_TIMEOUT_MS)]);
    // Where it would be sent on to is nobody's who knows the secret.
    const answer = await (this.#options.fetch ?? fetch)(url, { method: 'POST', headers, body, redirect: 'manual', signal }).catch((error: Error) => {
      throw new Error(`no answer: ${causeOf(error)}`);
    });
    await answer.body?.cancel();
    if (answer.ok) return;
    const refusal = new Error(`it answered ${answer.status}`);
    // A fault of ours is one the next time too; a busy or broken receiver may recover.
    throw answer.status >= 500 || answer.status === 408 || answer.status === 429 ? refusal : new AbortError(refusal);
  }
}

/** That standard's own secrets are base64 after their prefix; any other is a key as it is. */
const keyOf = (secret: string): Buffer => (secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret));

const causeOf = (error: Error): string => (error.cause instanceof Error ? error.cause.message : error.message);
