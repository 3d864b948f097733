import { isAbsolute } from 'node:path';
import { Type } from 'typebox';
import { LeptonError } from '../../../core/index.ts';
import { listOf, operation, type Operation } from '../operation.ts';
import { followEvents } from '../event-stream.ts';
import { answerPatiently } from '../patient-answer.ts';
import { closed, Name } from '../schemas/common.ts';
import { ImportReport, ImportRequest, PlatformEvent, PlatformStatus, Severity } from '../schemas/platform.ts';
import { FsckReport, GcReport, GcRequest } from '../schemas/repository.ts';
import { Replica } from '../schemas/service.ts';
import type { ManagementDependencies } from '../types.ts';

async function counts({ repository, engine }: ManagementDependencies) {
  const [stored, services] = await Promise.all([repository.count(), engine.listServices()]);
  const replicas = services.flatMap((service) => service.versions).flatMap((version) => version.replicas);
  return {
    ...stored,
    services: services.length,
    replicasReady: replicas.filter(({ phase }) => phase === 'ready').length,
    replicasFailed: replicas.filter(({ phase }) => phase === 'failed').length,
  };
}

export const platformOperations: readonly Operation[] = [
  operation({
    method: 'GET', path: '/status', id: 'getStatus', tag: 'platform', summary: 'The platform’s version, addresses and counts.', errors: [], response: PlatformStatus,
    handle: async ({ dependencies }) => {
      const facts = dependencies.status();
      return { ...facts, uptimeSeconds: Math.max(0, (Date.now() - Date.parse(facts.startedAt)) / 1000), counts: await counts(dependencies) };
    },
  }),
  operation({
    method: 'GET', path: '/replicas', id: 'listReplicas', tag: 'replicas', summary: 'List the replicas that have a log, newest first.', errors: [],
    query: closed({ service: Type.Optional(Name), version: Type.Optional(Name) }), response: listOf(Replica),
    handle: ({ dependencies, query }) => dependencies.engine.listReplicas(query),
  }),
  operation({
    method: 'GET', path: '/events', id: 'listEvents', tag: 'events', summary: 'Events, oldest first.',
    description: 'Without `after`: the newest ones. With `accept: text/event-stream` the answer goes on with each new event (server-sent events; `last-event-id` continues).',
    errors: [], contentTypesOut: ['text/event-stream'],
    query: closed({
      after: Type.Optional(Type.Integer({ minimum: 0, description: 'Only events with a greater id.' })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'Default 100.' })),
      service: Type.Optional(Name),
      repository: Type.Optional(Name),
      severity: Type.Optional(Type.Enum(Severity.enum, { description: 'This one and the graver ones.' })),
    }),
    response: listOf(PlatformEvent),
    handle: async ({ dependencies, query, request, reply }) => {
      if (request.headers.accept?.includes('text/event-stream')) return followEvents(dependencies.events, query, request, reply) as never;
      return dependencies.events.list({ limit: 100, ...query });
    },
  }),
];

async function collectAll({ repository, environments }: ManagementDependencies, options: { dryRun?: boolean; graceMs?: number }) {
  const files = await repository.gc(options);
  return { ...files, ...(await environments.gc(await repository.requiredEnvironments(), options)) };
}

export const maintenanceOperations: readonly Operation[] = [
  operation({
    method: 'POST', path: '/gc', id: 'collectGarbage', tag: 'maintenance', summary: 'Remove files and Python environments that no version needs.', errors: [], body: GcRequest, response: GcReport,
    handle: ({ dependencies, body, reply }) => answerPatiently(reply, collectAll(dependencies, body)) as never,
  }),
  operation({
    method: 'POST', path: '/fsck', id: 'checkIntegrity', tag: 'maintenance', summary: 'Read everything back and compare digests.', errors: [], body: closed({}), response: FsckReport,
    handle: ({ dependencies, reply }) => answerPatiently(reply, dependencies.repository.fsck()) as never,
  }),
  operation({
    method: 'POST', path: '/import', id: 'importDirectory', tag: 'maintenance', summary: 'Import a Triton-style directory of the server’s own file system.',
    description: 'NAME/VERSION/model.onnx, with or without config.pbtxt. The same directory again changes nothing.', errors: ['PRECONDITION_FAILED'], body: ImportRequest, response: ImportReport,
    handle: ({ dependencies, body, actor, reply }) => {
      if (!isAbsolute(body.directory)) throw new LeptonError('INVALID_ARGUMENT', `directory ${JSON.stringify(body.directory)} must be an absolute path on the server`);
      return answerPatiently(reply, dependencies.importDirectory(body.directory, { deploy: body.deploy ?? true, by: actor })) as never;
    },
  }),
];
