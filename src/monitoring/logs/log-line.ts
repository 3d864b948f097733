import { isSecretName, type Redact } from '../../core/index.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One file of lines, and whose they are. */
export interface LogSource {
  /** The replica's id; `gateway` or `control`. */
  readonly id: string;
  readonly file: string;
  readonly process: 'worker' | 'gateway' | 'control';
  /** Of a worker; null for the others, whose lines say for themselves what they are about. */
  readonly service: string | null;
  readonly version: string | null;
}

/** One line of a log with what is known of it, secrets taken out. */
export interface LogLine {
  /** ISO 8601, UTC: the line's own time if it has a credible one, else when it was first seen. */
  readonly at: string;
  readonly level: LogLevel;
  readonly process: LogSource['process'];
  readonly service: string | null;
  readonly version: string | null;
  readonly replica: string | null;
  readonly requestId: string | null;
  readonly predictionId: string | null;
  readonly message: string;
  /** The other fields of a line of JSON. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Longer lines are cut; at the cut stands `…`. */
const LINE_CHARACTERS_MAX = 8192;
const FIELDS_MAX = 32;
const FIELD_CHARACTERS_MAX = 2048;
/** A time that a line claims counts if it is no further from when it was written. */
const OWN_TIME_SLACK_MS = 10_000;
const ISO_START = /^\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?)\]?\s/;

/** When a line was written: between two looks at its log. */
export interface WrittenAt {
  readonly afterMs: number;
  readonly untilMs: number;
}

/** A line as written; null: a blank one. */
export function parseLogLine(written: string, source: LogSource, { afterMs, untilMs }: WrittenAt, redact: Redact): LogLine | null {
  const text = written.length > LINE_CHARACTERS_MAX ? `${written.slice(0, LINE_CHARACTERS_MAX)}…` : written;
  if (text.trim() === '') return null;
  const record = text.startsWith('{') ? recordOf(text) : null;
  const start = record ? null : ISO_START.exec(text);
  const claimed = record ? timeOf(record.time ?? record.timestamp ?? record.ts) : Date.parse(start?.[1]?.replace(',', '.') ?? '');
  const credible = claimed >= afterMs - OWN_TIME_SLACK_MS && claimed <= untilMs + OWN_TIME_SLACK_MS;
  const known = { at: new Date(credible ? claimed : untilMs).toISOString(), process: source.process };
  return record ? ofRecord(record, source, known, redact) : { ...known, level: levelOfText(text), ...whose(source, {}), requestId: null, predictionId: null, message: redact(credible && start ? text.slice(start[0].length) : text), fields: {} };
}

/** Fields with places of their own in a line. */
const PLACED: ReadonlySet<string> = new Set(['level', 'levelname', 'severity', 'time', 'timestamp', 'ts', 'msg', 'message', 'service', 'version', 'replica', 'requestId', 'request_id', 'predictionId', 'prediction_id', 'pid', 'process', 'hostname']);

function ofRecord(record: Record<string, unknown>, source: LogSource, known: Pick<LogLine, 'at' | 'process'>, redact: Redact): LogLine {
  const message = record.msg ?? record.message;
  const others = Object.entries(record).filter(([name]) => !PLACED.has(name)).slice(0, FIELDS_MAX);
  return {
    ...known,
    level: levelOf(record.level ?? record.levelname ?? record.severity),
    ...whose(source, record),
    requestId: shortText(record.requestId ?? record.request_id),
    predictionId: shortText(record.predictionId ?? record.prediction_id),
    message: redact(typeof message === 'string' ? message : message === undefined ? '' : JSON.stringify(message)),
    fields: Object.fromEntries(others.map(([name, value]) => [redact(name.slice(0, 128)), cleanField(name, value, redact)])),
  };
}

/** A worker can't speak for another: what it says of itself counts only where the source doesn't know. */
function whose(source: LogSource, record: Record<string, unknown>): Pick<LogLine, 'service' | 'version' | 'replica'> {
  if (source.process === 'worker') return { service: source.service, version: source.version, replica: source.id };
  return { service: shortText(record.service), version: shortText(record.version), replica: shortText(record.replica) };
}

function recordOf(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** Milliseconds of a number (seconds where it is small) or a date; NaN for none. */
function timeOf(value: unknown): number {
  if (typeof value === 'number') return value < 1e11 ? value * 1000 : value;
  return typeof value === 'string' ? Date.parse(value) : Number.NaN;
}

const shortText = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value.slice(0, 256) : null);

function cleanField(name: string, value: unknown, redact: Redact): unknown {
  if (value === null || typeof value === 'boolean') return value;
  if (isSecretName(name)) return '[redacted]';
  if (typeof value === 'number') return value;
  const text = redact(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
  return text.length > FIELD_CHARACTERS_MAX ? `${text.slice(0, FIELD_CHARACTERS_MAX)}…` : text;
}

/** Pino's numbers, or a name. */
function levelOf(value: unknown): LogLevel {
  if (typeof value === 'number') return value >= 50 ? 'error' : value >= 40 ? 'warn' : value >= 30 ? 'info' : 'debug';
  if (typeof value !== 'string') return 'info';
  if (/^(error|fatal|crit|alert|emerg|panic)/i.test(value)) return 'error';
  if (/^warn/i.test(value)) return 'warn';
  return /^(debug|trace|verbose|notset)/i.test(value) ? 'debug' : 'info';
}

/** How loggers mark their lines: the word near the start, onnxruntime's `[E:`, a Python traceback's first and last line. */
function levelOfText(text: string): LogLevel {
  const start = text.slice(0, 120);
  if (/^Traceback |^\w[\w.]*(?:Error|Exception)\b|\[E:|\b(?:ERROR|FATAL|CRITICAL|PANIC)\b|(?:^|\s)(?:error|fatal|crashed):/.test(start)) return 'error';
  if (/\[W:|\bWARN(?:ING)?\b|\w*Warning:|(?:^|\s)warning:/.test(start)) return 'warn';
  return /\[[VD]:|\b(?:DEBUG|TRACE)\b/.test(start) ? 'debug' : 'info';
}
