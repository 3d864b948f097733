import { asLeptonError } from '../../../core/index.ts';
import { type FrontDependencies, requestIdOf } from '../front.ts';
import { decodeMessage, encodeMessage } from './schema/index.ts';
import type { GrpcCall, UnaryHandler } from './server/index.ts';

/** From the request to the response, both as plain objects. */
export type Answer = (request: never, call: GrpcCall) => object | Promise<object>;

/** A unary method whose messages, named in full, protobufjs decodes and encodes; refusals are recorded. */
export function messageMethod({ onCall }: FrontDependencies, request: string, response: string, answer: Answer): UnaryHandler {
  return async (bytes, call) => {
    const startedAtMs = performance.now();
    const requestId = requestIdOf(call);
    call.metadata['x-request-id'] = requestId;
    try {
      return encodeMessage(response, await answer(decodeMessage<never>(request, bytes), call));
    } catch (thrown) {
      const { code, message } = asLeptonError(thrown);
      onCall({ protocol: 'grpc', requestId, service: null, version: null, predictionId: null, code, message, durationMs: performance.now() - startedAtMs });
      throw thrown;
    }
  };
}
