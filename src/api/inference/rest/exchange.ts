import { LeptonError } from '../../../core/index.ts';
import type { PlainHead } from './plain/plain-head.ts';

/** Lower-case names. */
export type ReplyHeaders = Record<string, string | number>;

/** One HTTP request, whichever server has read it. */
export interface RestRequest {
  readonly method: string;
  /** Still percent-encoded, without the query. */
  readonly path: string;
  /** What follows `?`; '' if nothing. */
  readonly query: string;
  /** By lower-case name. */
  header(name: string): string | undefined;
  /** All of them, for who passes them on. */
  headers(): Iterable<readonly [name: string, value: string]>;
  /**
   * The whole body, its content-encoding undone. Rejects with TOO_LARGE, DEADLINE_EXCEEDED, INVALID_ARGUMENT (not what its
   * encoding says), UNSUPPORTED_MEDIA_TYPE or CANCELLED (the client left).
   */
  body(): Promise<Buffer>;
  /** Calls back once if the client leaves before the reply has been sent. Returns what takes that back. */
  onLeave(callback: () => void): () => void;
}

export interface RestReply {
  readonly status: number;
  /** Besides those collected in the call's notes. */
  readonly headers: ReplyHeaders;
  /** Text, or parts that are sent one after the other. */
  readonly body: string | readonly Uint8Array[];
  /** Called when the body has been sent and is read no more; not always. */
  readonly onSent?: (() => void) | undefined;
}

/** What a call collects on its way, for its answer (also when it fails), the log and the counters. */
export interface CallNotes {
  readonly headers: ReplyHeaders;
  /** The service that it is about, once known. */
  service: string | null;
  /** An inference is recorded also when it succeeds; questions only when they fail. */
  inference: boolean;
}

/** What answers requests, in a form of its own. */
export interface Answerer {
  /** Its replies are another program's and go out as they are. */
  readonly verbatim?: boolean;
  /** Rejects with LeptonErrors only for what is wrong with the request; sets `notes.headers.allow` before METHOD_NOT_ALLOWED. */
  serve(request: RestRequest, notes: CallNotes): Promise<RestReply>;
  /** The JSON body of a refusal, in this protocol's own form. */
  refusal(error: LeptonError): object;
}

/** One HTTP protocol that clients may speak: its paths, its bodies and the form of its refusals. */
export interface Door extends Answerer {
  /** Whether a path belongs to this protocol, known to it or not. */
  owns(path: string): boolean;
}

/** Answers plain requests that are for none of the protocols. */
export interface PassingDoor extends Answerer {
  takes(head: PlainHead): boolean;
}

/** A body's parts, text as UTF-8. */
export function partsOf(body: RestReply['body']): readonly Uint8Array[] {
  return typeof body === 'string' ? [Buffer.from(body)] : body;
}

/** A refusal: the error's status unless HTTP has a better one, and when to try again. */
export function refusalReply(error: LeptonError, body: object, status: number = error.httpStatus): RestReply {
  return jsonReply(body, status, error.retryAfterSeconds === undefined ? {} : { 'retry-after': error.retryAfterSeconds });
}

/** Throws METHOD_NOT_ALLOWED, having noted what is allowed. */
export function checkMethod({ method }: RestRequest, allowed: readonly string[], notes: CallNotes): void {
  if (allowed.includes(method)) return;
  const names = allowed.join(', ');
  notes.headers.allow = names;
  throw new LeptonError('METHOD_NOT_ALLOWED', `${method} is not possible here, only ${names}`);
}

/** A part of a path without its percent-encoding; throws INVALID_ARGUMENT if it is none. */
export function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw new LeptonError('INVALID_ARGUMENT', `'${part.slice(0, 100)}' in the path is not valid percent-encoding`, { cause });
  }
}

/** A reply of JSON. */
export function jsonReply(value: unknown, status = 200, headers: ReplyHeaders = {}): RestReply {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) };
}
