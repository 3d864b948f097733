import { asLeptonError } from '../../core/index.ts';
import type { AnswerCall, CallAnswer } from '../../wire/index.ts';
import { DROPPED_HEADER, SAMPLES_PATH } from '../samples/index.ts';
import type { MetricsHistory } from './history.ts';

const NOTHING = new Uint8Array(0);

/** Takes gateways' reports past the management API, which has better to do; all else is `next`'s. */
export function receiveSamples(history: MetricsHistory, next: AnswerCall): AnswerCall {
  return async (call, body) => {
    if (!call.own || call.method !== 'POST' || call.url !== SAMPLES_PATH) return next(call, body);
    try {
      await history.record(body);
      history.dropped(Number(call.headers[DROPPED_HEADER] ?? 0));
      return { status: 204, headers: {}, body: NOTHING };
    } catch (thrown) {
      return refusal(thrown);
    }
  };
}

function refusal(thrown: unknown): CallAnswer {
  const error = asLeptonError(thrown);
  return { status: error.httpStatus, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(error.toJSON())) };
}
