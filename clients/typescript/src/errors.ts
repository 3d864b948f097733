/** Code of a server that could not be reached or broke off; every other code is the server's own (docs/reference/errors.md). */
export const SERVER_UNREACHABLE = 'SERVER_UNREACHABLE';

export interface LeptonApiErrorFacts {
  readonly code: string;
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly details?: unknown;
  /** Seconds after which the server says a retry makes sense. */
  readonly retryAfterSeconds?: number | undefined;
  readonly requestId?: string | undefined;
  readonly cause?: unknown;
}

/** The one error of this client: what the server answered, or that it did not. */
export class LeptonApiError extends Error {
  override readonly name = 'LeptonApiError';
  readonly code: string;
  readonly status: number;
  readonly details: unknown;
  readonly retryAfterSeconds: number | undefined;
  readonly requestId: string | undefined;

  constructor(message: string, facts: LeptonApiErrorFacts) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = facts.code;
    this.status = facts.status;
    this.details = facts.details;
    this.retryAfterSeconds = facts.retryAfterSeconds;
    this.requestId = facts.requestId;
  }
}

/** What an error takes from an answer: a fetch Response's own, or the like. */
interface AnswerFacts {
  readonly status: number;
  readonly header: (name: string) => string | undefined;
}

/** The error that a response with a status ≥ 400 means. `body` is its text or its parsed JSON. */
export function errorFromResponse(answer: Response | AnswerFacts, body: unknown): LeptonApiError {
  const { status } = answer;
  const header = (name: string): string | undefined => ('header' in answer ? answer.header(name) : (answer.headers.get(name) ?? undefined));
  const json = (typeof body === 'string' ? parseOrText(body) : body) as { error?: unknown; code?: unknown; details?: unknown } | string | undefined;
  const fields = typeof json === 'object' && json !== null ? json : {};
  const message = typeof fields.error === 'string' ? fields.error : `HTTP ${status}${typeof json === 'string' && json ? `: ${json.slice(0, 300)}` : ''}`;
  const retryAfter = Number(header('retry-after') ?? Number.NaN);
  return new LeptonApiError(message, {
    code: typeof fields.code === 'string' ? fields.code : `HTTP_${status}`,
    status,
    details: fields.details,
    retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : undefined,
    requestId: header('x-request-id'),
  });
}

function parseOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A `fetch` that fails with SERVER_UNREACHABLE in place of the platform's own wording; aborts pass through. */
export function reachingFetch(url: string, base: typeof fetch): typeof fetch {
  return async (input, init) => {
    try {
      return await base(input, init);
    } catch (cause) {
      if ((cause as Error).name === 'AbortError' || (cause as Error).name === 'TimeoutError') throw cause;
      throw unreachable(url, cause);
    }
  };
}

/** The error of a server that did not answer; `cause` may hold the system's own error, or wrap it as fetch does. */
export function unreachable(url: string, cause: unknown): LeptonApiError {
  const { code, message, cause: inner } = cause as { code?: string; message?: string; cause?: { code?: string; message?: string } };
  // The Fetch standard has a list of ports that no request may go to.
  const reason = inner?.message === 'bad port' ? 'HTTP clients refuse this port; let the server listen on another' : (inner?.code ?? inner?.message ?? code ?? message);
  return new LeptonApiError(`no answer from ${url} (${reason})`, { code: SERVER_UNREACHABLE, status: 0, cause });
}
