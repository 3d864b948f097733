import { asLeptonError } from '../../../core/index.ts';
import { asksForClasses, prepareClassification } from '../classified.ts';
import type { InferenceAnswer } from '../codec/index.ts';
import type { InferenceCall } from '../dispatch/index.ts';
import type { FrontDependencies } from '../front.ts';
import { decodeInferRequest, identityOf } from './infer-request.ts';
import type { GrpcCall } from './server/index.ts';

/** What becomes known of an inference on its way; an answer or a failure tells it on. */
export interface InferenceNotes {
  readonly requestId: string;
  /** The client's own id. */
  id: string;
  service: string | null;
  version: string | null;
  /** Of an answer. */
  predictionId: string | null;
}

/** One ModelInferRequest through the data plane; recorded whatever becomes of it. Rejects with LeptonErrors. */
export async function infer(dependencies: FrontDependencies, bytes: Buffer, call: GrpcCall, notes: InferenceNotes, onStart: (inference: InferenceCall) => void): Promise<InferenceAnswer> {
  const startedAtMs = performance.now();
  let inference: InferenceCall | null = null;
  try {
    const request = decodeInferRequest(bytes);
    notes.id = request.id;
    notes.service = request.model;
    const classes = asksForClasses(request) ? await prepareClassification(dependencies.plane, request, call) : null;
    inference = dependencies.plane.infer(classes?.request ?? request, call);
    onStart(inference);
    const answer = await inference.answer;
    notes.version = answer.version;
    notes.predictionId = answer.predictionId;
    const reply = classes ? classes.finish(answer) : answer;
    record(dependencies, notes, startedAtMs, 'OK', '');
    return reply;
  } catch (thrown) {
    const failure = asLeptonError(thrown);
    if (notes.service === null) ({ model: notes.service, id: notes.id } = identityOf(bytes));
    notes.version = inference?.version ?? null;
    record(dependencies, notes, startedAtMs, failure.code, failure.message);
    throw failure;
  }
}

function record({ onCall }: FrontDependencies, { requestId, service, version, predictionId }: InferenceNotes, startedAtMs: number, code: Parameters<FrontDependencies['onCall']>[0]['code'], message: string): void {
  onCall({ protocol: 'grpc', requestId, service, version, predictionId, code, message, durationMs: performance.now() - startedAtMs });
}
