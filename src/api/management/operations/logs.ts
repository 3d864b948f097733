import { Type } from 'typebox';
import { LeptonError } from '../../../core/index.ts';
import { followLogs } from '../log-stream.ts';
import { operation, type Operation } from '../operation.ts';
import { closed, Name } from '../schemas/common.ts';
import { LogLevel, LogPage, LogProcess } from '../schemas/logs.ts';
import { ReplicaLog } from '../schemas/service.ts';

const LOG_TAIL_BYTES_MAX = 4 * 2 ** 20;
const LOG_TAIL_BYTES_DEFAULT = 64 * 1024;
const TAIL_DEFAULT = 100;
const Id = Type.String({ minLength: 1, maxLength: 256 });
const Instant = (description: string) => Type.Optional(Type.String({ maxLength: 64, description: `${description} ISO 8601, for example 2026-01-31T12:00:00Z.` }));

export const logOperations: readonly Operation[] = [
  operation({
    method: 'GET', path: '/logs', id: 'queryLogs', tag: 'logs', summary: 'Lines of all logs (control, gateways, replicas), oldest first.',
    description: 'The newest `tail` lines that fit all conditions; `to` pages back. Secrets are taken out before anything is compared. With `accept: text/event-stream` the answer goes on with each new line (event `line`; `skipped` where a log grew too fast to be sent whole).',
    errors: [], contentTypesOut: ['text/event-stream'],
    query: closed({
      service: Type.Optional(Name),
      version: Type.Optional(Name),
      replica: Type.Optional(Id),
      process: Type.Optional(LogProcess),
      level: Type.Optional(Type.Enum(LogLevel.enum, { description: 'This one and the graver ones.' })),
      search: Type.Optional(Type.String({ minLength: 1, maxLength: 256, description: 'Text that a line contains; case does not matter.' })),
      requestId: Type.Optional(Id),
      predictionId: Type.Optional(Id),
      from: Instant('No older lines.'),
      to: Instant('No later lines.'),
      tail: Type.Optional(Type.Integer({ minimum: 0, maximum: 5000, description: 'Default 100.' })),
    }),
    response: LogPage,
    handle: async ({ dependencies: { logs }, query: { from, to, tail = TAIL_DEFAULT, ...filter }, request, reply }) => {
      const query = { ...filter, tail, fromMs: instant('from', from), toMs: instant('to', to) };
      if (request.headers.accept?.includes('text/event-stream')) return followLogs(logs, query, request, reply) as never;
      return logs.query(query);
    },
  }),
  operation({
    method: 'GET', path: '/replicas/{replica}/log', id: 'getReplicaLog', tag: 'replicas', summary: 'The last lines that a replica wrote.', errors: ['REPLICA_NOT_FOUND'],
    params: closed({ replica: Id }),
    query: closed({ tailBytes: Type.Optional(Type.Integer({ minimum: 1, maximum: LOG_TAIL_BYTES_MAX, description: 'Default 65536.' })) }), response: ReplicaLog,
    handle: async ({ dependencies: { engine, logs }, params, query }) => {
      const text = await engine.replicaLog(params.replica, { tailBytes: query.tailBytes ?? LOG_TAIL_BYTES_DEFAULT });
      return { replica: params.replica, text: text.split('\n').map(logs.redact).join('\n') };
    },
  }),
];

function instant(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(time)) return time;
  throw new LeptonError('INVALID_ARGUMENT', `${name} is ${JSON.stringify(text)}, not a time such as 2026-01-31T12:00:00Z`);
}
