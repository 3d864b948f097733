import { randomUUID } from 'node:crypto';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { asLeptonError } from '../../../core/index.ts';
import type { CallContext, InferenceCall } from '../dispatch/index.ts';
import type { FrontDependencies } from '../front.ts';
import { contextOf } from './call-context.ts';
import { decodeInferRequest, inferResponse } from './infer-codec.ts';
import { encodePrepared } from './messages.ts';

/** Requests of one stream that may be under way before reading pauses. */
const UNDER_WAY_MAX = 64;

/** ModelStreamInfer: answers in the order of the requests; an error is a message of the stream, not its end. */
export function serveStream(dependencies: FrontDependencies, stream: ServerDuplexStream<Buffer, Buffer>): void {
  const underWay = new Set<InferenceCall>();
  let last: Promise<void> = Promise.resolve();
  let count = 0;
  const context = contextOf(stream.metadata, stream.getDeadline());
  stream.on('cancelled', () => {
    for (const call of underWay) call.cancel();
  });
  stream.on('error', () => {});
  stream.on('data', (bytes: Buffer) => {
    if (++count >= UNDER_WAY_MAX) stream.pause();
    const reply = inferOnce(dependencies, bytes, context, underWay);
    last = last.then(async () => {
      const message = await reply;
      if (!stream.cancelled) stream.write(message);
      if (count-- === UNDER_WAY_MAX) stream.resume();
    });
  });
  stream.on('end', () => void last.then(() => stream.end()));
}

async function inferOnce(dependencies: FrontDependencies, bytes: Buffer, context: CallContext, underWay: Set<InferenceCall>): Promise<Buffer> {
  const startedAtMs = performance.now();
  const record = { protocol: 'grpc' as const, requestId: randomUUID(), service: null as string | null, version: null as string | null, durationMs: 0 };
  let call: InferenceCall | null = null;
  try {
    const request = decodeInferRequest(bytes);
    record.service = request.model;
    call = dependencies.plane.infer(request, context);
    underWay.add(call);
    const answer = await call.answer;
    dependencies.onCall({ ...record, version: answer.version, code: 'OK', message: '', durationMs: performance.now() - startedAtMs });
    return encodePrepared('ModelStreamInferResponse', { infer_response: inferResponse(answer) });
  } catch (thrown) {
    const error = asLeptonError(thrown);
    dependencies.onCall({ ...record, version: call?.version ?? null, code: error.code, message: error.message, durationMs: performance.now() - startedAtMs });
    return encodePrepared('ModelStreamInferResponse', { error_message: error.message });
  } finally {
    if (call) underWay.delete(call);
  }
}
