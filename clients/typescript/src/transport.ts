import { reachingFetch, unreachable } from './errors.ts';

/** A whole answer. */
export interface Answer {
  readonly status: number;
  /** By lower-case name. */
  readonly header: (name: string) => string | undefined;
  readonly bytes: Uint8Array;
}
export interface TransportRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: readonly Uint8Array[];
  readonly signal?: AbortSignal | undefined;
}
/** Sends a request to a path of one server. Rejects with SERVER_UNREACHABLE, or with the signal's reason. */
export type Transport = (method: 'GET' | 'POST', path: string, request: TransportRequest) => Promise<Answer>;

/** Over fetch. */
export function fetchTransport(url: string, base: typeof fetch): Transport {
  const send = reachingFetch(url, base);
  return async (method, path, { headers, body, signal }) => {
    const response = await send(url + path, { method, headers, body: body ? joined(body) : null, signal: signal ?? null });
    return { status: response.status, header: (name) => response.headers.get(name) ?? undefined, bytes: new Uint8Array(await response.arrayBuffer()) };
  };
}

/** Over Node's own client, with connections that stay open. */
export function nodeTransport(url: string): Transport {
  const secure = url.startsWith('https:');
  const client = secure ? import('node:https') : import('node:http');
  const agent = client.then(({ Agent }) => new Agent({ keepAlive: true }));
  return async (method, path, { headers, body, signal }) => {
    const { request } = await client;
    const connections = await agent;
    const bytes = body && joined(body);
    const lengthHeader = bytes ? { 'content-length': String(bytes.byteLength) } : {};
    const attempt = (mayRepeat: boolean): Promise<Answer> =>
      new Promise((resolve, reject) => {
        const outgoing = request(url + path, { method, agent: connections, headers: { ...headers, ...lengthHeader }, ...(signal ? { signal } : {}) }, (incoming) => {
          const chunks: Uint8Array[] = [];
          incoming.on('data', (chunk: Uint8Array) => chunks.push(chunk));
          incoming.on('error', fail);
          incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, header: (name) => one(incoming.headers[name]), bytes: joined(chunks) }));
        });
        const fail = (error: Error & { code?: string }): void => {
          if (signal?.aborted) return reject(signal.reason as Error);
          // The server may close a kept connection in the moment of its reuse; inference may be asked twice.
          if (mayRepeat && outgoing.reusedSocket && error.code === 'ECONNRESET') return resolve(attempt(false));
          reject(unreachable(url, error));
        };
        outgoing.on('error', fail);
        outgoing.end(bytes);
      });
    return attempt(true);
  };
}

const one = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value.join(', ') : value);

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}
