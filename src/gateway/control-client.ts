import { request } from 'node:http';
import { LeptonError, leptonErrorFromJson } from '../core/index.ts';

const ANSWER_BYTES_MAX = 16 * 2 ** 20;

export interface ControlCall {
  readonly method: 'GET' | 'POST' | 'PATCH';
  /** Below /internal. */
  readonly path: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** Asks control over its socket; resolves with the JSON of its answer. Rejects with control's own error, or CONTROL_UNAVAILABLE. */
export function callControl(socketPath: string, { method, path, body, headers, timeoutMs }: ControlCall): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const json = body && { 'content-type': 'application/json' };
  const call = request({ socketPath, path: `/internal${path}`, method, agent: false, headers: { ...json, ...headers } }, async (answer) => {
    try {
      const text = await textOf(answer);
      if (answer.statusCode === 204) return resolve(undefined);
      const value = JSON.parse(text) as { code?: unknown; error?: unknown };
      if (answer.statusCode === 200) resolve(value);
      else reject(withRetryAfter(leptonErrorFromJson(value), answer.headers['retry-after']));
    } catch (cause) {
      reject(controlUnavailable(cause));
    }
  });
  const timer = setTimeout(() => call.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  call.on('error', (cause) => reject(controlUnavailable(cause)));
  call.end(body && JSON.stringify(body));
  return promise.finally(() => clearTimeout(timer));
}

async function textOf(answer: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer) {
    bytes += chunk.length;
    if (bytes > ANSWER_BYTES_MAX) throw new Error(`an answer of more than ${ANSWER_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function withRetryAfter(error: LeptonError, retryAfter: string | undefined): LeptonError {
  return retryAfter === undefined ? error : new LeptonError(error.code, error.message, { retryAfterSeconds: Number(retryAfter) });
}

/** Control is away. */
export function controlUnavailable(cause: unknown): LeptonError {
  return new LeptonError('CONTROL_UNAVAILABLE', 'the control process does not answer; inference goes on, management does not', { cause, retryAfterSeconds: 1 });
}
