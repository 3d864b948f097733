import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import { asLeptonError } from '../../../core/index.ts';
import type { FrontDependencies, FrontLimits } from '../front.ts';
import { readBody } from './body.ts';
import type { RestRequest } from './exchange.ts';
import { hostCheck } from './host-check.ts';
import { sendError, sendReply } from './reply.ts';
import { createRestHandler } from './rest-handler.ts';
import { createV2Door } from './v2-door.ts';

/** Handles what is not a protocol's: metrics, the management API, the page. */
export type OtherHandler = (path: string, message: IncomingMessage, response: ServerResponse) => void;

/**
 * The inference protocols over HTTP/1.1. Returns a server that does not listen yet. Refusals are 4xx in the form of the
 * protocol that was spoken; a request that was not read to its end closes its connection. On loopback it refuses foreign
 * hosts, whoever would handle the path.
 */
export function createRestServer(dependencies: FrontDependencies, other: OtherHandler): Server {
  const { limits, plane } = dependencies;
  const doors = [createV2Door(dependencies)];
  const handle = createRestHandler(dependencies);
  const server: Server = createServer(
    {
      ServerResponse: responseOf(() => server.listening),
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.requestReceiveTimeoutMs,
      // Bodies have their own time limit, which uploads to the management API don't share.
      requestTimeout: 0,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: Math.min(1000, limits.requestReceiveTimeoutMs),
      noDelay: true,
    },
    (message, response) => {
      // A client that leaves while we write is no fault; 'close' tells those who care.
      response.on('error', () => {});
      try {
        checkHost(message.headers.host);
      } catch (thrown) {
        return sendError(response, asLeptonError(thrown), {}, !message.complete);
      }
      const { path, query } = targetOf(message.url ?? '/');
      const door = doors.find((candidate) => candidate.owns(path));
      if (!door) return other(path, message, response);
      const request = requestOf(message, response, path, query, limits);
      void handle(door, request).then((reply) => sendReply(response, reply, !message.complete || !plane.ready));
    },
  );
  const checkHost = hostCheck(server);
  server.maxConnections = limits.connectionsMax;
  return server;
}

/** Responses that say `connection: close` once the server takes no new connections, so that nobody sends another request after them. */
function responseOf(listening: () => boolean): typeof ServerResponse {
  return class<Request extends IncomingMessage> extends ServerResponse<Request> {
    override writeHead(...head: unknown[]): this {
      if (!listening()) this.shouldKeepAlive = false;
      return super.writeHead(...(head as [number]));
    }
  };
}

function requestOf(message: IncomingMessage, response: ServerResponse, path: string, query: string, limits: FrontLimits): RestRequest {
  return {
    method: message.method ?? 'GET',
    path,
    query,
    header: (name) => {
      const value = message.headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
    body: () => readBody(message, limits),
    onLeave: (callback) => {
      response.once('close', callback);
      return () => response.off('close', callback);
    },
  };
}

/** Absolute-form targets (as proxies send) lose their origin. */
function targetOf(url: string): { path: string; query: string } {
  const origin = /^https?:\/\/[^/?]*/i.exec(url);
  const target = origin ? url.slice(origin[0].length) : url;
  const end = target.indexOf('?');
  return end < 0 ? { path: target || '/', query: '' } : { path: target.slice(0, end) || '/', query: target.slice(end + 1) };
}
