import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { dial, type Frame, FrameConnection, FrameType } from './index.ts';

describe('frame connection', () => {
  let directory: string;
  let server: Server;
  let path: string;
  const sockets = new Set<Socket>();
  let accept: (connection: FrameConnection, socket: Socket) => void;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lepton-wire-'));
    path = join(directory, 'test.sock');
    server = createServer((socket) => {
      sockets.add(socket);
      accept(new FrameConnection(socket, { frameBytesMax: 10_000 }), socket);
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await new Promise((resolve) => server.close(resolve));
    await rm(directory, { recursive: true });
  });

  /** A peer that answers hello and then echoes every frame. */
  const echo = (connection: FrameConnection): void =>
    connection.handle({
      onFrame: (frame) => (frame.type === FrameType.hello ? connection.send(FrameType.helloAnswer, 0, { pid: 1, instance: 'echo', startedAt: '' }) : connection.send(frame.type, frame.id, frame.header, [frame.body])),
      onClose: () => undefined,
    });
  const closed = (connection: FrameConnection): Promise<Error | undefined> => new Promise((resolve) => connection.handle({ onFrame: () => undefined, onClose: resolve }));

  it('carries headers and bodies both ways, in order', async () => {
    accept = echo;
    const { connection, answer } = await dial(path, { role: 'gateway', token: 't' }, 5_000);
    assert.equal(answer.instance, 'echo');
    const frames: Frame[] = [];
    const all = new Promise<void>((resolve) => connection.handle({ onFrame: (frame) => frames.push(frame) === 50 && resolve(), onClose: () => undefined }));
    for (let id = 1; id <= 50; id++) connection.send(FrameType.infer, id, { id }, [Buffer.of(id), Buffer.of(id, id)]);
    await all;
    assert.deepEqual(frames.map((frame) => [frame.id, frame.header, [...frame.body]]), Array.from({ length: 50 }, (_, index) => [index + 1, { id: index + 1 }, [index + 1, index + 1, index + 1]]));
    connection.destroy();
  });

  it('keeps frames that arrive before anybody handles them', async () => {
    accept = (connection) => {
      echo(connection);
      connection.send(FrameType.helloAnswer, 0, {});
      connection.send(FrameType.status, 0, { phase: 'loading' });
    };
    const { connection } = await dial(path, { role: 'control', token: 't' }, 5_000);
    const first = await new Promise<Frame>((resolve) => connection.handle({ onFrame: resolve, onClose: () => undefined }));
    assert.deepEqual(first.header, { phase: 'loading' });
    connection.destroy();
  });

  it('closes on garbage and on a frame over its limit, and says why', async () => {
    for (const [bytes, code] of [[Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n'), 'TOO_LARGE'], [Buffer.from([12, 0, 0, 0, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), 'INVALID_ARGUMENT']] as const) {
      const ended = new Promise<Error | undefined>((resolve) => (accept = (connection) => void closed(connection).then(resolve)));
      const client = createConnection(path);
      const clientClosed = new Promise((resolve) => client.once('close', resolve).resume().on('error', () => undefined));
      client.write(bytes);
      assert.equal(((await ended) as { code?: string } | undefined)?.code, code);
      await clientClosed;
    }
  });

  it('refuses to dial a peer that never answers, in time', async () => {
    accept = () => undefined;
    await assert.rejects(dial(path, { role: 'gateway', token: 't' }, 50), { code: 'DEADLINE_EXCEEDED' });
  });

  it('refuses to dial a peer that closes, one that answers otherwise, and a path without listener', async () => {
    accept = (_, socket) => socket.destroy();
    await assert.rejects(dial(path, { role: 'gateway', token: 't' }, 5_000));
    accept = (connection) => connection.send(FrameType.pong, 0);
    await assert.rejects(dial(path, { role: 'gateway', token: 't' }, 5_000), { code: 'INVALID_ARGUMENT' });
    await assert.rejects(dial(join(directory, 'none.sock'), { role: 'gateway', token: 't' }, 5_000), { code: 'ENOENT' });
  });

  it('tells of the end once, also to a handler that comes late', async () => {
    accept = echo;
    const { connection } = await dial(path, { role: 'gateway', token: 't' }, 5_000);
    let ends = 0;
    const end = new Promise<void>((resolve) => connection.handle({ onFrame: () => undefined, onClose: () => { ends++; resolve(); } }));
    connection.destroy();
    await end;
    assert.equal(connection.open, false);
    await closed(connection);
    connection.send(FrameType.ping, 0);
    assert.equal(ends, 1);
  });

  it('delivers what was sent before `end`', async () => {
    accept = (connection) => {
      connection.send(FrameType.helloAnswer, 0, {});
      connection.send(FrameType.status, 0, { last: true }, [Buffer.alloc(5_000)]);
      connection.end();
    };
    const { connection } = await dial(path, { role: 'control', token: 't' }, 5_000);
    const frames: Frame[] = [];
    await new Promise<void>((resolve) => connection.handle({ onFrame: (frame) => frames.push(frame), onClose: () => resolve() }));
    assert.deepEqual(frames.map((frame) => [frame.header, frame.body.length]), [[{ last: true }, 5_000]]);
  });
});
