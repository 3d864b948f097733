import type { Logger } from 'pino';
import type { CallRecord } from '../api/inference/index.ts';

/** Lines of failed requests a second; what is over is only counted, so that a storm of errors cannot fill a disk. */
const LINES_PER_SECOND_MAX = 50;

/** Writes failed requests at `info` (the client's fault) or `warn` (ours), all others at `debug`. */
export class RequestLog {
  readonly #log: Logger;
  #second = 0;
  #lines = 0;
  #suppressed = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  record(call: CallRecord, status: number): void {
    if (call.code === 'OK') {
      if (this.#log.isLevelEnabled('debug')) this.#log.debug(fieldsOf(call), 'request answered');
      return;
    }
    if (!this.#admits()) return;
    if (status >= 500) this.#log.warn(fieldsOf(call), 'request failed');
    else this.#log.info(fieldsOf(call), 'request refused');
  }

  #admits(): boolean {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#second) {
      if (this.#suppressed) this.#log.warn({ suppressed: this.#suppressed }, 'more failed requests than are logged');
      this.#second = second;
      this.#lines = this.#suppressed = 0;
    }
    if (this.#lines++ < LINES_PER_SECOND_MAX) return true;
    this.#suppressed++;
    return false;
  }
}

function fieldsOf(call: CallRecord): object {
  const { protocol, requestId, service, version, predictionId, code, message, durationMs } = call;
  return { protocol, requestId, service, version, ...(predictionId !== null && { predictionId }), code, durationMs: Math.round(durationMs * 1000) / 1000, ...(message && { error: message.slice(0, 1000) }) };
}
