import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import fastify, { type FastifyInstance, type FastifyRequest, LogController } from 'fastify';
import { Type } from 'typebox';
import { LeptonError } from '../../core/index.ts';
import { addDashboard } from './dashboard-files.ts';
import { installErrorHandling, sendError, translateError } from './errors.ts';
import { addInternalRoutes } from './internal.ts';
import { parseJsonBody } from './json-body.ts';
import { openApiDocument } from './openapi.ts';
import type { Operation } from './operation.ts';
import { alertOperations } from './operations/alerts.ts';
import { blobOperations } from './operations/blobs.ts';
import { captureOperations } from './operations/capture.ts';
import { environmentOperations } from './operations/environments.ts';
import { feedbackOperations } from './operations/feedback.ts';
import { logOperations } from './operations/logs.ts';
import { metricsOperations } from './operations/metrics.ts';
import { maintenanceOperations, platformOperations } from './operations/platform.ts';
import { profileOperations } from './operations/profiles.ts';
import { planOperations } from './operations/plans.ts';
import { repositoryOperations } from './operations/repositories.ts';
import { serviceOperations } from './operations/services.ts';
import type { ManagementDependencies } from './types.ts';
import { compileCheck } from './validate.ts';

const PREFIX = '/api/v1';
const JSON_BODY_BYTES_MAX = 4 * 2 ** 20;
/** 128 characters of a name, percent-encoded, and paths of files. */
const PATH_PARAMETER_CHARACTERS_MAX = 4096;

/** Every operation of the API, in the order of the documentation. */
export const OPERATIONS: readonly Operation[] = [...platformOperations, ...repositoryOperations, ...profileOperations, ...blobOperations, ...serviceOperations, ...planOperations, ...logOperations, ...alertOperations, ...captureOperations, ...feedbackOperations, ...metricsOperations, ...environmentOperations, ...maintenanceOperations];

/**
 * The management API under `/api/v1`, not yet listening: call `listen({ path })`. Closing it ends the event streams.
 * Requests are checked by the schemas that describe them at `GET /api/v1/openapi.json`. Beside it, the dashboard's pages.
 */
export function createManagementServer(dependencies: ManagementDependencies): FastifyInstance {
  const app = fastify({
    loggerInstance: dependencies.log,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestId,
    bodyLimit: JSON_BODY_BYTES_MAX,
    forceCloseConnections: true,
    frameworkErrors: (error, request, reply) => void sendError(reply, request as FastifyRequest, translateError(error)),
    routerOptions: { maxParamLength: PATH_PARAMETER_CHARACTERS_MAX },
  }) as unknown as FastifyInstance;
  app.addHook('onRequest', async (request, reply) => void reply.header('x-request-id', request.id));
  app.addContentTypeParser('application/octet-stream', (_request, payload, done) => done(null, payload));
  app.removeContentTypeParser(['text/plain', 'application/json']);
  app.addContentTypeParser('application/json', { parseAs: 'string' }, async (_request: FastifyRequest, text: string) => parseJsonBody(text));
  installErrorHandling(app);
  for (const operation of OPERATIONS) addRoute(app, operation, dependencies);
  addDocuments(app, dependencies);
  addDashboard(app, dependencies.dashboardDirectory);
  addInternalRoutes(app, dependencies, actorOf);
  app.setNotFoundHandler((request, reply) => sendError(reply, request, explainMissingRoute(request, (allowed) => reply.header('allow', allowed))));
  return app;
}

function addRoute(app: FastifyInstance, operation: Operation, dependencies: ManagementDependencies): void {
  const checkParams = compileCheck('path', operation.params ?? Type.Object({}));
  const checkQuery = compileCheck('query', operation.query ?? Type.Object({}, { additionalProperties: false }));
  const checkBody = operation.body ? compileCheck('body', operation.body) : undefined;
  app.route({
    method: operation.method,
    url: PREFIX + operation.path.replace(/\{\w+\*\}/, '*').replace(/\{(\w+)\}/g, ':$1'),
    handler: async (request, reply) => {
      const params = checkParams(namedRest(operation, request.params as Record<string, unknown>));
      const query = checkQuery(request.query);
      const body = checkBody ? checkBody(request.body) : request.body;
      if (operation.bytesIn && !(body instanceof Readable)) throw new LeptonError('UNSUPPORTED_MEDIA_TYPE', 'an upload needs the header content-type: application/octet-stream');
      const answer = await operation.handle({ params, query, body, actor: actorOf(request), dependencies, request, reply });
      // A reply that a handler has sent itself resolves to nothing; an event stream has taken the socket over.
      if (reply.sent || (operation.contentTypesOut && answer === undefined)) return reply;
      return operation.response ? reply.code(operation.status ?? 200).type('application/json; charset=utf-8').send(JSON.stringify(answer)) : reply.code(operation.status ?? 204).send();
    },
  });
}

/** Fastify names a wildcard `*`; the operation has a name for it. */
function namedRest(operation: Operation, params: Record<string, unknown>): Record<string, unknown> {
  const name = /\{(\w+)\*\}/.exec(operation.path)?.[1];
  if (!name) return params;
  const { '*': rest, ...others } = params;
  return { ...others, [name]: rest };
}

function addDocuments(app: FastifyInstance, dependencies: ManagementDependencies): void {
  const document = JSON.stringify(openApiDocument(OPERATIONS, dependencies.status().platformVersion));
  app.get(`${PREFIX}/openapi.json`, async (_request, reply) => reply.type('application/json; charset=utf-8').send(document));
}

/** A caller's own id if it is short and plain, else a new one. */
function requestId(request: { headers: Record<string, string | string[] | undefined> }): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : randomUUID();
}

/** Who makes the change: the header `lepton-user`. There is no authentication yet, so it is a name, not a proof. */
function actorOf(request: FastifyRequest): string {
  const given = request.headers['lepton-user'];
  if (given === undefined || given === '') return 'anonymous';
  if (typeof given === 'string' && /^[\x21-\x7e]([\x20-\x7e]{0,126}[\x21-\x7e])?$/.test(given)) return given;
  throw new LeptonError('INVALID_ARGUMENT', 'the header lepton-user must be 1 to 128 printable ASCII characters');
}

function explainMissingRoute(request: FastifyRequest, setAllow: (allowed: string) => void): LeptonError {
  const path = request.url.split('?')[0] ?? '';
  const methods = OPERATIONS.filter((operation) => pathPattern(operation).test(path)).map(({ method }) => method);
  if (methods.length === 0) return new LeptonError('ROUTE_NOT_FOUND', `there is no ${path.slice(0, 200)}; ${PREFIX}/openapi.json lists the paths`);
  const allowed = [...new Set(methods)].join(', ');
  setAllow(allowed);
  return new LeptonError('METHOD_NOT_ALLOWED', `${path.slice(0, 200)} has no ${request.method}, only ${allowed}`);
}

const pathPattern = (operation: Operation): RegExp => new RegExp(`^${PREFIX}${operation.path.replace(/\{\w+\*\}/, '.+').replace(/\{\w+\}/g, '[^/]+')}$`);
