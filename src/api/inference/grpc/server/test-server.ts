/** A server with methods that tests need: what they have seen is in `seen`. */
import assert from 'node:assert/strict';
import type { ClientHttp2Session } from 'node:http2';
import { after, before } from 'node:test';
import { LeptonError } from '../../../../core/index.ts';
import { call, message, messages, open } from '../../../../testing/grpc-raw-client.ts';
import { createHttp2Server, type GrpcServer, type GrpcServerLimits, type Method } from './index.ts';

const LIMITS: GrpcServerLimits = { messageBytesMax: 200_000, headerBytesMax: 8192, connectionsMax: 20, stallTimeoutMs: 1500, idleTimeoutMs: 60_000 };
/** Calls cancelled, messages taken, and what lets waiting calls go on. */
export const seen = { cancels: 0, taken: 0, release: Promise.withResolvers<void>() };

const METHODS = new Map<string, Method>([
  ['/t.T/Echo', { unary: (bytes) => bytes }],
  ['/t.T/Big', { unary: (bytes) => [Buffer.alloc(100_000, 'a'), bytes, Buffer.alloc(3_000_000, 'b')] }],
  ['/t.T/Headers', { unary: (_, { header }) => Buffer.from(String(header)) }],
  ['/t.T/Deadline', { unary: (_, call) => Buffer.from(String(call.timeoutMs)) }],
  ['/t.T/Metadata', { unary: async (bytes, call) => {
    call.metadata['x-version'] = 'v1';
    if (bytes.length) throw new LeptonError('QUEUE_FULL', bytes.toString(), { retryAfterSeconds: 1.5 });
    return bytes;
  } }],
  ['/t.T/Wait', { unary: async (bytes, call) => {
    call.onCancel(() => seen.cancels++);
    await seen.release.promise;
    return bytes;
  } }],
  ['/t.T/Fault', { unary: () => { throw new TypeError('a fault'); } }],
  ['/t.T/Stream', { stream: async (stream) => {
    stream.onCancel(() => seen.cancels++);
    for await (const bytes of stream.messages) {
      seen.taken++;
      await stream.write(bytes);
      if (bytes.toString() === 'fail') throw new LeptonError('MODEL_NOT_FOUND', 'no such model');
    }
  } }],
  ['/t.T/WaitStream', { stream: async (stream) => {
    stream.onCancel(() => seen.cancels++);
    for await (const _ of stream.messages) await seen.release.promise;
  } }],
  ['/t.T/Flood', { stream: async (stream) => {
    stream.onCancel(() => seen.cancels++);
    for await (const _ of stream.messages) {
      seen.taken++;
      await stream.write(Buffer.alloc(50_000));
    }
  } }],
]);

export async function startServer(overrides: Partial<GrpcServerLimits> = {}): Promise<{ server: GrpcServer; port: number }> {
  const server = createHttp2Server(METHODS, { ...LIMITS, ...overrides });
  return { server, port: await server.listen({ host: '127.0.0.1', port: 0 }) };
}

let server: GrpcServer;
/** Of the server that all tests of a file share, and a connection to it. */
export let port: number;
export let session: ClientHttp2Session;

/** Starts and ends that server. */
export function shareServer(): void {
  before(async () => {
    ({ server, port } = await startServer());
    session = await open(port);
  });
  after(() => {
    session.destroy();
    server.destroy();
  });
}

/** The shared connection still serves. */
export async function stillServes(): Promise<void> {
  const { body, status } = await call(session, '/t.T/Echo', [message('still')]);
  assert.deepEqual([messages(body), status], [['still'], 0]);
}
