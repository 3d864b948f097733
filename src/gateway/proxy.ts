import { type IncomingHttpHeaders, type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';
import { sendError } from '../api/inference/index.ts';
import { LeptonError } from '../core/index.ts';
import { ControlAgent } from './control-agent.ts';
import { controlUnavailable } from './control-calls.ts';
import type { TransferPace } from './transfer-pace.ts';

/** Headers that belong to one connection (RFC 9110, 7.6.1) and are not passed on. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']);

/** A connection for each: control may answer and close before it has read a body. */
const agent = new ControlAgent({ keepAlive: false });
/** Reads that last: waiting for a change, files. */
const LASTING_READ = /[?&]wait=|\/files\/|\/blobs\//;

/** Whether the answer may take long, or be large. `url`: path and query. */
export function isLasting(url: string, accept: string | undefined): boolean {
  return LASTING_READ.test(url) || accept?.includes('text/event-stream') === true;
}

/**
 * Sends a request on to control's socket. Both bodies flow as streams, so size does not matter here and a slow reader
 * slows the writer; when either side goes away, so does the other. Without control the answer is CONTROL_UNAVAILABLE; a body
 * of which nothing arrives for `stallTimeoutMs` ends with DEADLINE_EXCEEDED.
 */
export function forwardToControl(controlSocketPath: string, message: IncomingMessage, response: ServerResponse, stallTimeoutMs: number, pace: TransferPace): void {
  if (!message.complete) endStalled(message, response, stallTimeoutMs);
  const upstream = httpRequest({ socketPath: controlSocketPath, method: message.method, path: message.url, headers: forwardedHeaders(message), agent });
  upstream.on('response', (answer) => {
    // Answered already: its body turned out not to be HTTP.
    if (response.headersSent) return void upstream.destroy();
    response.writeHead(answer.statusCode ?? 502, withoutHopByHop(answer.headers));
    // Event streams send their head long before their first byte; what has a length goes out with its head.
    if (answer.headers['content-length'] === undefined) response.flushHeaders();
    answer.pipe(pace.into(response));
    if (!isLasting(message.url ?? '', message.headers.accept)) cutUnread(answer, response);
    answer.on('error', () => response.destroy());
    answer.on('end', () => discardRest(message));
  });
  upstream.on('error', (cause) => refuse(message, response, cause));
  response.on('close', () => upstream.destroy());
  message.on('error', () => upstream.destroy());
  message.pipe(pace.into(upstream));
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

/** Longest that a client may leave an answer of control unread. */
const UNREAD_MAX_MS = 3_000;

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
function discardRest(message: IncomingMessage): void {
  if (message.complete) return;
  message.unpipe();
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

/** What is about one connection is not passed on. */
export function withoutHopByHop(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const named = new Set((headers.connection ?? '').split(',').map((name) => name.trim().toLowerCase()));
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name) && !named.has(name)));
}
