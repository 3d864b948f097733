import type { FrontDependencies } from '../../front.ts';
import { modelReady } from '../../model-info.ts';
import { type CallNotes, checkMethod, type Door, jsonReply, type RestReply, type RestRequest } from '../../rest/exchange.ts';
import { modelStatus } from '../tensorflow-serving/model-info.ts';
import { matchModelPath, type ModelPath } from '../tensorflow-serving/paths.ts';
import { createTensorflowServingDoor, predict } from '../tensorflow-serving/tensorflow-serving-door.ts';
import { asCloudEvent, openCloudEvent } from './cloud-events.ts';

/**
 * KServe's V1 protocol, which is TensorFlow Serving's with a list of models, a readiness answer and CloudEvents. Both speak
 * under /v1, so the one door serves both.
 */
export function createKserveV1Door(dependencies: FrontDependencies): Door {
  const { plane } = dependencies;
  const tensorflowServing = createTensorflowServingDoor(dependencies);
  return {
    owns: (path) => path === '/' || path === '/v1' || path.startsWith('/v1/'),
    serve: async (request, notes) => {
      if (request.path === '/') return answerGet(request, notes, () => index(dependencies));
      if (/^\/v1\/models\/?$/.test(request.path)) return answerGet(request, notes, () => ({ models: [...plane.services()].map(({ route }) => route.service) }));
      const path = matchModelPath(request.path);
      if (path.kind === 'status' && path.version === null && path.label === null) return answerGet(request, notes, () => statusOf(dependencies, path, request, notes));
      const reply = path.kind === 'predict' && request.method === 'POST' ? await predictEvent(dependencies, path, request, notes) : null;
      return reply ?? tensorflowServing.serve(request, notes);
    },
    refusal: tensorflowServing.refusal,
  };
}

/** GET /: KServe's clients look for `status`; people learn what there is. */
function index({ platformVersion }: FrontDependencies): object {
  return { status: 'alive', name: 'lepton-ai', version: platformVersion, inference: ['/v2', '/v1', '/mlflow'], management: '/api/v1', openapi: '/api/v1/openapi.json', metrics: '/metrics' };
}

/** GET /v1/models/MODEL has the fields of both protocols. */
function statusOf({ plane }: FrontDependencies, path: ModelPath, request: RestRequest, notes: CallNotes): object {
  notes.service = path.model;
  return { ...modelStatus(plane, path, request), name: path.model, ready: modelReady(plane, path.model, null, request).body };
}

async function answerGet(request: RestRequest, notes: CallNotes, answer: () => object): Promise<RestReply> {
  checkMethod(request, ['GET'], notes);
  return jsonReply(answer());
}

/** An event's data is the request and, in an event of the same mode, the answer. A refusal is plain. */
async function predictEvent({ plane }: FrontDependencies, path: ModelPath, request: RestRequest, notes: CallNotes): Promise<RestReply | null> {
  notes.service = path.model;
  notes.inference = true;
  const event = await openCloudEvent(request);
  return event && asCloudEvent(await predict(plane, path, event.data, request, notes), event.mode, path.model);
}
