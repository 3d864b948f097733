import { CAPTURE_PATH, type CaptureBuffer, type CaptureRule } from '../monitoring/capture/index.ts';
import type { ControlCalls } from './control-calls.ts';
import { callControl } from './control-client.ts';

const INTERVAL_MS = 1_000;
/** Without anything captured, rules are asked for this often. */
const IDLE_INTERVALS = 3;
const TIMEOUT_MS = 5_000;

/** Brings captured answers to control each second, off every request's way, and takes the rules that come back. */
export class CaptureReporter {
  readonly #buffer: CaptureBuffer;
  readonly #calls: ControlCalls;
  #idle = IDLE_INTERVALS;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(buffer: CaptureBuffer, calls: ControlCalls) {
    this.#buffer = buffer;
    this.#calls = calls;
  }

  start(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#report().finally(() => this.start()), INTERVAL_MS);
    this.#timer.unref();
  }

  /** What is still here goes to control, if it is there. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    if (!this.#buffer.empty) await this.#send();
  }

  async #report(): Promise<void> {
    if (this.#buffer.empty && ++this.#idle < IDLE_INTERVALS) return;
    this.#idle = 0;
    await this.#send();
  }

  async #send(): Promise<void> {
    const report = this.#buffer.drain();
    try {
      this.#buffer.setRules(JSON.parse(await callControl(this.#calls, { method: 'POST', path: CAPTURE_PATH.replace('/internal', ''), body: report, timeoutMs: TIMEOUT_MS })) as CaptureRule[]);
    } catch {
      // Control is away: what it would have got is lost and counted; the rules stay.
      this.#buffer.lost(report);
    }
  }
}
