import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ErrorCode, LeptonError } from '../../../core/index.ts';
import { sendError } from './reply.ts';

/** How long what a refused client still sends is thrown away, so that it reads the reason and not a reset. */
const LINGER_MS = 2_000;
const EXCERPT_MAX = 60;

/** What node:http's parser (llhttp) says about bytes that are no request. */
interface ParseError extends Error {
  readonly code?: string;
  readonly reason?: string;
  readonly bytesParsed?: number;
  readonly rawPacket?: Buffer;
}
interface Exchange {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
}
interface Refusal {
  readonly status: number;
  readonly code: ErrorCode;
  readonly error: string;
}

/**
 * Answers what is not HTTP/1.1 with a 4xx that says why, and closes the connection, since nobody can tell where the next
 * request would begin. Requests that came whole before it on the same connection are answered first.
 */
export function refuseMalformed(server: Server): void {
  const open = new WeakMap<Duplex, Set<Exchange>>();
  const refused = new WeakSet<Duplex>();
  const note = (message: IncomingMessage, response: ServerResponse): void => {
    const exchanges = open.get(message.socket) ?? new Set();
    const exchange = { message, response };
    open.set(message.socket, exchanges.add(exchange));
    response.once('close', () => exchanges.delete(exchange));
    // We never upgrade, but the parser stops all the same: the next request would never be answered.
    if (message.headers.upgrade !== undefined) response.shouldKeepAlive = false;
  };
  server.prependListener('request', note);
  server.on('clientError', (error: ParseError, socket) => {
    // Whatever else comes on this connection fails to parse too.
    if (refused.has(socket)) return;
    refused.add(socket);
    if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
    const refusal = error.code === 'HPE_CLOSED_CONNECTION' ? null : refusalOf(error);
    void refuseAfter([...(open.get(socket) ?? [])], socket, refusal);
  });
  server.on('checkExpectation', (message: IncomingMessage, response: ServerResponse) => {
    note(message, response);
    const error = new LeptonError('INVALID_ARGUMENT', `expect: '${String(message.headers.expect).slice(0, 100)}' cannot be met, only 100-continue`);
    sendError(response, error, {}, true, 417);
  });
  server.on('connect', (message: IncomingMessage, socket) => {
    const error = `CONNECT ${String(message.url).slice(0, 100)}: this is no proxy`;
    void refuseAfter([...(open.get(socket) ?? [])], socket, { status: 405, code: 'METHOD_NOT_ALLOWED', error });
  });
}

/** node:http's parser also knows versions that we don't speak. Throws INVALID_ARGUMENT. */
export function checkVersion({ httpVersion }: IncomingMessage): void {
  if (httpVersion !== '1.1' && httpVersion !== '1.0') throw new LeptonError('INVALID_ARGUMENT', `this is HTTP/${httpVersion} on a connection of HTTP/1.1`);
}

/** `refusal` null: more bytes behind a request that said it would be the last. */
async function refuseAfter(exchanges: readonly Exchange[], socket: Duplex, refusal: Refusal | null): Promise<void> {
  const broken = exchanges.find(({ message }) => !message.complete);
  if (broken && refusal) answerBroken(broken, refusal);
  await Promise.all(exchanges.map(({ response }) => response.closed || new Promise((resolve) => response.once('close', resolve))));
  if (socket.destroyed) return;
  if (broken || !refusal) socket.end();
  else socket.end(bytesOf(refusal));
  linger(socket);
}

/** A request whose head was good and whose body is not: its own answer says so. */
function answerBroken({ response }: Exchange, { status, code, error }: Refusal): void {
  if (response.headersSent) return void response.destroy();
  sendError(response, new LeptonError(code, error), {}, true, status);
}

function linger(socket: Duplex): void {
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
}

function refusalOf(error: ParseError): Refusal {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      return { status: 431, code: 'TOO_LARGE', error: 'the head of the request is over its limit; limits.headerBytesMax raises it' };
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return { status: 413, code: 'TOO_LARGE', error: 'the extensions of the chunks are too large; they mean nothing here, leave them out' };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, code: 'DEADLINE_EXCEEDED', error: 'the head of the request did not arrive in time; limits.requestReceiveTimeoutMs raises it' };
    default:
      return { status: 400, code: 'INVALID_ARGUMENT', error: `the request is not HTTP/1.1: ${error.reason ?? error.message}${excerptOf(error)}` };
  }
}

/** The line at which reading stopped. */
function excerptOf({ rawPacket, bytesParsed = 0 }: ParseError): string {
  if (!rawPacket?.length) return '';
  const text = rawPacket.toString('latin1', Math.max(0, bytesParsed - EXCERPT_MAX), bytesParsed + EXCERPT_MAX);
  const at = Math.min(bytesParsed, EXCERPT_MAX);
  const start = text.lastIndexOf('\n', Math.max(0, at - 2)) + 1;
  const end = text.indexOf('\n', at);
  return `, at ${JSON.stringify(text.slice(start, end < 0 ? undefined : end + 1))}`;
}

function bytesOf({ status, code, error }: Refusal): string {
  const body = JSON.stringify({ code, error });
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`;
}
