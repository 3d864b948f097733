import { once } from 'node:events';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { begin, message as grpcMessage, outcomeOf } from '../../src/testing/grpc-raw-client.ts';
import { http2Frame, PREFACE } from '../hostile/support/raw-grpc.ts';
import { MODEL } from '../hostile/support/requests.ts';
import { mutateBytes } from './mutate.ts';
import { encodeInferMessage, encodeNameMessage } from './protobuf.ts';
import type { Random } from './random.ts';
import { type FuzzTarget, PATIENCE_MS } from './target.ts';

const UNKNOWN = 2;
const INTERNAL = 13;
const METHODS = ['ServerLive', 'ServerReady', 'ServerMetadata', 'ModelReady', 'ModelMetadata', 'ModelConfig', 'ModelStatistics', 'RepositoryIndex', 'ModelInfer', 'ModelStreamInfer', 'RepositoryModelLoad', 'RepositoryModelUnload', 'TraceSetting', 'LogSettings', 'SystemSharedMemoryStatus', 'NoSuchMethod'];
/** Calls on one connection before the next is opened. */
const CALLS_MAX = 50;
const LISTEN_MS = 50;

/** The gRPC port: changed messages in good calls, changed framing of messages, changed bytes of HTTP/2 itself. */
export function createGrpcTarget(port: () => number): FuzzTarget {
  let session: ClientHttp2Session | null = null;
  let calls = 0;
  const current = async (): Promise<ClientHttp2Session> => {
    if (session && !session.closed && !session.destroyed && calls++ < CALLS_MAX) return session;
    session?.close();
    calls = 0;
    const opened = connectHttp2(`http://127.0.0.1:${port()}`);
    opened.on('error', () => {});
    session = opened;
    await once(opened, 'connect');
    return opened;
  };
  return {
    name: 'grpc',
    attack: async (random) => (random.chance(0.25) ? attackHttp2(random, port()) : attackCall(random, await current())),
    close: async () => session?.destroy(),
  };
}

async function attackCall(random: Random, session: ClientHttp2Session): Promise<void> {
  const method = random.chance(0.6) ? 'ModelInfer' : random.pick(METHODS);
  const message = /Infer/.test(method) ? encodeInferMessage({ model: MODEL, id: 'fuzz', inputs: [0, 1].map(() => Array.from({ length: 16 }, () => random.below(1000))), raw: random.chance(0.5) }) : encodeNameMessage(MODEL);
  const changed = random.chance(0.9) ? mutateBytes(random, message) : message;
  const framed = random.chance(0.85);
  const bytes = framed ? grpcMessage(changed) : random.chance(0.5) ? grpcMessage(changed, random.below(3), changed.length + random.below(40) - 20) : mutateBytes(random, grpcMessage(changed));
  const stream = begin(session, `/inference.GRPCInferenceService/${method}`, { ...(random.chance(0.1) && { 'grpc-timeout': random.pick(['1m', '0n', '-1S', 'x', '99999999H', '100m']) }), ...(random.chance(0.05) && { 'grpc-encoding': random.pick(['gzip', 'x']) }) });
  const ended = outcomeOf(stream, PATIENCE_MS);
  if (random.chance(0.8)) stream.end(bytes);
  else {
    stream.write(bytes);
    if (random.chance(0.5)) setImmediate(() => stream.close());
    else stream.end();
  }
  const { status, message: reason } = await ended;
  // What is framed well and means nothing is the caller's fault.
  if (framed && (status === INTERNAL || status === UNKNOWN)) throw new Error(`${method} ends with status ${status} (${reason}) for ${changed.toString('hex').slice(0, 600)}`);
}

/** Frames of HTTP/2 that are wrong in their sizes, types, flags, streams or compression of headers. */
async function attackHttp2(random: Random, port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {}).resume();
  const settings = http2Frame(4, 0, 0, Buffer.alloc(0));
  const some = [settings, http2Frame(1, 5, 1, Buffer.from('838684418aa0e41d139d09b8f01e07', 'hex')), http2Frame(0, 1, 1, grpcMessage(Buffer.alloc(3))), http2Frame(6, 0, 0, Buffer.alloc(8)), http2Frame(3, 0, 1, Buffer.alloc(4)), http2Frame(8, 0, 0, Buffer.from('7fffffff', 'hex')), http2Frame(9, 0, 1, random.bytes(20)), http2Frame(2, 0, 3, Buffer.alloc(5)), http2Frame(7, 0, 0, Buffer.alloc(8)), http2Frame(random.below(256), random.below(256), random.below(5), random.bytes(random.below(40)))];
  const frames = Buffer.concat(Array.from({ length: 1 + random.below(10) }, () => random.pick(some)));
  try {
    socket.write(random.chance(0.2) ? mutateBytes(random, Buffer.concat([PREFACE, frames])) : Buffer.concat([PREFACE, random.chance(0.7) ? mutateBytes(random, frames) : frames]));
    await Promise.race([new Promise((resolve) => socket.once('close', resolve)), new Promise((resolve) => setTimeout(resolve, LISTEN_MS))]);
  } finally {
    if (random.chance(0.5)) socket.resetAndDestroy();
    else socket.destroy();
  }
}
