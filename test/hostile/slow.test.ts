/** Clients that take their time: served while they keep within the limits, closed with a reason when not. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { RawClient } from './support/raw-client.ts';
import { binaryRequest, inferJson, inferRequest, LIVE, reasonOf, request, wrongWith } from './support/requests.ts';
import { Serving } from './support/serving.ts';

const RECEIVE_TIMEOUT_MS = 700;
/** Rows whose answer is near the limit of a request's body: 0.9 MB. */
const MANY_ROWS = 7_000;
/** Long enough for the client beside to come back in time on a busy machine. */
const KEEP_ALIVE_MS = 4000;
/** Time-outs are looked for at intervals, on a machine that does other things. */
const LATE_MS = 5_000;

let serving: Serving;
before(async () => {
  serving = await Serving.start({ requestReceiveTimeoutMs: RECEIVE_TIMEOUT_MS, keepAliveTimeoutMs: KEEP_ALIVE_MS });
});
after(() => serving.close());

/** Sends the bytes one at a time, for ever or to their end. */
async function drip(client: RawClient, bytes: Buffer, everyMs: number): Promise<void> {
  for (const byte of bytes) {
    if (client.closed) return;
    client.send(Buffer.of(byte));
    await wait(everyMs);
  }
}

async function closedInTime(client: RawClient, begun: number): Promise<void> {
  const answers = await client.ended();
  const ms = performance.now() - begun;
  assert.ok(ms < RECEIVE_TIMEOUT_MS + LATE_MS, `closed after ${Math.round(ms)} ms`);
  assert.ok(answers.length <= 1);
  for (const answer of answers) {
    assert.ok([400, 408, 504].includes(answer.status), `${answer.status}`);
    reasonOf(answer);
  }
}

test('heads and bodies that never end, by 100 clients at once', async () => {
  const endless = Buffer.from(`POST /v2/models/add_sub/infer HTTP/1.1\r\nhost: localhost\r\n${'x-a: b\r\n'.repeat(1000)}`);
  const body = Buffer.concat([request({ headers: { 'content-length': 5000 } }), Buffer.alloc(5000, ' ')]);
  const chunked = Buffer.concat([request({ headers: { 'transfer-encoding': 'chunked' } }), Buffer.from('1\r\n \r\n'.repeat(1000))]);
  const begun = performance.now();
  await Promise.all(Array.from({ length: 100 }, async (_, index) => {
    const client = await serving.open();
    const [bytes = endless] = [[endless, body, chunked][index % 3]];
    // Half of them begin with what makes a request, so that only the rest is slow.
    const head = index % 2 ? bytes.indexOf('\r\n\r\n') + 4 : 0;
    client.send(bytes.subarray(0, head));
    await Promise.all([drip(client, bytes.subarray(head), 50), closedInTime(client, begun)]);
  }));
  await serving.quiet();
  await serving.control();
});

test('an upload to management that stops is ended, one that goes on is not', async () => {
  const head = request({ method: 'PUT', target: '/api/v1/blobs/x', headers: { 'content-length': 30 } });
  for (const bytes of [head, Buffer.concat([head, Buffer.alloc(10)])]) {
    const client = await serving.open();
    client.send(bytes);
    await closedInTime(client, performance.now());
  }
  const client = await serving.open();
  client.send(head);
  await drip(client, Buffer.alloc(30), RECEIVE_TIMEOUT_MS / 10);
  const [answer] = await client.answered(1);
  assert.equal(answer?.status, 404);
  client.destroy();
});

test('a connection on which nothing ever comes is closed', async () => {
  const client = await serving.open();
  await closedInTime(client, performance.now());
});

test('an idle connection is closed after the time to keep it, not before', async () => {
  const client = await serving.open();
  await client.send(LIVE).answered(1);
  const begun = performance.now();
  await client.ended();
  const ms = performance.now() - begun;
  assert.ok(ms > KEEP_ALIVE_MS - 100 && ms < KEEP_ALIVE_MS + LATE_MS, `${ms} ms`);
});

test('a request in single bytes is answered', async () => {
  const client = await serving.open();
  const bytes = inferRequest(1);
  for (const byte of bytes) {
    client.send(Buffer.of(byte));
    await new Promise(setImmediate);
  }
  assert.equal(wrongWith((await client.answered(1))[0], 1), null);
  client.destroy();
});

test('each part in time, the whole longer than the limit: a head, then its body', async () => {
  const client = await serving.open();
  const body = inferJson(2);
  const head = Buffer.from(request({ headers: { 'content-length': body.length } }));
  client.send(head.subarray(0, 20));
  await wait(RECEIVE_TIMEOUT_MS * 0.5);
  client.send(head.subarray(20));
  await wait(RECEIVE_TIMEOUT_MS * 0.5);
  const [answer] = await client.send(body).answered(1);
  // One limit for head and body together is as good.
  if (answer?.status !== 200) assert.ok([408, 504].includes(answer?.status ?? 0), `${answer?.status}`);
  else assert.equal(wrongWith(answer, 2), null);
  client.destroy();
});

test('an answer that is read slowly arrives whole', async () => {
  const client = await serving.open();
  const { socket } = client;
  const ask = inferRequest(3);
  client.send(Buffer.concat(Array.from({ length: 50 }, () => ask)));
  for (let read = 0; read < 10; read++) {
    socket.pause();
    await wait(30);
    socket.resume();
    await new Promise(setImmediate);
  }
  const answers = await client.answered(50);
  assert.deepEqual(answers.map((answer) => wrongWith(answer, 3)).filter(Boolean), []);
  client.destroy();
});

test('clients that never read a large answer cost bounded memory, for a bounded time', async () => {
  const before = await serving.residentBytes();
  const lazy = await Promise.all(Array.from({ length: 30 }, async (_, seed) => {
    const client = await serving.open();
    client.socket.pause();
    const big = binaryRequest(seed, MANY_ROWS);
    for (let sent = 0; sent < 10; sent++) client.socket.write(big);
    return client;
  }));
  await serving.control();
  await wait(RECEIVE_TIMEOUT_MS);
  const grown = ((await serving.residentBytes()).gateway - before.gateway) / 1e6;
  assert.ok(grown < 350, `the gateway grew by ${grown} MB for 30 of them`);
  // Paused sockets don't see the end: writing does.
  await Promise.all(lazy.map((client) => closedByServer(client)));
  await serving.quiet();
});

async function closedByServer(client: RawClient): Promise<void> {
  for (const deadline = performance.now() + 15_000; !client.closed; await wait(100)) {
    if (performance.now() > deadline) throw new Error('the server keeps the connection of a client that does not read');
    client.socket.write('x');
  }
}

test('other clients noticed nothing', () => serving.unharmed());
