import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import { asLeptonError, LeptonError } from '../../../core/index.ts';
import { asObject, own, parseJson } from '../codec/index.ts';
import type { CallContext } from '../dispatch/index.ts';
import { acceptedRequestId, type FrontDependencies } from '../front.ts';
import { EXTENSIONS, modelConfig, modelMetadata, modelReady, modelStatistics, repositoryIndex } from '../model-info.ts';
import { readBody } from './body.ts';
import { hostCheck } from './host-check.ts';
import { handleInfer } from './infer-handler.ts';
import { type ReplyHeaders, sendError, sendJson } from './reply.ts';
import { matchRoute, type Route } from './router.ts';

/** Handles what is not the protocol's: metrics, the management API, the page. */
export type OtherHandler = (path: string, message: IncomingMessage, response: ServerResponse) => void;

/**
 * The Open Inference Protocol v2 over HTTP/1.1. Returns a server that does not listen yet. Refusals are 4xx with
 * `{"error", "code"}`; a request that was not read to its end closes its connection. On loopback it refuses foreign hosts,
 * whoever would handle the path.
 */
export function createRestServer(dependencies: FrontDependencies, other: OtherHandler): Server {
  const { limits } = dependencies;
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
      const path = pathOf(message.url ?? '/');
      if (path === '/v2' || path.startsWith('/v2/')) void serve(dependencies, path, message, response);
      else other(path, message, response);
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

async function serve(dependencies: FrontDependencies, path: string, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const startedAtMs = performance.now();
  const requestId = acceptedRequestId(message.headers['x-request-id']) ?? randomUUID();
  const headers: ReplyHeaders = { 'x-request-id': requestId };
  let route: Route | null = null;
  let failure: LeptonError | null = null;
  try {
    route = matchRoute(path);
    if (message.method !== route.method) {
      headers.allow = route.method;
      throw new LeptonError('METHOD_NOT_ALLOWED', `${message.method} is not possible here, only ${route.method}`);
    }
    await answer(dependencies, route, message, response, headers);
  } catch (thrown) {
    failure = asLeptonError(thrown);
    sendError(response, failure, headers, !message.complete || !dependencies.plane.ready);
  }
  if (route?.kind !== 'infer' && !failure) return;
  dependencies.onCall({
    protocol: 'http',
    requestId,
    service: route?.model || null,
    version: (headers['lepton-version'] as string | undefined) ?? null,
    code: failure?.code ?? 'OK',
    message: failure?.message ?? '',
    durationMs: performance.now() - startedAtMs,
  });
}

async function answer(dependencies: FrontDependencies, route: Route, message: IncomingMessage, response: ServerResponse, headers: ReplyHeaders): Promise<void> {
  const { plane } = dependencies;
  const context: CallContext = { header: (name) => headerOf(message, name) };
  const { model, version } = route;
  switch (route.kind) {
    case 'infer':
      return handleInfer(dependencies, route, message, response, context, headers);
    case 'live':
      return sendJson(response, 200, headers, { live: true });
    case 'server-ready':
      return sendJson(response, plane.ready ? 200 : 503, headers, { ready: plane.ready });
    case 'server-metadata':
      return sendJson(response, 200, headers, { name: 'lepton-ai', version: dependencies.platformVersion, extensions: EXTENSIONS });
    case 'repository-index':
      return sendJson(response, 200, headers, repositoryIndex(plane, await asksForReady(dependencies, message)));
    case 'all-statistics':
      return sendJson(response, 200, headers, modelStatistics(plane, null, null, context));
    case 'statistics':
      return sendJson(response, 200, headers, modelStatistics(plane, model, version, context));
    case 'metadata':
      return sendAbout(response, headers, modelMetadata(plane, model, version, context));
    case 'config':
      return sendAbout(response, headers, modelConfig(plane, model, version, context));
    case 'model-ready': {
      const ready = modelReady(plane, model, version, context);
      headers['lepton-version'] = ready.version;
      return sendJson(response, ready.body ? 200 : 503, headers, { name: model, ready: ready.body });
    }
  }
}

function sendAbout(response: ServerResponse, headers: ReplyHeaders, about: { version: string; body: object }): void {
  headers['lepton-version'] = about.version;
  sendJson(response, 200, headers, about.body);
}

/** The index request's body is optional JSON: `{"ready": true}`. */
async function asksForReady(dependencies: FrontDependencies, message: IncomingMessage): Promise<boolean> {
  const body = await readBody(message, dependencies.limits);
  return body.length > 0 && own(asObject(parseJson(body.toString('utf8')), 'the request'), 'ready') === true;
}

function headerOf(message: IncomingMessage, name: string): string | undefined {
  const value = message.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** The path without query; absolute-form targets (as proxies send) lose their origin. */
function pathOf(url: string): string {
  const origin = /^https?:\/\/[^/?]*/i.exec(url);
  const target = origin ? url.slice(origin[0].length) : url;
  const end = target.indexOf('?');
  return (end < 0 ? target : target.slice(0, end)) || '/';
}
