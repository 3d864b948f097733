import { Type } from 'typebox';
import { closed, FreeObject, nullable, Time } from './common.ts';

export const LogLevel = Type.Enum(['debug', 'info', 'warn', 'error']);
export const LogProcess = Type.Enum(['worker', 'gateway', 'control'], { description: 'Who wrote it.' });

export const LogLine = closed(
  {
    at: Time,
    level: LogLevel,
    process: LogProcess,
    service: nullable(Type.String()),
    version: nullable(Type.String()),
    replica: nullable(Type.String()),
    requestId: nullable(Type.String()),
    predictionId: nullable(Type.String()),
    message: Type.String({ description: 'As written, without secrets; may hold any character.' }),
    fields: FreeObject('The other fields of a line of JSON.'),
  },
  { title: 'LogLine' },
);

export const LogPage = closed(
  { lines: Type.Array(LogLine), complete: Type.Boolean({ description: 'false: there are, or may be, older lines that fit.' }) },
  { title: 'LogPage' },
);
