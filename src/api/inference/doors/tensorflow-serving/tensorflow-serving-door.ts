import { LeptonError } from '../../../../core/index.ts';
import type { JsonObject } from '../../codec/parse-json.ts';
import type { DataPlane } from '../../dispatch/index.ts';
import type { FrontDependencies } from '../../front.ts';
import { type CallNotes, checkMethod, type Door, jsonReply, type RestReply, type RestRequest } from '../../rest/exchange.ts';
import { inferBySignature, type Target } from '../infer-by-signature.ts';
import { parseBody } from '../json/parse.ts';
import { modelMetadata, modelStatus } from './model-info.ts';
import { matchModelPath, type ModelPath } from './paths.ts';
import { readPredictRequest } from './predict.ts';

/** TensorFlow Serving's REST API: /v1/models/MODEL[/versions/VERSION|/labels/LABEL], its metadata and `:predict`. */
export function createTensorflowServingDoor(dependencies: FrontDependencies): Door {
  return {
    owns: (path) => path.startsWith('/v1/models/'),
    serve: async (request, notes) => {
      const path = matchModelPath(request.path);
      notes.service = path.model;
      notes.inference = path.kind === 'predict';
      checkMethod(request, [path.method], notes);
      return answer(dependencies, path, request, notes);
    },
    refusal: ({ message }) => ({ error: message }),
  };
}

async function answer({ plane }: FrontDependencies, path: ModelPath, request: RestRequest, notes: CallNotes): Promise<RestReply> {
  switch (path.kind) {
    case 'predict':
      // Its content type says nothing: the examples that everybody copies send JSON as a form.
      return predict(plane, path, parseBody(await request.body()), request, notes);
    case 'status':
      return jsonReply(modelStatus(plane, path, request));
    case 'metadata': {
      const { version, body } = modelMetadata(plane, path, request);
      notes.headers['lepton-version'] = version;
      return jsonReply(body);
    }
    case 'classify':
    case 'regress':
      throw new LeptonError('UNSUPPORTED', `:${path.kind} reads tf.Example records, which no version here takes; send the model's own inputs to :predict`);
    case 'explain':
      throw new LeptonError('UNSUPPORTED', `:explain asks for an explainer, which service '${path.model.slice(0, 200)}' does not have; :predict gives the model's own answer`);
  }
}

/** Answers a predict request that has been parsed. */
export async function predict(plane: DataPlane, target: Target, body: JsonObject, request: RestRequest, notes: CallNotes): Promise<RestReply> {
  const { decode, encode } = readPredictRequest(body);
  const answer = await inferBySignature(plane, target, decode, request, notes);
  return { status: 200, headers: { 'content-type': 'application/json' }, body: encode(answer) };
}
