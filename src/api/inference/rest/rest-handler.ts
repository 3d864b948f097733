import { asLeptonError, type LeptonError } from '../../../core/index.ts';
import { type FrontDependencies, requestIdOf } from '../front.ts';
import { compressReply } from './compression.ts';
import { type Answerer, type CallNotes, refusalReply, type RestReply, type RestRequest } from './exchange.ts';

/** Answers a request through a door. Never rejects: what goes wrong becomes a reply in the door's own form. */
export type RestHandler = (door: Answerer, request: RestRequest) => Promise<RestReply>;

/** What all doors have in common: request ids, refusals, compression, and the record of a call. */
export function createRestHandler(dependencies: FrontDependencies): RestHandler {
  return async (door, request) => {
    const startedAtMs = performance.now();
    const requestId = requestIdOf(request);
    const notes: CallNotes = { headers: { 'x-request-id': requestId }, service: null, inference: false };
    let failure: LeptonError | null = null;
    let reply: RestReply;
    try {
      reply = await door.serve(request, notes);
      if (!door.verbatim) reply = await compressReply(reply, request.header('accept-encoding'));
    } catch (thrown) {
      failure = asLeptonError(thrown);
      reply = refusalReply(failure, door.refusal(failure));
    }
    if (notes.inference || failure) {
      dependencies.onCall({
        protocol: 'http',
        requestId,
        service: notes.service,
        version: (notes.headers['lepton-version'] as string | undefined) ?? null,
        predictionId: (notes.headers['lepton-prediction-id'] as string | undefined) ?? null,
        code: failure?.code ?? 'OK',
        message: failure?.message ?? '',
        durationMs: performance.now() - startedAtMs,
      });
    }
    return { status: reply.status, headers: Object.assign(notes.headers, reply.headers), body: reply.body, onSent: reply.onSent };
  };
}
