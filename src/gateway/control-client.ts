import { LeptonError, leptonErrorFromJson } from '../core/index.ts';
import type { ControlCalls } from './control-calls.ts';

export interface OwnCall {
  readonly method: 'GET' | 'POST' | 'PATCH';
  /** Below /internal. */
  readonly path: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** Asks control on the gateway's own behalf; resolves with the text of its answer. Rejects with control's own error, or CONTROL_UNAVAILABLE. */
export async function callControl(calls: ControlCalls, { method, path, body, headers, timeoutMs }: OwnCall): Promise<string> {
  const json = body && { 'content-type': 'application/json' };
  const answer = await calls.ask({ method, url: `/internal${path}`, headers: { ...json, ...headers }, own: true }, body ? [Buffer.from(JSON.stringify(body))] : [], timeoutMs);
  const text = Buffer.from(answer.body.buffer, answer.body.byteOffset, answer.body.byteLength).toString('utf8');
  if (answer.status < 300) return text;
  throw withRetryAfter(leptonErrorFromJson(JSON.parse(text) as object), answer.headers['retry-after']);
}

function withRetryAfter(error: LeptonError, retryAfter: string | undefined): LeptonError {
  return retryAfter === undefined ? error : new LeptonError(error.code, error.message, { retryAfterSeconds: Number(retryAfter) });
}
