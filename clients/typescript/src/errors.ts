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

/** The error that a response with a status ≥ 400 means. `body` is its text or its parsed JSON. */
export function errorFromResponse(response: Response, body: unknown): LeptonApiError {
  const json = (typeof body === 'string' ? parseOrText(body) : body) as { error?: unknown; code?: unknown; details?: unknown } | string | undefined;
  const fields = typeof json === 'object' && json !== null ? json : {};
  const message = typeof fields.error === 'string' ? fields.error : `HTTP ${response.status}${typeof json === 'string' && json ? `: ${json.slice(0, 300)}` : ''}`;
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new LeptonApiError(message, {
    code: typeof fields.code === 'string' ? fields.code : `HTTP_${response.status}`,
    status: response.status,
    details: fields.details,
    retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : undefined,
    requestId: response.headers.get('x-request-id') ?? undefined,
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
      const why = (cause as { cause?: { code?: string; message?: string } }).cause;
      throw new LeptonApiError(`no answer from ${url} (${why?.code ?? why?.message ?? (cause as Error).message})`, { code: SERVER_UNREACHABLE, status: 0, cause });
    }
  };
}
