import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { httpGet } from '../requests/http.ts';
import { LoadDriver } from './driver.ts';
import { difference, type Expectation } from './expectation.ts';
import { Pacer } from './pacer.ts';
import type { LoadPlan, LoadSnapshot } from './plan.ts';

const bytes = (...numbers: number[]): Uint8Array => new Uint8Array(new Float32Array(numbers).buffer);
const expectText = (text: string): Expectation => ({ kind: 'text', text });

describe('expectations', () => {
  it('compare the end of a binary answer, within rounding', () => {
    const expectation: Expectation = { kind: 'tail', datatype: 'FP32', bytes: bytes(1, 2) };
    assert.equal(difference(expectation, Buffer.concat([Buffer.from('{}'), bytes(1, 2.0001)])), undefined);
    assert.match(difference(expectation, Buffer.from(bytes(1, 2.1))) ?? '', /number 1 is 2\.09/);
    assert.match(difference(expectation, Buffer.from(bytes(1, Number.NaN))) ?? '', /number 1 is NaN/);
    assert.match(difference(expectation, Buffer.alloc(3)) ?? '', /3 bytes/);
  });

  it('compare numbers in JSON, nested or flat', () => {
    const expectation: Expectation = { kind: 'json', path: ['outputs', 0], values: [1, 2] };
    assert.equal(difference(expectation, Buffer.from('{"outputs":[[[1],[2]]]}')), undefined);
    assert.match(difference(expectation, Buffer.from('{"outputs":[[1]]}')) ?? '', /1 numbers, 2 expected/);
    assert.match(difference(expectation, Buffer.from('{"error":"x"}')) ?? '', /0 numbers/);
    assert.match(difference(expectation, Buffer.from('oops')) ?? '', /no JSON: oops/);
  });
});

describe('the load generator', () => {
  const closing: (() => void)[] = [];
  after(() => closing.forEach((close) => close()));

  async function listen(server: Server): Promise<number> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing.push(() => server.close());
    return (server.address() as AddressInfo).port;
  }

  /** A server that answers each request with the text that `reply` gives, whole. */
  const rawServer = (reply: (socket: Socket, count: number) => void): Promise<number> => {
    let count = 0;
    return listen(createServer((socket) => void socket.on('error', () => undefined).on('data', () => reply(socket, ++count))));
  };

  async function run(plan: Omit<LoadPlan, 'protocol' | 'requests'> & Partial<LoadPlan>, milliseconds = 100): Promise<LoadSnapshot> {
    const driver = new LoadDriver({ protocol: 'http', requests: [{ bytes: httpGet('/'), expect: expectText('ok') }], checkEvery: 1, ...plan });
    driver.start();
    await sleep(milliseconds);
    return driver.stop();
  }

  it('counts answers and times them, on kept connections', async () => {
    let connections = 0;
    const port = await listen(createHttpServer((_, response) => void response.end('ok')).on('connection', () => connections++));
    const { requests, failures, checked, latencyUs } = await run({ port, clients: 3 });
    assert.ok(requests > 20 && failures === 0 && checked === requests, `${requests} requests, ${failures} failures, ${checked} checked`);
    assert.ok(latencyUs.p50 > 0 && latencyUs.p50 <= latencyUs.p99 && latencyUs.p99 <= latencyUs.max);
    assert.equal(connections, 3);
  });

  it('reads an answer that comes in pieces', async () => {
    const text = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
    const port = await rawServer(async (socket) => {
      for (const character of text) {
        socket.write(character);
        await sleep(1);
      }
    });
    const { requests, failures } = await run({ port, clients: 1 }, 300);
    assert.ok(requests >= 1 && failures === 0, `${requests} requests, ${failures} failures`);
  });

  it('counts refusals, wrong answers, cut connections and dead ports by what went wrong, and goes on', async () => {
    const answers = ['HTTP/1.1 503 x\r\ncontent-length: 4\r\n\r\nbusy', 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nno', undefined, 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok', 'HTTP/1.1 200 OK\r\n\r\n'];
    const port = await rawServer((socket, count) => {
      const answer = answers[count % answers.length];
      if (answer === undefined) socket.end();
      else socket.write(answer);
    });
    const { requests, faults } = await run({ port, clients: 1 }, 300);
    assert.ok(requests > 0);
    assert.deepEqual(Object.keys(faults).sort(), ['HTTP 503: busy', 'answer without a length', 'connection closed by the server', 'wrong answer: the answer lacks ok']);
  });

  it('counts a port where nobody listens as failures, without hurry', async () => {
    const { requests, failures, faults } = await run({ port: 1, clients: 1 }, 100);
    assert.ok(requests === 0 && failures > 0 && failures <= 25, `${failures} failures`);
    assert.deepEqual(Object.keys(faults), ['ECONNREFUSED']);
  });

  it('reads chunked answers', async () => {
    const port = await rawServer((socket) => void socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n'));
    const { requests, failures } = await run({ port, clients: 1 });
    assert.ok(requests > 0 && failures === 0, `${requests} requests, ${failures} failures`);
  });

  it('times a request that had to wait from when it was due', async () => {
    const port = await rawServer((socket, count) => void setTimeout(() => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'), count === 1 ? 150 : 0));
    const { latencyUs, requests } = await run({ port, clients: 1, ratePerSecond: 100 }, 400);
    assert.ok(requests > 20, `${requests} requests`);
    assert.ok(latencyUs.p90 > 20_000, `the stall of 150 ms is in the p90 of ${latencyUs.p90} µs`);
  });

  it('makes gRPC calls and reads their status', async () => {
    let calls = 0;
    const server = createHttp2Server().on('stream', (stream) => {
      const status = ++calls % 2 ? '0' : '5';
      stream.on('data', () => undefined).on('end', () => {
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status, 'grpc-message': 'not%20found' }));
        stream.end(Buffer.from('\0\0\0\0\x02ok'));
      });
    });
    const port = await listen(server as unknown as Server);
    const { requests, faults } = await run({ port, protocol: 'grpc', method: '/x', clients: 1 }, 200);
    assert.ok(requests > 0);
    assert.deepEqual(Object.keys(faults), ['gRPC 5: not found']);
  });
});

describe('a pacer', () => {
  it('keeps the rate whenever it is asked, and dates what is late', () => {
    let now = 0;
    const pacer = new Pacer(100, () => undefined, () => now);
    pacer.start();
    pacer.stop();
    now = 35;
    pacer.tick();
    assert.deepEqual(Array.from({ length: 5 }, () => pacer.take()), [0, 10, 20, 30, undefined]);
    now = 41;
    pacer.tick();
    assert.equal(pacer.take(), 41, 'late by less than a timer can tell');
  });
});
