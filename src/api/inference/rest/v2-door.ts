import { LeptonError, releaseBytes } from '../../../core/index.ts';
import { asObject, decodeRequest, encodeAnswer, noSharedMemory, own, parseJson } from '../codec/index.ts';
import { answerFeedback } from '../feedback.ts';
import type { FrontDependencies } from '../front.ts';
import { logSettings, updateLogSettings } from '../log-settings.ts';
import { changeModel, indexOf } from '../model-control.ts';
import { modelConfig, modelMetadata, modelReady, modelStatistics, serverMetadata } from '../model-info.ts';
import { traceSettings, updateTraceSettings } from '../trace-settings.ts';
import { type CallNotes, checkMethod, type Door, jsonReply, type RestReply, type RestRequest } from './exchange.ts';
import { inferThroughPlane } from './infer.ts';
import { matchRoute, type Route } from './router.ts';

/** The Open Inference Protocol v2 with the extensions that Triton's clients use: everything under /v2. */
export function createV2Door(dependencies: FrontDependencies): Door {
  return {
    owns: (path) => path.startsWith('/v2') && (path.length === 3 || path[3] === '/'),
    serve: async (request, notes) => {
      const route = matchRoute(request.path);
      notes.service = route.model || null;
      notes.inference = route.kind === 'infer';
      checkMethod(request, route.methods, notes);
      return answer(dependencies, route, request, notes);
    },
    refusal: (error: LeptonError) => error.toJSON(),
  };
}

async function answer(dependencies: FrontDependencies, route: Route, request: RestRequest, notes: CallNotes): Promise<RestReply> {
  const { plane } = dependencies;
  const { model, version } = route;
  switch (route.kind) {
    case 'infer':
      return infer(dependencies, route, request, notes);
    case 'live':
      return jsonReply({ live: true });
    case 'server-ready':
      return jsonReply({ ready: plane.serverReady }, plane.serverReady ? 200 : 503);
    case 'server-metadata':
      return jsonReply(serverMetadata(dependencies));
    case 'repository-index':
      return jsonReply(await indexOf(dependencies, own(await optionalObject(request), 'ready') === true));
    case 'load':
    case 'unload':
    case 'drain':
    case 'warm':
      await changeModel(dependencies, route.kind, model, version, await parametersOf(request), request);
      return jsonReply({});
    case 'feedback':
      return jsonReply(await answerFeedback(dependencies.feedback, await request.body()));
    case 'log-settings':
      return jsonReply(request.method === 'GET' ? logSettings(dependencies) : await updateLogSettings(dependencies, await optionalObject(request)));
    case 'trace-settings':
      return jsonReply(request.method === 'GET' ? traceSettings(plane, model || null) : updateTraceSettings(plane, model || null, await optionalObject(request)));
    // No region is ever registered: that is so, and what clients make sure of first must not fail.
    case 'shared-memory-status':
      return jsonReply([]);
    case 'shared-memory-unregister':
      return jsonReply({});
    case 'shared-memory-register':
      throw noSharedMemory();
    case 'all-statistics':
      return jsonReply(modelStatistics(plane, null, null, request));
    case 'statistics':
      return jsonReply(modelStatistics(plane, model, version, request));
    case 'metadata':
      return about(notes, modelMetadata(plane, model, version, request));
    case 'config':
      return about(notes, modelConfig(plane, model, version, request));
    case 'model-ready': {
      const ready = modelReady(plane, model, version, request);
      notes.headers['lepton-version'] = ready.version;
      return jsonReply({ name: model, ready: ready.body }, ready.body ? 200 : 503);
    }
  }
}

/** POST …/infer: JSON, or JSON and binary tensors behind it. */
async function infer(dependencies: FrontDependencies, route: Route, request: RestRequest, notes: CallNotes): Promise<RestReply> {
  const body = await request.body();
  const inference = decodeRequest(route.model, route.version, body, headerLength(request));
  inference.letGo = () => releaseBytes(body);
  const answer = await inferThroughPlane(dependencies.plane, inference, request, notes);
  const { json, binary } = encodeAnswer(inference, answer);
  if (binary.length === 0) return { status: 200, headers: { 'content-type': 'application/json' }, body: json };
  const head = Buffer.from(json);
  return { status: 200, headers: { 'content-type': 'application/octet-stream', 'inference-header-content-length': head.length }, body: [head, ...binary], onSent: answer.letGo };
}

function about(notes: CallNotes, { version, body }: { version: string; body: object }): RestReply {
  notes.headers['lepton-version'] = version;
  return jsonReply(body);
}

/** A body that may be left out. */
async function optionalObject(request: RestRequest): Promise<Readonly<Record<string, unknown>>> {
  const body = await request.body();
  return body.length > 0 ? asObject(parseJson(body.toString('utf8')), 'the request') : {};
}

/** `{"parameters": {…}}` of a load or unload. */
async function parametersOf(request: RestRequest): Promise<Readonly<Record<string, unknown>>> {
  const parameters = own(await optionalObject(request), 'parameters');
  return parameters === undefined ? {} : asObject(parameters, 'parameters');
}

function headerLength(request: RestRequest): number | null {
  const value = request.header('inference-header-content-length');
  if (value === undefined) return null;
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw new LeptonError('INVALID_ARGUMENT', `inference-header-content-length '${value.slice(0, 100)}' is not a whole number`);
}
