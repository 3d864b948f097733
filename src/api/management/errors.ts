import type { FastifyBaseLogger, FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { asLeptonError, LeptonError } from '../../core/index.ts';

/** Fastify's and Node's own refusals in our words. */
const FASTIFY_CODES: Readonly<Record<string, (error: FastifyError) => LeptonError>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: (error) => new LeptonError('UNSUPPORTED_MEDIA_TYPE', `${error.message}; send application/json`),
  FST_ERR_CTP_BODY_TOO_LARGE: () => new LeptonError('TOO_LARGE', 'the JSON body is over 4 MiB; files go to PUT /api/v1/blobs/{digest}'),
  ECONNRESET: () => new LeptonError('CANCELLED', 'the client left before its body had arrived'),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: (error) => new LeptonError('INVALID_ARGUMENT', error.message),
};

/** Any thrown value as what the caller gets. An error of Fastify's or Node's that blames the request stays a 4xx. */
export function translateError(thrown: unknown): LeptonError {
  if (thrown instanceof LeptonError) return thrown;
  const error = thrown as FastifyError;
  const known = FASTIFY_CODES[error?.code ?? ''];
  if (known) return known(error);
  const status = error?.statusCode ?? 500;
  if (thrown instanceof Error && status >= 400 && status < 500) return new LeptonError('INVALID_ARGUMENT', thrown.message, { cause: thrown });
  return asLeptonError(thrown);
}

/** Answers every error as `{error, code, details?}`. Faults of ours are logged in full and told by their request id. */
export function installErrorHandling(app: FastifyInstance): void {
  app.setErrorHandler((thrown, request, reply) => sendError(reply, request, translateError(thrown)));
}

export function sendError(reply: FastifyReply, request: FastifyRequest, error: LeptonError): FastifyReply {
  report(request.log, error);
  if (error.retryAfterSeconds !== undefined) reply.header('retry-after', String(error.retryAfterSeconds));
  const body = error.code === 'INTERNAL' ? { error: `internal error; the server's log has the details under request id ${request.id}`, code: error.code } : error.toJSON();
  return reply.code(error.httpStatus).send(body);
}

function report(log: FastifyBaseLogger, error: LeptonError): void {
  if (error.httpStatus >= 500 && error.httpStatus !== 503) log.error({ err: error }, error.message);
  else log.info({ code: error.code }, error.message);
}
