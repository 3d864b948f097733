import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, RequestListener } from 'node:http';
import { connect } from 'node:net';
import { after, before, beforeEach, describe, it } from 'node:test';
import { GatewayFixture } from '../testing/gateway-fixture.ts';
import { until } from '../testing/until.ts';

describe('short questions to control', () => {
  let gateway: GatewayFixture;
  let control: RequestListener;
  before(async () => {
    gateway = await GatewayFixture.start();
    await gateway.upstream((message, response) => control(message, response));
  });
  after(() => gateway.close());
  beforeEach(() => {
    control = async (message, response) => {
      const body = await bodyOf(message);
      response.writeHead(200, { 'content-type': 'application/json', 'x-own': 'kept', connection: 'keep-alive' }).end(JSON.stringify({ method: message.method, url: message.url, headers: message.headers, body }));
    };
  });

  const bodyOf = async (message: IncomingMessage): Promise<string> => (await message.toArray()).join('');
  /** One raw request and the whole answer; the connection is closed by the gateway. */
  const raw = async (head: string): Promise<string> => {
    const socket = connect(gateway.ports.http.port, '127.0.0.1');
    socket.end(`${head}\r\nHost: 127.0.0.1:${gateway.ports.http.port}\r\n\r\n`);
    return (await socket.toArray()).join('');
  };

  it('go out and come back whole: method, path, query, headers, body, status', async () => {
    const answer = await fetch(`${gateway.url}/api/v1/a%20b?x=1&y=%2F`, { method: 'POST', body: '{"é":1}', headers: { 'content-type': 'application/json', 'lepton-user': 'ada', 'x-request-id': 'mine' } });
    assert.equal(answer.headers.get('x-own'), 'kept');
    const { method, url, headers, body } = (await answer.json()) as { method: string; url: string; headers: Record<string, string>; body: string };
    assert.deepEqual([method, url, body], ['POST', '/api/v1/a%20b?x=1&y=%2F', '{"é":1}']);
    assert.deepEqual([headers['lepton-user'], headers['x-request-id'], headers['content-type']], ['ada', 'mine', 'application/json']);
    control = (_message, response) => response.writeHead(404, { 'retry-after': '7' }).end('{"code":"X"}');
    const refused = await fetch(`${gateway.url}/api/v1/none`);
    assert.deepEqual([refused.status, refused.headers.get('retry-after'), await refused.text()], [404, '7', '{"code":"X"}']);
  });

  it('are not compressed on the way, nor their ids lost', async () => {
    control = (_message, response) => response.end('a'.repeat(10_000));
    const answer = await raw('GET /api/v1/long HTTP/1.1\r\nAccept-Encoding: gzip\r\nX-Request-Id: my-id');
    assert.match(answer, /^HTTP\/1.1 200 /);
    assert.match(answer, /\r\nx-request-id: my-id\r\n/);
    assert.match(answer, /\r\ncontent-length: 10000\r\n/);
    assert.doesNotMatch(answer, /content-encoding/);
  });

  it('never reach what control has for gateways only, however the path is written', async () => {
    control = (message, response) => response.end(`reached ${message.url}`);
    for (const path of ['/internal/models', '/api/../internal/models', '/api/%2e%2e/internal/models', '/api/.%2E/internal/models', '/api/v1/./../../internal/models', '/api\\..\\internal\\models', '//internal/models']) {
      const answer = await raw(`GET ${path} HTTP/1.1`);
      // What is not refused goes to control's own server as it is written, which has no such route.
      assert.ok(!/reached \/internal/.test(answer), `${path}: ${answer}`);
    }
  });

  it('are asked for 32 at a time, and all are answered', async () => {
    let [open, most] = [0, 0];
    control = (_message, response) => {
      most = Math.max(most, ++open);
      setTimeout(() => {
        open--;
        response.end('here');
      }, 5);
    };
    const answers = await Promise.all(Array.from({ length: 300 }, async () => (await fetch(`${gateway.url}/api/v1/x`)).text()));
    assert.deepEqual([...new Set(answers)], ['here']);
    assert.ok(most <= 32, `${most} at a time`);
  });

  it('do not wait behind those that last', async () => {
    control = (message, response) => {
      if (message.url === '/api/short') response.end('here');
    };
    const leave = new AbortController();
    for (let index = 0; index < 40; index++) {
      for (const [path, accept] of [['/api?wait=600', '*/*'], ['/api/events', 'text/event-stream'], ['/api/v/files/a', '*/*']] as const) void fetch(`${gateway.url}${path}`, { headers: { accept }, signal: leave.signal }).catch(() => {});
    }
    assert.equal(await (await fetch(`${gateway.url}/api/short`)).text(), 'here');
    leave.abort();
  });

  it('fail at once when control goes, and succeed when it is back', async () => {
    let asked = 0;
    control = ({ url }) => void (url === '/api/v1/hang' && asked++);
    const hanging = fetch(`${gateway.url}/api/v1/hang`);
    await until('asked', () => asked === 1);
    gateway.disconnect();
    assert.equal((await hanging).status, 503);
    assert.equal((await fetch(`${gateway.url}/api/v1/x`)).status, 503);
    await gateway.connect();
    control = (_message, response) => response.end('back');
    assert.equal(await (await fetch(`${gateway.url}/api/v1/x`)).text(), 'back');
  });

  it('are refused while too much of their answers waits for clients that do not read, and no longer', async () => {
    control = (_message, response) => response.end(Buffer.alloc(8 * 2 ** 20));
    const greedy = Array.from({ length: 12 }, () => connect(gateway.ports.http.port, '127.0.0.1').pause());
    for (const socket of greedy) socket.write(`GET /api/v1/large HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    const status = async (): Promise<number> => (await fetch(`${gateway.url}/api/v1/large`)).status;
    await until('refused', async () => (await status()) === 503);
    for (const socket of greedy) socket.destroy();
    await Promise.all(greedy.map((socket) => once(socket, 'close')));
    await until('served again', async () => (await status()) === 200);
  });
});
