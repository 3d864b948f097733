/** A client of raw HTTP/2 for tests: says what gRPC clients never would. */
import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2';

/** What became of a call. */
export interface Outcome {
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** The status, wherever it came. */
  readonly status: number | undefined;
  readonly message: string;
  readonly rstCode: number;
}

/** A message behind its prefix of five bytes; `length` is what the prefix says, true or not. */
export function message(bytes: Uint8Array | string, flags = 0, length?: number): Buffer {
  const body = Buffer.from(bytes as Uint8Array);
  const prefix = Buffer.alloc(5);
  prefix[0] = flags;
  prefix.writeUInt32BE((length ?? body.length) >>> 0, 1);
  return Buffer.concat([prefix, body]);
}

/** The messages of a body, as text. */
export function messages(body: Buffer): string[] {
  const found: string[] = [];
  for (let at = 0; at + 5 <= body.length; ) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    found.push(body.subarray(at + 5, end).toString());
    at = end;
  }
  return found;
}

export async function open(port: number): Promise<ClientHttp2Session> {
  const session = connect(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  await once(session, 'remoteSettings');
  return session;
}

export function begin(session: ClientHttp2Session, path: string, headers: OutgoingHttpHeaders = {}): ClientHttp2Stream {
  const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers }, { endStream: false });
  stream.on('error', () => {});
  return stream;
}

/** Rejects when the call has not ended after `patienceMs`. */
export async function outcomeOf(stream: ClientHttp2Stream, patienceMs?: number): Promise<Outcome> {
  let headers: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  const chunks: Buffer[] = [];
  stream.on('response', (received) => (headers = received));
  stream.on('trailers', (received) => (trailers = received));
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  if (!stream.destroyed) await closeOf(stream, patienceMs);
  const status = trailers['grpc-status'] ?? headers['grpc-status'];
  return {
    headers,
    trailers,
    body: Buffer.concat(chunks),
    status: status === undefined ? undefined : Number(status),
    message: decodeURIComponent(String(trailers['grpc-message'] ?? headers['grpc-message'] ?? '')),
    rstCode: stream.rstCode ?? 0,
  };
}

function closeOf(stream: ClientHttp2Stream, patienceMs: number | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = patienceMs === undefined ? undefined : setTimeout(() => reject(new Error(`a call that does not end within ${patienceMs} ms`)), patienceMs);
    stream.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** A whole call: each chunk is one write. */
export function call(session: ClientHttp2Session, path: string, chunks: readonly Uint8Array[], headers: OutgoingHttpHeaders = {}): Promise<Outcome> {
  const stream = begin(session, path, headers);
  const outcome = outcomeOf(stream);
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  return outcome;
}
