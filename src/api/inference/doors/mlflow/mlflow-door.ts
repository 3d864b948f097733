import { LeptonError } from '../../../../core/index.ts';
import type { FrontDependencies } from '../../front.ts';
import { modelReady } from '../../model-info.ts';
import { type CallNotes, checkMethod, type Door, type RestReply, type RestRequest } from '../../rest/exchange.ts';
import { inferBySignature, resolveTarget } from '../infer-by-signature.ts';
import { mimeType, readInvocation } from './invocation.ts';
import { matchServicePath, type ServicePath } from './paths.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
/** MLflow's names of errors, by status. */
const ERROR_CODES: Readonly<Record<number, string>> = {
  400: 'BAD_REQUEST', 404: 'RESOURCE_DOES_NOT_EXIST', 405: 'BAD_REQUEST', 413: 'BAD_REQUEST', 415: 'BAD_REQUEST', 429: 'REQUEST_LIMIT_EXCEEDED',
  499: 'CANCELLED', 501: 'NOT_IMPLEMENTED', 503: 'TEMPORARILY_UNAVAILABLE', 504: 'DEADLINE_EXCEEDED',
};

/** MLflow's scoring server for every service: /mlflow/SERVICE[/versions/V|/labels/L]/{invocations,ping,health,version}. */
export function createMlflowDoor(dependencies: FrontDependencies): Door {
  return {
    owns: (path) => path === '/mlflow' || path.startsWith('/mlflow/'),
    serve: async (request, notes) => {
      const path = matchServicePath(request.path);
      notes.service = path.model;
      notes.inference = path.kind === 'invocations';
      checkMethod(request, [path.method], notes);
      return answer(dependencies, path, request, notes);
    },
    refusal: ({ code, httpStatus, message }) => ({ error_code: code === 'ROUTE_NOT_FOUND' ? 'ENDPOINT_NOT_FOUND' : (ERROR_CODES[httpStatus] ?? 'INTERNAL_ERROR'), message }),
  };
}

async function answer(dependencies: FrontDependencies, path: ServicePath, request: RestRequest, notes: CallNotes): Promise<RestReply> {
  const { plane } = dependencies;
  if (path.kind === 'invocations') return invoke(dependencies, path, request, notes);
  const { service, lane } = resolveTarget(plane, path, request);
  if (path.kind === 'version') return { status: 200, headers: JSON_TYPE, body: dependencies.platformVersion };
  const ready = modelReady(plane, path.model, path.version ?? path.label, request);
  notes.headers['lepton-version'] = ready.version;
  if (ready.body) return { status: 200, headers: JSON_TYPE, body: '\n' };
  const { phase, reason, message } = lane.route;
  throw new LeptonError('VERSION_NOT_READY', `service '${service.route.service}' version '${ready.version}' is ${phase}${reason || message ? ` (${[reason, message].filter(Boolean).join(': ')})` : ''}`, { retryAfterSeconds: 1 });
}

async function invoke({ plane }: FrontDependencies, path: ServicePath, request: RestRequest, notes: CallNotes): Promise<RestReply> {
  const contentType = request.header('content-type');
  // A body of another type is not worth reading.
  mimeType(contentType);
  const { decode, encode, parameters } = readInvocation(contentType, await request.body());
  const answer = await inferBySignature(plane, path, decode, request, notes, parameters);
  return { status: 200, headers: JSON_TYPE, body: encode(answer) };
}
