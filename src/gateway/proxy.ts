import { type IncomingHttpHeaders, type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { sendError } from '../api/inference/index.ts';
import { LeptonError } from '../core/index.ts';
import { ControlAgent } from './control-agent.ts';

/** Headers that belong to one connection (RFC 9110, 7.6.1) and are not passed on. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade']);

const agent = new ControlAgent({ keepAlive: false });

/**
 * Sends a request on to control's socket. Both bodies flow as streams, so size does not matter here and a slow reader
 * slows the writer; when either side goes away, so does the other. Without control the answer is CONTROL_UNAVAILABLE.
 */
export function forwardToControl(controlSocketPath: string, message: IncomingMessage, response: ServerResponse): void {
  const upstream = httpRequest({ socketPath: controlSocketPath, method: message.method, path: message.url, headers: forwardedHeaders(message), agent });
  upstream.on('response', (answer) => {
    // Answered already: its body turned out not to be HTTP.
    if (response.headersSent) return void upstream.destroy();
    response.writeHead(answer.statusCode ?? 502, withoutHopByHop(answer.headers));
    // Event streams send their head long before their first byte.
    response.flushHeaders();
    answer.pipe(response);
    answer.on('error', () => response.destroy());
    answer.on('end', () => discardRest(message, upstream));
  });
  upstream.on('error', (cause) => refuse(message, response, cause));
  response.on('close', () => upstream.destroy());
  message.on('error', () => upstream.destroy());
  message.pipe(upstream);
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
  const error = new LeptonError('CONTROL_UNAVAILABLE', 'the control process does not answer; inference goes on, management does not', { cause, retryAfterSeconds: 1 });
  sendError(response, error, {}, !message.complete);
}

function forwardedHeaders(message: IncomingMessage): IncomingHttpHeaders {
  const headers = withoutHopByHop(message.headers);
  // The agent closes after the answer; until then control throws away the rest of a body that it has refused.
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
