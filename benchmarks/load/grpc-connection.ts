import { type ClientHttp2Session, connect } from 'node:http2';
import { ANSWER_TIMEOUT_MS, type Done, type LoadConnection, NO_BODY } from './connection.ts';

const PREFIX_BYTES = 5;

/** Unary gRPC calls, one at a time, on an HTTP/2 connection of its own, as a client with its own channel makes them. */
export class GrpcConnection implements LoadConnection {
  readonly #authority: string;
  readonly #headers: Readonly<Record<string, string>>;
  #session: ClientHttp2Session | undefined;

  constructor(port: number, method: string) {
    this.#authority = `http://127.0.0.1:${port}`;
    this.#headers = { ':method': 'POST', ':path': method, 'content-type': 'application/grpc', te: 'trailers' };
  }

  send(request: Uint8Array, done: Done): void {
    this.#session ??= this.#connect();
    const stream = this.#session.request(this.#headers, { endStream: false });
    const chunks: Buffer[] = [];
    let status: string | undefined;
    let told = false;
    const finish = (fault: string | undefined, body: Buffer): void => {
      if (told) return;
      told = true;
      done(fault, body);
    };
    const readStatus = (headers: Record<string, unknown>): void => {
      const code = headers['grpc-status'];
      if (code !== undefined) status = code === '0' ? '' : `gRPC ${String(code)}: ${decodeURIComponent(String(headers['grpc-message'] ?? '')).slice(0, 120)}`;
    };
    stream.on('response', readStatus);
    stream.on('trailers', readStatus);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => finish(status === undefined ? 'no grpc-status' : status || undefined, (chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)).subarray(PREFIX_BYTES)));
    stream.on('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message, NO_BODY));
    stream.on('close', () => finish(`stream closed (${stream.rstCode})`, NO_BODY));
    stream.setTimeout(ANSWER_TIMEOUT_MS, () => stream.close());
    stream.end(request);
  }

  close(): void {
    this.#session?.destroy();
    this.#session = undefined;
  }

  #connect(): ClientHttp2Session {
    const session = connect(this.#authority);
    const forget = (): void => {
      if (this.#session === session) this.#session = undefined;
    };
    session.on('error', forget).on('close', forget).on('goaway', forget);
    return session;
  }
}
