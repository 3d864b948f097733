import type { InferenceAnswer, InferenceRequest } from '../codec/index.ts';
import type { DataPlane } from '../dispatch/index.ts';
import type { CallNotes, RestRequest } from './exchange.ts';
import { serverTiming } from './reply.ts';

/**
 * Every door's way to an answer: through the data plane, cancelled when the client leaves. Notes the version, also of a
 * failure, and the prediction id and timing of an answer.
 */
export async function inferThroughPlane(plane: DataPlane, inference: InferenceRequest, request: RestRequest, notes: CallNotes): Promise<InferenceAnswer> {
  const call = plane.infer(inference, request);
  const stay = request.onLeave(() => call.cancel());
  try {
    const answer = await call.answer;
    notes.headers['lepton-prediction-id'] = answer.predictionId;
    notes.headers['server-timing'] = serverTiming(answer.timing);
    return answer;
  } finally {
    stay();
    if (call.version !== null) notes.headers['lepton-version'] = call.version;
  }
}
