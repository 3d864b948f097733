import type { IncomingMessage, ServerResponse } from 'node:http';
import { LeptonError } from '../../../core/index.ts';
import { decodeRequest, encodeAnswer, type InferenceAnswer, type InferenceRequest } from '../codec/index.ts';
import type { CallContext, InferenceCall } from '../dispatch/index.ts';
import type { FrontDependencies } from '../front.ts';
import { readBody } from './body.ts';
import { compress, type ReplyHeaders, sendBytes, serverTiming } from './reply.ts';
import type { Route } from './router.ts';

/** POST …/infer: read, decode, hand to the data plane, encode. `headers` collects what an error's answer carries too. */
export async function handleInfer(dependencies: FrontDependencies, route: Route, message: IncomingMessage, response: ServerResponse, context: CallContext, headers: ReplyHeaders): Promise<void> {
  const body = await readBody(message, dependencies.limits);
  const request = decodeRequest(route.model, route.version, body, headerLength(message));
  const call = dependencies.plane.infer(request, context);
  const answer = await untilClientLeaves(call, response, headers);
  headers['lepton-prediction-id'] = answer.predictionId;
  headers['server-timing'] = serverTiming(answer.timing);
  await send(response, request, answer, message.headers['accept-encoding'], headers);
}

async function untilClientLeaves(call: InferenceCall, response: ServerResponse, headers: ReplyHeaders): Promise<InferenceAnswer> {
  const leave = (): void => call.cancel();
  response.once('close', leave);
  try {
    return await call.answer;
  } finally {
    response.off('close', leave);
    if (call.version !== null) headers['lepton-version'] = call.version;
  }
}

function headerLength(message: IncomingMessage): number | null {
  const value = message.headers['inference-header-content-length'];
  if (value === undefined) return null;
  if (typeof value === 'string' && /^\d{1,15}$/.test(value)) return Number(value);
  throw new LeptonError('INVALID_ARGUMENT', `inference-header-content-length '${String(value).slice(0, 100)}' is not a whole number`);
}

function send(response: ServerResponse, request: InferenceRequest, answer: InferenceAnswer, accepted: string | undefined, headers: ReplyHeaders): Promise<void> | void {
  const { json, binary } = encodeAnswer(request, answer);
  if (binary.length === 0) {
    headers['content-type'] = 'application/json';
    if (accepted === undefined) return sendBytes(response, 200, headers, json);
    return compress(accepted, Buffer.from(json), headers).then((body) => sendBytes(response, 200, headers, body));
  }
  const head = Buffer.from(json);
  headers['content-type'] = 'application/octet-stream';
  headers['inference-header-content-length'] = head.length;
  return compress(accepted, Buffer.concat([head, ...binary]), headers).then((body) => sendBytes(response, 200, headers, body));
}
