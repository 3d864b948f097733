import type { TObject, TSchema } from 'typebox';
import { ERRORS, type ErrorCode } from '../../core/index.ts';
import type { Operation } from './operation.ts';
import { ErrorBody } from './schemas/common.ts';

type Json = Record<string, unknown>;

const TAGS: Readonly<Record<Operation['tag'], string>> = {
  platform: 'What runs.',
  repositories: 'Models, their versions and labels.',
  blobs: 'Files by SHA-256, stored once.',
  services: 'What clients call: deployments and traffic.',
  replicas: 'Running copies and their logs.',
  scheduler: 'Who gets the machine, and why.',
  environments: 'Pythons of this host’s versions.',
  events: 'Every change of state with its reason.',
  logs: 'What control, gateways and replicas wrote.',
  alerts: 'Rules on metrics of versions, and what they say.',
  capture: 'Sampled requests and answers, and their drift.',
  feedback: 'What was said of answers, by version.',
  metrics: 'What every version did, over time.',
  maintenance: 'Garbage collection, integrity, import.',
};

/** Describes the operations as an OpenAPI 3.1 document, from the very schemas that check the requests. */
export function openApiDocument(operations: readonly Operation[], platformVersion: string): Json {
  const components = new Map<string, Json>();
  const paths: Record<string, Json> = {};
  for (const operation of operations) {
    const path = `/api/v1${operation.path.replace('*}', '}')}`;
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: describeOperation(operation, components) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Lepton AI management API',
      version: platformVersion,
      description: 'Model versions, labels, services, traffic. Inference is the Open Inference Protocol under /v2. The header `lepton-user` names who makes a change.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: { schemas: Object.fromEntries([...components].sort(([a], [b]) => (a < b ? -1 : 1))) },
  };
}

function describeOperation(operation: Operation, components: Map<string, Json>): Json {
  const body = requestBody(operation, components);
  return {
    operationId: operation.id,
    summary: operation.summary,
    ...(operation.description ? { description: operation.description } : {}),
    tags: [operation.tag],
    parameters: [...parameters('path', operation.params, components), ...parameters('query', operation.query, components)],
    ...(body ? { requestBody: body } : {}),
    responses: { [operation.status ?? 200]: success(operation, components), ...failures(operation.errors, components) },
  };
}

function parameters(place: 'path' | 'query', schema: TObject | undefined, components: Map<string, Json>): Json[] {
  const required = new Set((schema?.required as string[] | undefined) ?? []);
  return Object.entries(schema?.properties ?? {}).map(([name, property]) => {
    const { description, ...rest } = hoist(property as TSchema, components) as Json;
    return { name, in: place, required: place === 'path' || required.has(name), ...(description ? { description } : {}), schema: rest };
  });
}

function requestBody(operation: Operation, components: Map<string, Json>): Json | undefined {
  if (operation.bytesIn) return { required: true, content: { 'application/octet-stream': { schema: { type: 'string', contentMediaType: 'application/octet-stream' } } } };
  if (!operation.body) return undefined;
  return { required: true, content: { 'application/json': { schema: hoist(operation.body, components) } } };
}

function success(operation: Operation, components: Map<string, Json>): Json {
  const content: Json = {};
  if (operation.response) content['application/json'] = { schema: hoist(operation.response, components) };
  for (const type of operation.contentTypesOut ?? []) content[type] = { schema: { type: 'string' } };
  return { description: 'Success.', ...(Object.keys(content).length ? { content } : {}) };
}

/** Error responses by status; each lists the codes that it may carry. */
function failures(codes: readonly ErrorCode[], components: Map<string, Json>): Json {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set<ErrorCode>(['INVALID_ARGUMENT', ...codes, 'INTERNAL'])) byStatus.set(ERRORS[code].http, [...(byStatus.get(ERRORS[code].http) ?? []), code]);
  const content = { 'application/json': { schema: hoist(ErrorBody, components) } };
  return Object.fromEntries([...byStatus].map(([status, those]) => [status, { description: those.map((code) => `${code}: ${ERRORS[code].help}`).join(' '), content }]));
}

/** A plain copy of a schema in which each titled schema is a reference to a component of that name. */
function hoist(schema: unknown, components: Map<string, Json>): unknown {
  if (Array.isArray(schema)) return schema.map((item) => hoist(item, components));
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy: Json = {};
  for (const [key, value] of Object.entries(schema)) if (!key.startsWith('~')) copy[key] = hoist(value, components);
  // TypeBox leaves the type of an enumeration out; generators of clients want it.
  if (Array.isArray(copy.enum) && copy.enum.every((value) => typeof value === 'string')) copy.type = 'string';
  if (typeof copy.title !== 'string') return copy;
  const { title, ...rest } = copy;
  components.set(title as string, rest);
  return { $ref: `#/components/schemas/${title}` };
}
