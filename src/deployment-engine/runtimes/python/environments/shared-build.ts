import { LeptonError } from '../../../../core/index.ts';

/** Somebody who needs an environment. */
export interface Waiter {
  readonly progress: (message: string) => void;
  readonly output: (text: string) => void;
  readonly signal: AbortSignal;
}

export interface BuildVoice {
  readonly progress: (message: string) => void;
  readonly output: (text: string) => void;
  readonly signal: AbortSignal;
}

const REPLAY_CHARACTERS = 16_000;

/** One build and all who wait for it. It is cancelled when the last of them leaves; who comes later hears what was said before. */
export class SharedBuild {
  readonly ended: Promise<void>;
  readonly #waiters = new Set<Waiter>();
  readonly #cancel = new AbortController();
  #output = '';
  message = '';

  constructor(work: (voice: BuildVoice) => Promise<void>) {
    this.ended = work({ progress: (message) => this.#tell(message), output: (text) => this.#write(text), signal: this.#cancel.signal });
    // Each waiter is told; that there may be none left is no fault.
    this.ended.catch(() => undefined);
  }

  get cancelled(): boolean {
    return this.#cancel.signal.aborted;
  }

  /** Resolves when the build has succeeded. Rejects with its error, or with the waiter's own reason when that leaves. */
  async join(waiter: Waiter): Promise<void> {
    waiter.signal.throwIfAborted();
    this.#waiters.add(waiter);
    if (this.message) waiter.progress(this.message);
    if (this.#output) waiter.output(this.#output);
    const left = Promise.withResolvers<never>();
    const leave = (): void => left.reject(waiter.signal.reason);
    waiter.signal.addEventListener('abort', leave, { once: true });
    try {
      await Promise.race([this.ended, left.promise]);
    } finally {
      waiter.signal.removeEventListener('abort', leave);
      this.#waiters.delete(waiter);
      if (this.#waiters.size === 0) this.#cancel.abort(new LeptonError('CANCELLED', 'nobody needs this environment any more'));
    }
  }

  #tell(message: string): void {
    this.message = message;
    for (const waiter of this.#waiters) waiter.progress(message);
  }

  #write(text: string): void {
    this.#output = (this.#output + text).slice(-REPLAY_CHARACTERS);
    for (const waiter of this.#waiters) waiter.output(text);
  }
}
