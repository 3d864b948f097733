import assert from 'node:assert/strict';
import { once } from 'node:events';
import { constants } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { GrpcStatus } from '../../../../core/index.ts';
import { until } from '../../../../testing/until.ts';
import { begin, call, message, messages, open, outcomeOf } from '../../../../testing/grpc-raw-client.ts';
import { port, seen, session, shareServer, startServer, stillServes } from './test-server.ts';

shareServer();

describe('connections', () => {
  test('one that opens and resets calls without end is cut off (CVE-2023-44487), a burst is borne', async () => {
    const frame = (type: number, flags: number, stream: number, payload: readonly number[]): number[] => [0, 0, payload.length, type, flags, ...u32(stream), ...payload];
    const u32 = (value: number): number[] => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
    const text = (value: string): number[] => [value.length, ...Buffer.from(value)];
    // :method POST, :scheme http, :authority, :path, content-type; static indexes of HPACK, nothing indexed.
    const head = [0x83, 0x86, 0x01, ...text('x'), 0x04, ...text('/t.T/Wait'), 0x0f, 0x10, ...text('application/grpc')];
    const resets = (from: number, count: number): Buffer => Buffer.from(Array.from({ length: count }, (_, index) => [...frame(1, 4, (from + index) * 2 + 1, head), ...frame(3, 0, (from + index) * 2 + 1, u32(8))]).flat());
    const socket = connectSocket(port, '127.0.0.1');
    let closed = false;
    socket.on('error', () => {});
    socket.on('close', () => (closed = true));
    socket.resume();
    socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), Buffer.from(frame(4, 0, 0, []))]));
    socket.write(resets(0, 5000));
    await sleep(700);
    assert.equal(closed, false);
    await stillServes();
    socket.write(resets(5000, 40_000));
    await until('cut off', () => closed);
    await stillServes();
  });

  test('what is not HTTP/2 is told so', async () => {
    for (const bytes of ['GET / HTTP/1.1\r\nhost: x\r\n\r\n', '\x16\x03\x01\x02\x00', 'PRI * HTTP/1.0\r\n\r\n']) {
      const socket = connectSocket(port, '127.0.0.1');
      const chunks: Buffer[] = [];
      socket.on('data', (chunk: Buffer) => chunks.push(chunk));
      socket.write(bytes, 'latin1');
      await once(socket, 'close');
      assert.match(Buffer.concat(chunks).toString(), /^HTTP\/1.1 400 [^]*speaks gRPC/);
    }
    const half = connectSocket(port, '127.0.0.1');
    half.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    half.write(Buffer.from('this is no frame, but some bytes'));
    half.resume();
    await once(half, 'close');
    await stillServes();
  });

  test('a preface in pieces is one', async () => {
    const socket = connectSocket(port, '127.0.0.1');
    await once(socket, 'connect');
    const preface = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])]);
    for (const byte of preface) {
      socket.write(Buffer.of(byte));
      await sleep(1);
    }
    const [answer] = (await once(socket, 'data')) as [Buffer];
    assert.equal(answer[3], 4, 'a SETTINGS frame');
    socket.destroy();
  });

  test('one that never speaks is closed', async () => {
    const socket = connectSocket(port, '127.0.0.1');
    socket.resume();
    await once(socket, 'close');
  });

  test('headers over the limit end their call only', async () => {
    const outcome = await call(session, '/t.T/Echo', [message('a')], { 'x-long': 'l'.repeat(20_000) });
    assert.notEqual(outcome.status, 0);
    await stillServes();
  });

  test('pings are answered; floods of them end their connection only', async () => {
    const other = await open(port);
    for (let sent = 0; sent < 20; sent++) await new Promise<void>((resolve, reject) => other.ping((error) => (error ? reject(error) : resolve())));
    assert.equal((await call(other, '/t.T/Echo', [message('a')])).status, 0);
    other.destroy();
    for (const [type, payload] of [[6, 8], [4, 0]] as const) {
      const flood = connectSocket(port, '127.0.0.1');
      flood.on('error', () => {});
      flood.resume();
      flood.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
      flood.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
      const frame = Buffer.concat([Buffer.from([0, 0, payload, type, 0, 0, 0, 0, 0]), Buffer.alloc(payload)]);
      const closed = once(flood, 'close');
      flood.write(Buffer.concat(Array(20_000).fill(frame)));
      await closed;
    }
    await stillServes();
  });

  test('more connections than allowed are closed, and let in again later', async () => {
    const { server: small, port: smallPort } = await startServer({ connectionsMax: 2 });
    const kept = [await open(smallPort), await open(smallPort)];
    const third = connectSocket(smallPort, '127.0.0.1');
    third.on('error', () => {});
    third.resume();
    await once(third, 'close');
    assert.equal((await call(kept[0]!, '/t.T/Echo', [message('a')])).status, 0);
    kept[1]?.destroy();
    await sleep(50);
    const later = await open(smallPort);
    assert.equal((await call(later, '/t.T/Echo', [message('a')])).status, 0);
    small.destroy();
  });

  test('more calls at once than allowed are refused or wait, and none is lost', async () => {
    seen.release = Promise.withResolvers();
    const other = await open(port);
    assert.equal(other.remoteSettings.maxConcurrentStreams, 1024);
    const waiting = Array.from({ length: 1500 }, () => call(other, '/t.T/Wait', [message('a')]));
    await sleep(100);
    seen.release.resolve();
    for (const { status } of await Promise.all(waiting)) assert.equal(status, 0);
    other.destroy();
  });

  test('an idle one is asked to leave', async () => {
    const { server: impatient, port: impatientPort } = await startServer({ idleTimeoutMs: 300 });
    const idle = await open(impatientPort);
    assert.equal((await call(idle, '/t.T/Echo', [message('a')])).status, 0);
    const [code] = (await once(idle, 'goaway')) as [number];
    assert.equal(code, constants.NGHTTP2_NO_ERROR);
    if (!idle.destroyed) await once(idle, 'close');
    impatient.destroy();
  });
});

describe('shutdown', () => {
  test('asks clients to leave, finishes calls, ends streams, then closes', async () => {
    seen.release = Promise.withResolvers();
    const { server: leaving, port: leavingPort } = await startServer();
    const client = await open(leavingPort);
    const unary = call(client, '/t.T/Wait', [message('kept')]);
    const stream = begin(client, '/t.T/Stream');
    const streamed = outcomeOf(stream);
    stream.write(message('a'));
    await once(stream, 'data');
    const goaway = once(client, 'goaway');
    let closed = false;
    const shutdown = leaving.shutdown().then(() => (closed = true));
    await goaway;
    const { status, message: text } = await streamed;
    assert.deepEqual([status, closed], [GrpcStatus.UNAVAILABLE, false]);
    assert.match(text, /stopping/);
    await assert.rejects(open(leavingPort).then(() => { throw new Error('connected'); }, async (error) => { throw error; }));
    seen.release.resolve();
    assert.deepEqual(messages((await unary).body), ['kept']);
    await shutdown;
  });

  test('destroy cuts what is left', async () => {
    seen.release = Promise.withResolvers();
    const { server: dying, port: dyingPort } = await startServer();
    const client = await open(dyingPort);
    const unary = call(client, '/t.T/Wait', [message('lost')]);
    await sleep(50);
    const shutdown = dying.shutdown();
    dying.destroy();
    assert.equal((await unary).status, undefined);
    await shutdown;
    seen.release.resolve();
  });
});
