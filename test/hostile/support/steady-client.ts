import { setTimeout as wait } from 'node:timers/promises';
import { RawClient } from './raw-client.ts';
import { binaryRequest, wrongWith } from './requests.ts';

/** Pause between its requests, milliseconds: always there, and no load. */
const PAUSE_MS = 10;

/** A well-behaved client on one kept connection, to whom the misbehaviour of others must make no difference. */
export class SteadyClient {
  readonly #port: number;
  readonly #failures: string[] = [];
  readonly #loop: Promise<void>;
  #running = true;
  #answered = 0;

  constructor(port: number) {
    this.#port = port;
    this.#loop = this.#run();
  }

  /** Throws what went wrong so far, or if it came to nothing; waits for one more answer. */
  async check(): Promise<void> {
    const before = this.#answered;
    while (this.#answered === before && !this.#failures.length) await wait(PAUSE_MS);
    if (this.#failures.length) throw new Error(`the client beside noticed: ${this.#failures.slice(0, 3).join('; ')} (${this.#failures.length} failures, ${this.#answered} answers)`);
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#loop;
  }

  async #run(): Promise<void> {
    let client: RawClient | null = null;
    for (let seed = 1_000_000; this.#running; seed++) {
      try {
        client ??= await RawClient.open(this.#port);
        client.send(binaryRequest(seed));
        await client.answered(1);
        const wrong = wrongWith(client.answers.pop(), seed);
        if (wrong) this.#failures.push(wrong);
        else this.#answered++;
      } catch (error) {
        this.#failures.push((error as Error).message);
        client?.destroy();
        client = null;
      }
      await wait(PAUSE_MS);
    }
    client?.destroy();
  }
}
