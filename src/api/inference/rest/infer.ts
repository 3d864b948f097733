import { asksForClasses, type ClassificationCall, prepareClassification } from '../classified.ts';
import type { InferenceAnswer, InferenceRequest } from '../codec/index.ts';
import type { DataPlane } from '../dispatch/index.ts';
import type { CallNotes, RestRequest } from './exchange.ts';
import { serverTiming } from './reply.ts';

/**
 * Every door's way to an answer: through the data plane, cancelled when the client leaves. Notes the version, also of a
 * failure, and the prediction id and timing of an answer.
 */
export async function inferThroughPlane(plane: DataPlane, inference: InferenceRequest, request: RestRequest, notes: CallNotes): Promise<InferenceAnswer> {
  const classes: ClassificationCall | null = asksForClasses(inference) ? await prepareClassification(plane, inference, request) : null;
  const call = plane.infer(classes?.request ?? inference, request);
  const stay = request.onLeave(() => call.cancel());
  try {
    const answer = await call.answer;
    notes.headers['lepton-prediction-id'] = answer.predictionId;
    notes.headers['server-timing'] = serverTiming(answer.timing);
    return classes ? classes.finish(answer) : answer;
  } finally {
    stay();
    if (call.version !== null) notes.headers['lepton-version'] = call.version;
  }
}
