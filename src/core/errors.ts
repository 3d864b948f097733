/**
 * One error class and one table. Every error that a user can meet has a code here; the table gives its
 * HTTP status, its gRPC status and one sentence for docs/reference/errors.md, which is generated from it.
 */

/** gRPC status numbers, from the gRPC specification (`statuscodes.md`). */
export const GrpcStatus = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;
export type GrpcStatusName = keyof typeof GrpcStatus;

interface ErrorKind {
  readonly http: number;
  readonly grpc: GrpcStatusName;
  /** What it means and what to do, in one sentence. */
  readonly help: string;
}

export const ERRORS = {
  INVALID_ARGUMENT: { http: 400, grpc: 'INVALID_ARGUMENT', help: 'The request is malformed; the message names the field and its value.' },
  METHOD_NOT_ALLOWED: { http: 405, grpc: 'UNIMPLEMENTED', help: 'The path exists, but not with this HTTP method; the `allow` header lists those it has.' },
  UNSUPPORTED_MEDIA_TYPE: { http: 415, grpc: 'INVALID_ARGUMENT', help: 'The body has a content type or encoding that this endpoint does not read.' },
  TOO_LARGE: { http: 413, grpc: 'RESOURCE_EXHAUSTED', help: 'The body, frame or file is over its limit; the message names the limit and the setting that raises it.' },
  ROUTE_NOT_FOUND: { http: 404, grpc: 'UNIMPLEMENTED', help: 'No such path; see /api/v1/openapi.json and the Open Inference Protocol.' },
  REPOSITORY_NOT_FOUND: { http: 404, grpc: 'NOT_FOUND', help: 'No repository has this name; list them with `lepton-ai versions`.' },
  VERSION_NOT_FOUND: { http: 404, grpc: 'NOT_FOUND', help: 'The repository or service has no such version; the message lists those it has.' },
  LABEL_NOT_FOUND: { http: 404, grpc: 'NOT_FOUND', help: 'The repository has no such label.' },
  BLOB_NOT_FOUND: { http: 404, grpc: 'NOT_FOUND', help: 'No stored file has this digest; upload it first.' },
  SERVICE_NOT_FOUND: { http: 404, grpc: 'NOT_FOUND', help: 'No service has this name; list them with `lepton-ai services`.' },
  MODEL_NOT_FOUND: { http: 404, grpc: 'NOT_FOUND', help: 'The inference API serves no model of this name; a model name is the name of a service.' },
  PLAN_NOT_FOUND: { http: 404, grpc: 'NOT_FOUND', help: 'No executed plan of the scheduler with this id is kept; list them with `lepton-ai plan --list`.' },
  REVISION_NOT_FOUND: { http: 404, grpc: 'NOT_FOUND', help: 'The service has no such revision; list them with `lepton-ai services --revisions`.' },
  ALERT_RULE_NOT_FOUND: { http: 404, grpc: 'NOT_FOUND', help: 'No alert rule has this name.' },
  REPLICA_NOT_FOUND: { http: 404, grpc: 'NOT_FOUND', help: 'No replica has this id, or its log has expired.' },
  FEEDBACK_UNKNOWN: { http: 404, grpc: 'NOT_FOUND', help: 'No answer of this platform has this prediction id; send it as it was in `lepton-prediction-id`.' },
  FEEDBACK_DUPLICATE: { http: 409, grpc: 'ALREADY_EXISTS', help: 'This prediction has other feedback already, and the first one counts.' },
  FEEDBACK_TOO_LATE: { http: 410, grpc: 'FAILED_PRECONDITION', help: 'The answer was given longer ago than feedback is taken for; `feedback.windowMs` is that time.' },
  REPOSITORY_EXISTS: { http: 409, grpc: 'ALREADY_EXISTS', help: 'A repository of this name exists already.' },
  VERSION_EXISTS: { http: 409, grpc: 'ALREADY_EXISTS', help: 'A version of this name exists with other content; versions are immutable, choose another name.' },
  IN_USE: { http: 409, grpc: 'FAILED_PRECONDITION', help: 'A service, label or child still uses it; the message names them.' },
  CONFLICT: { http: 409, grpc: 'ABORTED', help: 'Somebody else changed it meanwhile; read it again and repeat.' },
  PRECONDITION_FAILED: { http: 412, grpc: 'FAILED_PRECONDITION', help: 'The state does not allow this now; the message says which state would.' },
  BLOB_MISSING: { http: 422, grpc: 'FAILED_PRECONDITION', help: 'A manifest names files whose content was never uploaded.' },
  DIGEST_MISMATCH: { http: 422, grpc: 'INVALID_ARGUMENT', help: 'The content does not have the SHA-256 or size that was announced; send it again.' },
  MODEL_INVALID: { http: 422, grpc: 'INVALID_ARGUMENT', help: 'The artefact is not a model that can be served; the message gives the reason. Nothing was stored.' },
  MODEL_UNSAFE: { http: 422, grpc: 'FAILED_PRECONDITION', help: 'Files of the artefact would run code when they are loaded; the message names file and global. Nothing was stored. `push --allow-unsafe REASON` takes it all the same, on record.' },
  QUEUE_FULL: { http: 429, grpc: 'RESOURCE_EXHAUSTED', help: 'The queue of this version is full; try again after `retry-after` seconds.' },
  VERSION_NOT_READY: { http: 503, grpc: 'UNAVAILABLE', help: 'The version is deployed but has no ready replica; the message says why.' },
  REPLICA_FAILED: { http: 503, grpc: 'UNAVAILABLE', help: 'The replica died or hung during the request, and so did the second one that it was given to.' },
  CONTROL_UNAVAILABLE: { http: 503, grpc: 'UNAVAILABLE', help: 'The control process does not answer; inference goes on, management does not.' },
  DATABASE_UNAVAILABLE: { http: 503, grpc: 'UNAVAILABLE', help: 'The database does not answer; inference goes on, management does not. Try again after `retry-after` seconds.' },
  SHUTTING_DOWN: { http: 503, grpc: 'UNAVAILABLE', help: 'The platform is stopping and takes no new work.' },
  DEADLINE_EXCEEDED: { http: 504, grpc: 'DEADLINE_EXCEEDED', help: 'The request was not answered within its deadline.' },
  CANCELLED: { http: 499, grpc: 'CANCELLED', help: 'The client left before the answer.' },
  MODEL_ERROR: { http: 500, grpc: 'INTERNAL', help: 'The model itself failed on this input; the message is the runtime’s own.' },
  UNSUPPORTED: { http: 501, grpc: 'UNIMPLEMENTED', help: 'This build or host cannot do that; the message says what is missing.' },
  DATA_DIRECTORY_LOCKED: { http: 503, grpc: 'UNAVAILABLE', help: 'Another server uses this data directory or database; stop it or choose another.' },
  CORRUPT: { http: 500, grpc: 'DATA_LOSS', help: 'Stored data does not match its digest; run `lepton-ai fsck`.' },
  INTERNAL: { http: 500, grpc: 'INTERNAL', help: 'A fault of ours; the log has the details under the request id.' },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;

export interface LeptonErrorOptions {
  readonly cause?: unknown;
  /** Seconds after which a retry makes sense, rounded up to whole ones; becomes `retry-after`. Absent: 1 for 429 and 503, none for others. */
  readonly retryAfterSeconds?: number;
  /** More facts for machines; JSON-serialisable. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Statuses of what passes by itself. */
const PASSING: ReadonlySet<number> = new Set([429, 503]);
const RETRY_AFTER_SECONDS = 1;

/** The one error class. The message says what was wrong, with the value, and what to do. */
export class LeptonError extends Error {
  override readonly name = 'LeptonError';
  readonly code: ErrorCode;
  readonly retryAfterSeconds: number | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, message: string, options: LeptonErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    const seconds = options.retryAfterSeconds ?? (PASSING.has(ERRORS[code].http) ? RETRY_AFTER_SECONDS : undefined);
    this.retryAfterSeconds = seconds === undefined ? undefined : Math.max(1, Math.ceil(seconds));
    this.details = options.details;
  }

  get httpStatus(): number {
    return ERRORS[this.code].http;
  }

  get grpcStatus(): number {
    return GrpcStatus[ERRORS[this.code].grpc];
  }

  /** The form in which it crosses process borders. */
  toJSON(): { code: ErrorCode; error: string; details?: unknown } {
    return this.details ? { code: this.code, error: this.message, details: this.details } : { code: this.code, error: this.message };
  }
}

/** Any thrown value as a LeptonError: its own if it is one, INTERNAL with the cause otherwise. */
export function asLeptonError(thrown: unknown): LeptonError {
  if (thrown instanceof LeptonError) return thrown;
  return new LeptonError('INTERNAL', thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
}

/** Rebuilds an error that crossed a process border; unknown codes become INTERNAL. */
export function leptonErrorFromJson(value: { code?: unknown; error?: unknown }): LeptonError {
  const code = typeof value.code === 'string' && Object.hasOwn(ERRORS, value.code) ? (value.code as ErrorCode) : 'INTERNAL';
  return new LeptonError(code, typeof value.error === 'string' ? value.error : 'unknown error');
}
