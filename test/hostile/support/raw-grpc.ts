import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { message } from '../../../src/testing/grpc-raw-client.ts';
import { encodeInferMessage } from '../../fuzz/protobuf.ts';
import { MODEL } from './requests.ts';

export const FrameKind = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goaway: 7, windowUpdate: 8, continuation: 9 } as const;
export const END_STREAM = 1;
export const END_HEADERS = 4;

export function http2Frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** What every connection begins with: the preface and empty settings. */
export const PREFACE = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), http2Frame(FrameKind.settings, 0, 0)]);

/** A header block of literals, without tables or Huffman codes (RFC 7541, 6.2.2). Names and values up to 126 bytes. */
export function headerBlock(headers: Readonly<Record<string, string>>): Buffer {
  return Buffer.concat(Object.entries(headers).map(([name, value]) => Buffer.concat([Buffer.of(0, name.length), Buffer.from(name), Buffer.of(value.length), Buffer.from(value)])));
}

export const callHeaders = (overrides: Readonly<Record<string, string>> = {}): Buffer =>
  headerBlock({ ':method': 'POST', ':scheme': 'http', ':path': '/inference.GRPCInferenceService/ModelInfer', ':authority': 'localhost', 'content-type': 'application/grpc', te: 'trailers', ...overrides });

/** A good ModelInfer on one stream. */
export function inferCall(stream: number): Buffer {
  const inputs = [0, 1].map((start) => Array.from({ length: 16 }, (_, index) => start + index));
  return Buffer.concat([http2Frame(FrameKind.headers, END_HEADERS, stream, callHeaders()), http2Frame(FrameKind.data, END_STREAM, stream, message(encodeInferMessage({ model: MODEL, id: 'raw', inputs, raw: true })))]);
}

export async function openSocket(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Sends a good call on a connection of its own; rejects unless its sums come back. */
export async function controlCall(port: number, timeoutMs = 10_000): Promise<void> {
  const socket = await openSocket(port);
  const sums = Buffer.from(Int32Array.from(Array.from({ length: 16 }, (_, index) => 2 * index + 1)).buffer);
  try {
    socket.write(Buffer.concat([PREFACE, inferCall(1)]));
    const signal = AbortSignal.timeout(timeoutMs);
    let received = Buffer.alloc(0);
    while (!received.includes(sums)) received = Buffer.concat([received, ...((await once(socket, 'data', { signal })) as [Buffer])]);
  } finally {
    socket.destroy();
  }
}
