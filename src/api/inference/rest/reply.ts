import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { deflate, gzip } from 'node:zlib';
import type { LeptonError } from '../../../core/index.ts';
import type { InferenceTiming } from '../codec/index.ts';

export type ReplyHeaders = Record<string, string | number>;

/** Sends JSON, or JSON with binary sections. */
export function sendBytes(response: ServerResponse, status: number, headers: ReplyHeaders, body: string | Uint8Array): void {
  if (response.headersSent || response.destroyed) return;
  headers['content-length'] = typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength;
  response.writeHead(status, headers);
  response.end(body);
}

export function sendJson(response: ServerResponse, status: number, headers: ReplyHeaders, value: unknown): void {
  sendBytes(response, status, { 'content-type': 'application/json', ...headers }, JSON.stringify(value));
}

/** `{"error": …, "code": …}` with the code's status. `close`: the request was not read to its end. */
export function sendError(response: ServerResponse, error: LeptonError, headers: ReplyHeaders, close: boolean): void {
  if (error.retryAfterSeconds !== undefined) headers['retry-after'] = Math.max(1, Math.ceil(error.retryAfterSeconds));
  if (close) headers.connection = 'close';
  sendJson(response, error.httpStatus, headers, error.toJSON());
}

/** Where the time went, as `server-timing` (W3C): durations in milliseconds, the rows of the run as batch's description. */
export function serverTiming({ queueMs, batchMs, runMs, totalMs, batchSize }: InferenceTiming): string {
  return `queue;dur=${queueMs.toFixed(3)}, batch;dur=${batchMs.toFixed(3)};desc="${batchSize}", run;dur=${runMs.toFixed(3)}, total;dur=${totalMs.toFixed(3)}`;
}

/** Bytes below which compression saves nothing. */
const COMPRESS_BYTES_MIN = 1024;

/** Compresses when the client asks for it (and never by our own choice: it can cost more than the model). */
export async function compress(accepted: string | undefined, body: Buffer, headers: ReplyHeaders): Promise<Buffer> {
  const encoding = accepted === undefined || body.length < COMPRESS_BYTES_MIN ? null : chooseEncoding(accepted);
  if (!encoding) return body;
  headers['content-encoding'] = encoding;
  headers.vary = 'accept-encoding';
  return promisify(encoding === 'gzip' ? gzip : deflate)(body);
}

/** gzip or deflate, if named with a quality above 0. `*` is not taken as a wish. */
export function chooseEncoding(accepted: string): 'gzip' | 'deflate' | null {
  const wanted = accepted
    .toLowerCase()
    .split(',')
    .map((entry) => {
      const [name = '', ...parameters] = entry.split(';').map((part) => part.trim());
      const quality = parameters.find((parameter) => parameter.startsWith('q='));
      return { name, quality: quality === undefined ? 1 : Number(quality.slice(2)) };
    })
    .filter(({ name, quality }) => (name === 'gzip' || name === 'deflate') && quality > 0)
    .sort((a, b) => b.quality - a.quality);
  return (wanted[0]?.name as 'gzip' | 'deflate' | undefined) ?? null;
}
