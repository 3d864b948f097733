import { type FrontDependencies, requestIdOf } from '../front.ts';
import { serverTiming } from '../rest/index.ts';
import { encodeInferResponse } from './infer-response.ts';
import { infer, type InferenceNotes } from './inference-call.ts';
import type { UnaryHandler } from './server/index.ts';

/** ModelInfer. */
export function createUnaryInfer(dependencies: FrontDependencies): UnaryHandler {
  return async (bytes, call) => {
    const requestId = requestIdOf(call);
    const notes: InferenceNotes = { requestId, id: '', service: null, version: null, predictionId: null };
    call.metadata['x-request-id'] = requestId;
    try {
      const answer = await infer(dependencies, bytes, call, notes, (inference) => call.onCancel(() => inference.cancel()));
      call.metadata['lepton-prediction-id'] = answer.predictionId;
      call.metadata['server-timing'] = serverTiming(answer.timing);
      return encodeInferResponse(answer);
    } finally {
      if (notes.version !== null) call.metadata['lepton-version'] = notes.version;
    }
  };
}
