import { Type } from 'typebox';
import { closed, Name, nullable, Strings, Time } from './common.ts';
import { HostIsolation } from './isolation.ts';

export const PlatformStatus = closed(
  {
    platformVersion: Type.String(),
    startedAt: Time,
    uptimeSeconds: Type.Number(),
    httpUrl: nullable(Type.String()),
    grpcAddress: nullable(Type.String()),
    dataDirectory: Type.String(),
    database: Type.Enum(['sqlite', 'postgres']),
    isolation: HostIsolation,
    counts: closed({ repositories: Type.Integer(), versions: Type.Integer(), services: Type.Integer(), replicasReady: Type.Integer(), replicasFailed: Type.Integer() }),
  },
  { title: 'PlatformStatus' },
);

export const Severity = Type.Enum(['info', 'warning', 'error']);
export const PlatformEvent = closed(
  {
    id: Type.Integer({ description: 'Increasing; for paging and following.' }),
    at: Time,
    severity: Severity,
    reason: Type.String({ description: 'CamelCase, stable, for machines.' }),
    message: Type.String(),
    actor: Type.String({ description: 'A user, or `engine`.' }),
    repository: nullable(Type.String()),
    service: nullable(Type.String()),
    version: nullable(Type.String()),
    replica: nullable(Type.String()),
    before: nullable(Type.String()),
    after: nullable(Type.String()),
  },
  { title: 'Event' },
);

export const ImportRequest = closed(
  { directory: Type.String({ minLength: 1, maxLength: 4096, description: 'Absolute path of a Triton-style directory NAME/VERSION/model.onnx **on the server**.' }), deploy: Type.Optional(Type.Boolean({ description: 'Also make a service for each model. Default true.' })) },
  { title: 'ImportRequest' },
);
export const ImportReport = closed(
  {
    models: Type.Array(
      closed({
        name: Name,
        versions: Type.Array(closed({ version: Type.String(), outcome: Type.Enum(['created', 'unchanged', 'failed']), message: Type.String() })),
        service: nullable(Type.String(), 'The service that was made or extended.'),
      }),
    ),
    problems: Strings('What could not be imported, one text for each cause; the rest was.'),
    warnings: Strings('What was imported, but is not served as its files say.'),
  },
  { title: 'ImportReport' },
);
