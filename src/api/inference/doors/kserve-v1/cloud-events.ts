import { randomUUID } from 'node:crypto';
import { LeptonError } from '../../../../core/index.ts';
import { asObject, asString, type JsonObject, own } from '../../codec/parse-json.ts';
import type { RestReply, RestRequest } from '../../rest/exchange.ts';
import { parseBody } from '../json/parse.ts';

/** CloudEvents 1.0 over HTTP: attributes as headers and the data as the body, or all of it as one JSON object. */
export type EventMode = 'binary' | 'structured';

const STRUCTURED = 'application/cloudevents+json';
const REQUIRED = ['specversion', 'id', 'source', 'type'] as const;

/** An event's mode and its data; null if the request is none. Throws INVALID_ARGUMENT, UNSUPPORTED_MEDIA_TYPE. */
export async function openCloudEvent(request: RestRequest): Promise<{ mode: EventMode; data: JsonObject } | null> {
  const contentType = (request.header('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (contentType === STRUCTURED) return { mode: 'structured', data: structuredData(parseBody(await request.body())) };
  if (contentType.startsWith('application/cloudevents')) throw new LeptonError('UNSUPPORTED_MEDIA_TYPE', `content-type '${contentType.slice(0, 100)}' is not read; send one event as ${STRUCTURED}, or its attributes as ce- headers`);
  if (request.header('ce-specversion') === undefined && request.header('ce-id') === undefined) return null;
  checkAttributes((name) => request.header(`ce-${name}`), 'the header ce-');
  return { mode: 'binary', data: parseBody(await request.body()) };
}

/** Wraps a reply. KServe's own servers name source and type like this. */
export function asCloudEvent(reply: RestReply, mode: EventMode, model: string): RestReply {
  const attributes = { specversion: '1.0', id: randomUUID(), source: `io.kserve.inference.${model}`, type: 'io.kserve.inference.response', time: new Date().toISOString() };
  if (mode === 'binary') return { ...reply, headers: { ...reply.headers, ...Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, value])) } };
  const head = JSON.stringify({ ...attributes, datacontenttype: 'application/json' }).slice(0, -1);
  return { ...reply, headers: { ...reply.headers, 'content-type': STRUCTURED }, body: `${head},"data":${reply.body as string}}` };
}

function structuredData(event: JsonObject): JsonObject {
  checkAttributes((name) => own(event, name), 'the attribute ');
  const base64 = own(event, 'data_base64');
  if (base64 !== undefined) return parseBody(Buffer.from(asString(base64, 'data_base64'), 'base64'));
  const data = own(event, 'data');
  if (data === undefined) throw new LeptonError('INVALID_ARGUMENT', 'the event has no data');
  return asObject(data, "the event's data");
}

function checkAttributes(attribute: (name: string) => unknown, field: string): void {
  for (const name of REQUIRED) {
    if (typeof attribute(name) !== 'string' || attribute(name) === '') throw new LeptonError('INVALID_ARGUMENT', `the event is no CloudEvent: ${field}${name} is missing`);
  }
  if (attribute('specversion') !== '1.0') throw new LeptonError('INVALID_ARGUMENT', `${field}specversion is '${String(attribute('specversion')).slice(0, 100)}', not '1.0'`);
}
