import type { FastifyInstance, InjectOptions } from 'fastify';
import { LeptonError } from '../../core/index.ts';
import type { AnswerCall, CallAnswer, CallMessage } from '../../wire/index.ts';

const ANSWER_BYTES_MAX = 16 * 2 ** 20;
const INTERNAL = /^\/internal(\/|$)/i;
/** What the gateway's own message to its client has anew. */
const OWN_HEADERS: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'content-length', 'date', 'transfer-encoding']);

/** Answers gateways' questions as the API does over HTTP, without its sockets. */
export function createCallAnswerer(app: FastifyInstance): AnswerCall {
  return async (call, body) => {
    try {
      // As the router will read it.
      if (!call.own && INTERNAL.test(new URL(call.url, 'http://control').pathname)) throw new LeptonError('ROUTE_NOT_FOUND', `there is nothing at ${call.url.slice(0, 200)}`);
      const { statusCode: status, headers, rawPayload } = await app.inject(injected(call, body));
      if (rawPayload.length > ANSWER_BYTES_MAX) throw new LeptonError('TOO_LARGE', `the answer has ${rawPayload.length} bytes, more than ${ANSWER_BYTES_MAX}; ask for fewer`);
      return { status, headers: toldHeaders(headers), body: rawPayload };
    } catch (thrown) {
      return refusal(thrown instanceof LeptonError ? thrown : new LeptonError('INTERNAL', 'the question could not be asked', { cause: thrown }));
    }
  };
}

function injected({ method, url, headers }: CallMessage, body: Uint8Array): InjectOptions {
  const payload = body.byteLength ? { payload: Buffer.from(body.buffer, body.byteOffset, body.byteLength) } : {};
  return { method: method as NonNullable<InjectOptions['method']>, url, headers: { ...headers }, ...payload };
}

function toldHeaders(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name, value]) => value !== undefined && !OWN_HEADERS.has(name)).map(([name, value]) => [name, String(value)]));
}

function refusal(error: LeptonError): CallAnswer {
  return { status: error.httpStatus, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(error.toJSON())) };
}
