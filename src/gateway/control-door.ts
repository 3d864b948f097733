import type { PassingDoor, PlainHead, RestReply, RestRequest } from '../api/inference/index.ts';
import { LeptonError, Places } from '../core/index.ts';
import type { CallAnswer } from '../wire/index.ts';
import type { ControlCalls } from './control-calls.ts';
import { isLasting, withoutHopByHop } from './proxy.ts';

/** Of a question's body; larger ones flow as streams. */
const BODY_BYTES_MAX = 64 * 2 ** 10;
/** Reads that control is asked for at a time; the others wait here. */
const READS_MAX = 32;
/** Of answers that clients have not taken yet. Beyond, they are refused: memory is worth more than their patience. */
const UNSENT_BYTES_MAX = 64 * 2 ** 20;
const READ_TIMEOUT_MS = 60_000;
/** Collecting and publishing take their time. */
const CHANGE_TIMEOUT_MS = 900_000;

/** Paths that everybody reads alike: with segments `.` and `..`, or another's characters, URLs and routers disagree. */
const SIMPLE_PATH = /^\/api\/[\w.~%!$&'()*+,;=:@/-]*$/;
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:\/|$)/i;
/** What either message has anew, besides what is about one connection. */
const OWN_HEADERS = ['content-length', 'date'] as const;

/**
 * The management API's short questions, which go to control as frames. What lasts (waiting, event streams), what is large
 * (files) and what is not in plain form flows through `forwardToControl`. `onCall`: one was taken.
 */
export function createControlDoor(calls: ControlCalls, onCall: () => void): PassingDoor {
  const reads = new Places(READS_MAX);
  let unsentBytes = 0;
  return {
    verbatim: true,
    takes,
    refusal: (error) => error.toJSON(),
    async serve(request): Promise<RestReply> {
      onCall();
      if (unsentBytes > UNSENT_BYTES_MAX) throw new LeptonError('CONTROL_UNAVAILABLE', `${unsentBytes} bytes of answers wait for clients that do not read them`, { retryAfterSeconds: 1 });
      const body = await request.body();
      const question = { method: request.method, url: request.path + (request.query && `?${request.query}`), headers: passedOn(request.headers()), own: false };
      const ask = (timeoutMs: number): Promise<CallAnswer> => calls.ask(question, body.length ? [body] : [], timeoutMs);
      const answer = request.method === 'GET' ? await reads.within(() => ask(READ_TIMEOUT_MS)) : await ask(CHANGE_TIMEOUT_MS);
      const bytes = answer.body.byteLength;
      unsentBytes += bytes;
      return { status: answer.status, headers: passedOn(Object.entries(answer.headers)), body: [answer.body], onSent: () => (unsentBytes -= bytes) };
    },
  };
}

function takes({ method, path, query, headers, contentLength }: PlainHead): boolean {
  if (!SIMPLE_PATH.test(path) || DOT_SEGMENT.test(path) || headers.has('content-encoding')) return false;
  if (isLasting(`${path}?${query}`, headers.get('accept'))) return false;
  return method === 'GET' || (contentLength <= BODY_BYTES_MAX && headers.get('content-type') !== 'application/octet-stream');
}

/** Of a question or an answer. */
function passedOn(headers: ReturnType<RestRequest['headers']>): Record<string, string> {
  const passed = withoutHopByHop(Object.fromEntries(headers)) as Record<string, string>;
  for (const name of OWN_HEADERS) delete passed[name];
  return passed;
}
