import { type IncomingHttpHeaders, type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { sendError } from '../api/inference/index.ts';
import { LeptonError } from '../core/index.ts';
import { ControlAgent } from './control-agent.ts';
import { controlUnavailable } from './control-client.ts';

/** Headers that belong to one connection (RFC 9110, 7.6.1) and are not passed on. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']);

/** For what has a body (control may answer and close before it has read it) and for what may last. */
const closing = new ControlAgent({ keepAlive: false });
/**
 * For the many that only read: a connection costs more than such a request. Those beyond `maxSockets` wait here, so that
 * control never holds more answers than that for clients that don't read. Control keeps idle connections for longer than we do.
 */
const lasting = new ControlAgent({ keepAlive: true, maxSockets: 32, maxFreeSockets: 8, timeout: 5_000 });
/** Longest that a client may leave an answer unread while others wait for its place. */
const UNREAD_MAX_MS = 3_000;
/** Reads that last: waiting for a change, files. */
const LASTING_READ = /[?&]wait=|\/files\/|\/blobs\//;

/**
 * Sends a request on to control's socket. Both bodies flow as streams, so size does not matter here and a slow reader
 * slows the writer; when either side goes away, so does the other. Without control the answer is CONTROL_UNAVAILABLE; a body
 * of which nothing arrives for `stallTimeoutMs` ends with DEADLINE_EXCEEDED.
 */
export function forwardToControl(controlSocketPath: string, message: IncomingMessage, response: ServerResponse, stallTimeoutMs: number): void {
  if (!message.complete) endStalled(message, response, stallTimeoutMs);
  forward(controlSocketPath, message, response, isShortRead(message) ? lasting : closing);
}

function isShortRead({ method, url = '', headers }: IncomingMessage): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  if (headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0') return false;
  return !headers.accept?.includes('text/event-stream') && !LASTING_READ.test(url);
}

function forward(socketPath: string, message: IncomingMessage, response: ServerResponse, agent: ControlAgent): void {
  const upstream = httpRequest({ socketPath, method: message.method, path: message.url, headers: forwardedHeaders(message), agent });
  upstream.on('response', (answer) => {
    // Answered already: its body turned out not to be HTTP.
    if (response.headersSent) return void upstream.destroy();
    response.writeHead(answer.statusCode ?? 502, withoutHopByHop(answer.headers));
    // Event streams send their head long before their first byte; what has a length goes out with its head.
    if (answer.headers['content-length'] === undefined) response.flushHeaders();
    answer.pipe(response);
    if (agent === lasting) cutUnread(answer, response);
    answer.on('error', () => response.destroy());
    answer.on('end', () => discardRest(message, upstream));
  });
  upstream.on('error', (cause) => {
    // Control closed a kept connection in the moment of its use: nothing was done, so that it is asked again.
    if (agent === lasting && upstream.reusedSocket && !response.headersSent && !response.destroyed) forward(socketPath, message, response, closing);
    else refuse(message, response, cause);
  });
  response.on('close', () => upstream.destroy());
  message.on('error', () => upstream.destroy());
  if (agent === lasting) upstream.end();
  else message.pipe(upstream);
}

/** Uploads may take as long as they like, but not as long as nothing comes: anybody could keep a connection so. */
function endStalled(message: IncomingMessage, response: ServerResponse, stallTimeoutMs: number): void {
  const timer = setTimeout(() => {
    // Control reads slower than the client sends.
    if (message.isPaused()) return void timer.refresh();
    if (response.headersSent) return void response.destroy();
    message.unpipe();
    sendError(response, new LeptonError('DEADLINE_EXCEEDED', `nothing of the body arrived for ${stallTimeoutMs} ms; limits.requestReceiveTimeoutMs raises it`), {}, true);
  }, stallTimeoutMs);
  message.on('data', () => timer.refresh());
  for (const event of ['end', 'close']) message.once(event, () => clearTimeout(timer));
}

/** Ends an answer that its client does not take. */
function cutUnread(answer: IncomingMessage, response: ServerResponse): void {
  const timer = setTimeout(() => response.destroy(), UNREAD_MAX_MS);
  answer.on('data', () => timer.refresh());
  response.on('drain', () => timer.refresh());
  for (const stream of [answer, response]) stream.on('close', () => clearTimeout(timer));
}

/** How long the rest of a body may take to arrive that control has answered without reading it. */
const DISCARD_MS = 2_000;

/** A refused upload: what is still on its way is thrown away for a moment, so that the client reads the answer and not a reset. */
function discardRest(message: IncomingMessage, upstream: Writable): void {
  if (message.complete) return;
  message.unpipe(upstream);
  message.resume();
  const timer = setTimeout(() => message.destroy(), DISCARD_MS);
  message.on('close', () => clearTimeout(timer));
}

function refuse(message: IncomingMessage, response: ServerResponse, cause: Error): void {
  if (response.headersSent) return void response.destroy();
  message.unpipe();
  sendError(response, controlUnavailable(cause), {}, !message.complete);
}

function forwardedHeaders(message: IncomingMessage): IncomingHttpHeaders {
  const headers = withoutHopByHop(message.headers);
  // With a body, the agent closes after the answer; until then control throws away the rest of one that it has refused.
  headers.connection = 'keep-alive';
  headers['x-forwarded-for'] = message.socket.remoteAddress ?? '';
  headers['x-forwarded-proto'] = 'http';
  if (message.headers['transfer-encoding'] !== undefined) headers['transfer-encoding'] = 'chunked';
  return headers;
}

function withoutHopByHop(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name) && !named.has(name)));
}
