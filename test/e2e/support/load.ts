import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Answer {
  readonly status: number;
  readonly version: string | undefined;
  readonly predictionId: string | undefined;
  readonly body: string;
}

/** One HTTP request on a kept connection; rejects on connection errors. */
export function send(agent: Agent, url: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body);
    const outgoing = request(url, { agent, method: text === undefined ? 'GET' : 'POST', headers: text === undefined ? headers : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...headers } }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, version: header(incoming.headers['lepton-version']), predictionId: header(incoming.headers['lepton-prediction-id']), body: Buffer.concat(chunks).toString() }));
    });
    outgoing.on('error', reject);
    outgoing.setTimeout(60_000, () => outgoing.destroy(new Error('no answer within 60 s')));
    outgoing.end(text);
  });
}

const header = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

export interface LoadReport {
  readonly requests: number;
  readonly byVersion: Readonly<Record<string, number>>;
  /** What went wrong, with the milliseconds since the load began. */
  readonly failures: readonly { readonly atMs: number; readonly what: string }[];
  /** Longest time in which no request was answered well, milliseconds. */
  readonly longestGapMs: number;
}

/** A constant load of `clients` callers, each with one request in flight, until `stop`. */
export class Load {
  readonly #agent: Agent;
  readonly #started = performance.now();
  readonly #callers: Promise<void>[];
  #running = true;
  #requests = 0;
  #lastGood = performance.now();
  #longestGapMs = 0;
  readonly #byVersion = new Map<string, number>();
  readonly #failures: { atMs: number; what: string }[] = [];

  constructor(options: { readonly clients: number; readonly url: string; readonly body: () => unknown; readonly check?: (answer: Answer) => string | undefined; readonly pauseMs?: number }) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: options.clients });
    this.#callers = Array.from({ length: options.clients }, async () => {
      while (this.#running) {
        await this.#one(options);
        if (options.pauseMs) await sleep(options.pauseMs);
      }
    });
  }

  async #one({ url, body, check }: { url: string; body: () => unknown; check?: (answer: Answer) => string | undefined }): Promise<void> {
    this.#requests++;
    try {
      const answer = await send(this.#agent, url, body());
      const wrong = answer.status === 200 ? check?.(answer) : `${answer.status}: ${answer.body.slice(0, 300)}`;
      if (wrong !== undefined) return await this.#fail(wrong);
      const now = performance.now();
      this.#longestGapMs = Math.max(this.#longestGapMs, now - this.#lastGood);
      this.#lastGood = now;
      const version = answer.version ?? '?';
      this.#byVersion.set(version, (this.#byVersion.get(version) ?? 0) + 1);
    } catch (error) {
      await this.#fail(String(error));
    }
  }

  async #fail(what: string): Promise<void> {
    this.#failures.push({ atMs: Math.round(performance.now() - this.#started), what });
    // Nothing listens: do not spin.
    await sleep(5);
  }

  get requests(): number {
    return this.#requests;
  }

  answeredBy(version: string): number {
    return this.#byVersion.get(version) ?? 0;
  }

  async stop(): Promise<LoadReport> {
    this.#running = false;
    await Promise.all(this.#callers);
    this.#agent.destroy();
    return { requests: this.#requests, byVersion: Object.fromEntries(this.#byVersion), failures: this.#failures, longestGapMs: Math.max(this.#longestGapMs, performance.now() - this.#lastGood) };
  }
}
