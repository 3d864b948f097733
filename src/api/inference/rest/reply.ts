import type { ServerResponse } from 'node:http';
import type { LeptonError } from '../../../core/index.ts';
import type { InferenceTiming } from '../codec/index.ts';
import { partsOf, refusalReply, type ReplyHeaders, type RestReply } from './exchange.ts';

/** Sends a reply through node:http. `close`: the request was not read to its end. */
export function sendReply(response: ServerResponse, { status, headers, body }: RestReply, close = false): void {
  if (response.headersSent || response.destroyed) return;
  const parts = partsOf(body);
  headers['content-length'] = parts.reduce((sum, part) => sum + part.byteLength, 0);
  if (close) headers.connection = 'close';
  response.writeHead(status, headers);
  for (const part of parts) response.write(part);
  response.end();
}

/** `{"error": …, "code": …}`, in the management API's form. `close`: the request was not read to its end. */
export function sendError(response: ServerResponse, error: LeptonError, headers: ReplyHeaders, close: boolean, status?: number): void {
  const refusal = refusalReply(error, error.toJSON(), status);
  sendReply(response, { ...refusal, headers: { ...headers, ...refusal.headers } }, close);
}

/** Where the time went, as `server-timing` (W3C): durations in milliseconds, the rows of the run as batch's description. */
export function serverTiming({ queueMs, batchMs, runMs, totalMs, batchSize }: InferenceTiming): string {
  return `queue;dur=${queueMs.toFixed(3)}, batch;dur=${batchMs.toFixed(3)};desc="${batchSize}", run;dur=${runMs.toFixed(3)}, total;dur=${totalMs.toFixed(3)}`;
}
