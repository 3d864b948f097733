import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, it } from 'node:test';
import { forwardToControl } from './proxy.ts';
import { TransferPace } from './transfer-pace.ts';

describe('what goes on to control', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lepton-proxy-'));
  after(() => rmSync(directory, { recursive: true, force: true }));
  let servers: Server[] = [];
  let number = 0;
  afterEach(() => {
    for (const server of servers) server.close().closeAllConnections();
    servers = [];
  });

  /** A control with this behaviour behind a gateway; counts control's connections. */
  async function start(control: RequestListener): Promise<{ url: string; sockets: Socket[] }> {
    const path = join(directory, `${number++}.sock`);
    const sockets: Socket[] = [];
    const upstream = createServer(control).on('connection', (socket) => sockets.push(socket)).listen(path);
    const front = createServer((message, response) => forwardToControl(path, message, response, 60_000, new TransferPace(2 ** 30, () => false))).listen(0, '127.0.0.1');
    servers.push(upstream, front);
    await Promise.all([once(upstream, 'listening'), once(front, 'listening')]);
    return { url: `http://127.0.0.1:${(front.address() as AddressInfo).port}`, sockets };
  }

  const bodyOf = async (message: IncomingMessage): Promise<string> => (await message.toArray()).join('');

  it('gives each body a connection of its own', async () => {
    const { url, sockets } = await start(async (message, response) => response.end(await bodyOf(message)));
    for (let index = 0; index < 3; index++) assert.equal(await (await fetch(url, { method: 'POST', body: `body ${index}` })).text(), `body ${index}`);
    assert.equal(sockets.length, 3);
  });

  it('says once that control does not answer, not for ever', async () => {
    let asked = 0;
    const { url } = await start((_message, response) => {
      asked++;
      response.destroy();
    });
    const answer = await fetch(url);
    assert.equal(answer.status, 503);
    assert.equal(((await answer.json()) as { code: string }).code, 'CONTROL_UNAVAILABLE');
    assert.equal(asked, 1);
  });

  it('sends the head of a stream before its first byte', async () => {
    const { url } = await start((_message, response) => void response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders());
    const leave = new AbortController();
    const answer = await fetch(url, { signal: leave.signal });
    assert.equal(answer.headers.get('content-type'), 'text/event-stream');
    leave.abort();
  });

  it('lets go of control when the client leaves', async () => {
    const left = Promise.withResolvers<void>();
    const { url } = await start((_message, response) => void response.on('close', () => left.resolve()).writeHead(200).write('a'));
    const leave = new AbortController();
    await fetch(url, { signal: leave.signal });
    leave.abort();
    await left.promise;
  });
});
