/** The gRPC port under clients that break off, break HTTP/2 or speak something else. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { callHeaders, controlCall, END_HEADERS, END_STREAM, FrameKind, headerBlock, http2Frame, inferCall, openSocket, PREFACE } from './support/raw-grpc.ts';
import { Serving } from './support/serving.ts';

let serving: Serving;
before(async () => {
  serving = await Serving.start({ requestReceiveTimeoutMs: 2000 });
});
after(() => serving.close());

const RESET = Buffer.from([0, 0, 0, 8]);

/** Sends the bytes and waits until the server closes, or for a moment. */
async function send(bytes: Uint8Array, listenMs = 50): Promise<void> {
  const socket = await openSocket(serving.grpcPort);
  socket.resume().write(bytes);
  await Promise.race([once(socket, 'close'), wait(listenMs)]);
  socket.destroy();
}

async function unharmed(): Promise<void> {
  await controlCall(serving.grpcPort);
  await serving.unharmed();
}

test('a call in one write is answered', () => controlCall(serving.grpcPort));

for (const [what, headers] of [
  ['a call', callHeaders()],
  ['GET', headerBlock({ ':method': 'GET', ':scheme': 'http', ':path': '/', ':authority': 'localhost' })],
  ['another content type', callHeaders({ 'content-type': 'text/html' })],
  ['an unknown method', callHeaders({ ':path': '/nothing' })],
  ['a bad time-out', callHeaders({ 'grpc-timeout': 'soon' })],
] as const) {
  test(`reset by the frame behind its headers: ${what}`, async () => {
    const frames = Array.from({ length: 30 }, (_, index) => [http2Frame(FrameKind.headers, END_HEADERS | (index % 2 ? END_STREAM : 0), 2 * index + 1, headers), http2Frame(FrameKind.reset, 0, 2 * index + 1, RESET)]).flat();
    await send(Buffer.concat([PREFACE, ...frames]));
    await unharmed();
  });
}

test('a call that ends at any byte', async () => {
  const bytes = Buffer.concat([PREFACE, inferCall(1)]);
  let next = 0;
  await Promise.all(Array.from({ length: 30 }, async () => {
    for (let at = next++; at < bytes.length; at = next++) {
      const socket = await openSocket(serving.grpcPort);
      socket.resume().write(bytes.subarray(0, at));
      await new Promise(setImmediate);
      if (at % 3 === 0) socket.end();
      else if (at % 3 === 1) socket.resetAndDestroy();
      else socket.destroy();
      if (at % 3 === 0) await Promise.race([once(socket, 'close'), wait(20)]);
      socket.destroy();
    }
  }));
  await serving.quiet();
  await unharmed();
});

test('frames that HTTP/2 forbids end their connection, and no other', async () => {
  const forbidden: readonly Buffer[] = [
    http2Frame(FrameKind.data, 0, 0, Buffer.alloc(10)),
    http2Frame(FrameKind.data, 0, 7, Buffer.alloc(10)),
    http2Frame(FrameKind.headers, END_HEADERS, 0, callHeaders()),
    http2Frame(FrameKind.headers, END_HEADERS, 2, callHeaders()),
    http2Frame(FrameKind.headers, END_HEADERS, 1, Buffer.from('ffffffffff', 'hex')),
    http2Frame(FrameKind.headers, 0, 1, callHeaders()),
    http2Frame(FrameKind.continuation, END_HEADERS, 1, callHeaders()),
    http2Frame(FrameKind.settings, 0, 0, Buffer.alloc(5)),
    http2Frame(FrameKind.settings, 1, 0, Buffer.alloc(6)),
    http2Frame(FrameKind.settings, 0, 0, Buffer.from('000400000000', 'hex')),
    http2Frame(FrameKind.settings, 0, 0, Buffer.from('0004ffffffff', 'hex')),
    http2Frame(FrameKind.ping, 0, 0, Buffer.alloc(7)),
    http2Frame(FrameKind.windowUpdate, 0, 0, Buffer.alloc(4)),
    http2Frame(FrameKind.windowUpdate, 0, 0, Buffer.from('7fffffff', 'hex')),
    http2Frame(FrameKind.goaway, 0, 0, Buffer.alloc(8)),
    http2Frame(FrameKind.reset, 0, 9, RESET),
    http2Frame(255, 255, 1, Buffer.alloc(100)),
    Buffer.concat([Buffer.from('ffffff', 'hex'), http2Frame(FrameKind.data, 0, 1).subarray(3)]),
    Buffer.concat([inferCall(1), inferCall(1)]),
    Buffer.concat([inferCall(5), inferCall(3)]),
    Buffer.concat([http2Frame(FrameKind.headers, END_HEADERS, 1, headerBlock({ ':method': 'POST' })), http2Frame(FrameKind.data, END_STREAM, 1)]),
    Buffer.concat([http2Frame(FrameKind.headers, END_HEADERS, 1, headerBlock({ 'Content-Type': 'application/grpc', connection: 'close', ':path': '/' })), http2Frame(FrameKind.data, END_STREAM, 1)]),
  ];
  await Promise.all(forbidden.map((frame) => send(Buffer.concat([PREFACE, frame, frame]))));
  await unharmed();
});

test('header blocks without end, and floods of small frames', async () => {
  const continued = Array.from({ length: 500 }, () => http2Frame(FrameKind.continuation, 0, 1, headerBlock({ 'x-a': 'b'.repeat(100) })));
  await send(Buffer.concat([PREFACE, http2Frame(FrameKind.headers, 0, 1, callHeaders()), ...continued]), 200);
  for (const frame of [http2Frame(FrameKind.ping, 0, 0, Buffer.alloc(8)), http2Frame(FrameKind.settings, 0, 0), http2Frame(FrameKind.data, 0, 1), http2Frame(FrameKind.windowUpdate, 0, 0, Buffer.from('00000001', 'hex'))]) {
    await send(Buffer.concat([PREFACE, http2Frame(FrameKind.headers, END_HEADERS, 1, callHeaders()), ...Array(10_000).fill(frame)]), 300);
  }
  await unharmed();
});

test('other protocols on this port, and this one on the port of HTTP/1.1', async () => {
  for (const text of ['GET / HTTP/1.1\r\nhost: localhost\r\n\r\n', '\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03', '{}\n', '\0'.repeat(100)]) await send(Buffer.from(text, 'latin1'));
  const client = await serving.open();
  const [answer] = await client.send(Buffer.concat([PREFACE, inferCall(1)])).ended();
  assert.equal(answer?.status, 400);
  await unharmed();
});
