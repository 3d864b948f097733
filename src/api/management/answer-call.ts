import type { FastifyInstance, InjectOptions } from 'fastify';
import { asLeptonError, LeptonError } from '../../core/index.ts';
import type { AnswerCall, CallAnswer, CallMessage } from '../../wire/index.ts';

const ANSWER_BYTES_MAX = 16 * 2 ** 20;
const INTERNAL = /^\/internal(\/|$)/i;

/** Answers gateways' questions as the API does over HTTP, without its sockets. */
export function createCallAnswerer(app: FastifyInstance): AnswerCall {
  return async (call, body) => {
    try {
      // As the router will read it.
      if (!call.own && INTERNAL.test(new URL(call.url, 'http://control').pathname)) throw new LeptonError('ROUTE_NOT_FOUND', `there is nothing at ${call.url.slice(0, 200)}`);
      const { statusCode: status, headers, rawPayload } = await app.inject(injected(call, body));
      if (rawPayload.length > ANSWER_BYTES_MAX) throw new LeptonError('TOO_LARGE', `the answer has ${rawPayload.length} bytes, more than ${ANSWER_BYTES_MAX}; ask for fewer`);
      return { status, headers: textsOf(headers), body: rawPayload };
    } catch (thrown) {
      const error = asLeptonError(thrown);
      if (error.code === 'INTERNAL') app.log.error({ err: thrown }, 'a question of a gateway failed');
      return refusal(error);
    }
  };
}

function injected({ method, url, headers }: CallMessage, body: Uint8Array): InjectOptions {
  const payload = body.byteLength ? { payload: Buffer.from(body.buffer, body.byteOffset, body.byteLength) } : {};
  return { method: method as NonNullable<InjectOptions['method']>, url, headers: { ...headers }, ...payload };
}

function textsOf(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])));
}

function refusal(error: LeptonError): CallAnswer {
  return { status: error.httpStatus, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(error.toJSON())) };
}
