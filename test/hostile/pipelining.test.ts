/** Several requests on their way at once: one answer each, in order, and nothing after a bad one or a last one. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { binaryRequest, chunked, inferJson, inferRequest, LIVE, reasonOf, request, wrongWith } from './support/requests.ts';
import { Serving } from './support/serving.ts';

const COUNT = 100;

let serving: Serving;
before(async () => {
  serving = await Serving.start();
});
after(() => serving.close());

const seeds = (count: number): number[] => Array.from({ length: count }, () => serving.seed());

describe('pipelined', () => {
  test(`${COUNT} inferences in one write are answered in order`, async () => {
    const mine = seeds(COUNT);
    const client = await serving.open();
    const answers = await client.send(Buffer.concat(mine.map((seed, index) => (index % 2 ? inferRequest(seed) : binaryRequest(seed))))).answered(COUNT);
    assert.deepEqual(mine.map((seed, index) => wrongWith(answers[index], seed)).filter(Boolean), []);
    await serving.control(client);
    client.destroy();
  });

  for (const piece of [1, 7, 100, 1000]) {
    test(`in pieces of ${piece} bytes`, async () => {
      const mine = seeds(4);
      const client = await serving.open();
      const bytes = Buffer.concat(mine.map((seed, index) => (index % 2 ? binaryRequest(seed) : inferRequest(seed))));
      for (let at = 0; at < bytes.length; at += piece) {
        client.send(bytes.subarray(at, at + piece));
        await new Promise(setImmediate);
      }
      const answers = await client.answered(4);
      assert.deepEqual(mine.map((seed, index) => wrongWith(answers[index], seed)).filter(Boolean), []);
      client.destroy();
    });
  }

  test('of every kind: plain, chunked, expecting, HEAD, refused, forwarded', async () => {
    const [a = 0, b = 0, c = 0] = seeds(3);
    const parts = [
      inferRequest(a),
      LIVE,
      Buffer.concat([request({ headers: { 'transfer-encoding': 'chunked' } }), Buffer.from(chunked(inferJson(b)))]),
      request({ method: 'HEAD', target: '/v2/models/add_sub' }),
      request({ body: '{' }),
      request({ method: 'GET', target: '/api/v1/nothing' }),
      request({ target: '/v2/models/nope/infer', body: '{"inputs":[]}' }),
      binaryRequest(c),
    ];
    const client = await serving.open(['POST', 'GET', 'POST', 'HEAD', 'POST', 'GET', 'POST', 'POST']);
    const answers = await client.send(Buffer.concat(parts)).answered(parts.length);
    assert.deepEqual(answers.map(({ status }) => status), [200, 200, 200, 405, 400, 404, 404, 200]);
    assert.deepEqual([wrongWith(answers[0], a), wrongWith(answers[2], b), wrongWith(answers[7], c)], [null, null, null]);
    client.destroy();
  });

  for (const [what, bad] of [
    ['a malformed head', 'POST /v2/models/add_sub/infer HTTP/1.1\r\nhost: localhost\r\nx y: z\r\n\r\n'],
    ['a malformed line', 'nonsense\r\n\r\n'],
    ['two lengths', 'POST /v2/models/add_sub/infer HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello'],
    ['a bad chunk', 'POST /v2/models/add_sub/infer HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'],
    ['a length over the limit', 'POST /v2/models/add_sub/infer HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100000000\r\n\r\nhello'],
  ] as const) {
    test(`${what} in the middle: those before are answered, it is refused, those behind are not looked at`, async () => {
      const mine = seeds(10);
      const client = await serving.open();
      const answers = await client.send(Buffer.concat([...mine.map((seed) => inferRequest(seed)), Buffer.from(bad), ...seeds(10).map((seed) => inferRequest(seed))])).ended();
      assert.deepEqual(mine.map((seed, index) => wrongWith(answers[index], seed)).filter(Boolean), []);
      assert.equal(answers.length, 11);
      const refusal = answers[10];
      assert.ok(refusal && [400, 413].includes(refusal.status) && refusal.closes, `${refusal?.status}`);
      reasonOf(refusal);
    });
  }

  test('a body that is wrong in the middle leaves the connection as it is', async () => {
    const mine = seeds(20);
    const client = await serving.open();
    const answers = await client.send(Buffer.concat(mine.flatMap((seed) => [inferRequest(seed), request({ body: '{"inputs":' })]))).answered(40);
    mine.forEach((seed, index) => {
      assert.equal(wrongWith(answers[2 * index], seed), null);
      assert.equal(answers[2 * index + 1]?.status, 400);
    });
    client.destroy();
  });

  test('connection: close in the middle is the last answer', async () => {
    const mine = seeds(11);
    const client = await serving.open();
    const answers = await client.send(Buffer.concat([...mine.map((seed, index) => inferRequest(seed, index === 10 ? { connection: 'close' } : {})), ...seeds(10).map((seed) => inferRequest(seed))])).ended();
    assert.equal(answers.length, 11);
    assert.deepEqual(mine.map((seed, index) => wrongWith(answers[index], seed)).filter(Boolean), []);
    assert.ok(answers[10]?.closes);
  });

  test('the client leaves in the middle: nothing is left behind', async () => {
    for (let round = 0; round < 30; round++) {
      const client = await serving.open();
      client.send(Buffer.concat(seeds(50).map((seed) => inferRequest(seed))));
      await client.answered(1 + (round % 5));
      if (round % 2) client.reset();
      else client.destroy();
    }
    await serving.quiet();
  });

  test('a client that pipelines without end and reads nothing is not read from without end', async () => {
    const client = await serving.open();
    client.socket.pause();
    const before = await serving.residentBytes();
    const some = Buffer.concat(seeds(200).map((seed) => inferRequest(seed)));
    let accepted = 0;
    // 400 MB if all of it were taken.
    for (let sent = 0; sent < 4000 && !client.closed; sent++) {
      accepted += some.length;
      if (!client.socket.write(some) && (await Promise.race([new Promise((resolve) => client.socket.once('drain', resolve)).then(() => false), wait(700, true)]))) break;
    }
    const after = await serving.residentBytes();
    const grown = (after.gateway - before.gateway) / 1e6;
    assert.ok(accepted < 50e6 && grown < 300, `${accepted / 1e6} MB were taken, and the gateway grew by ${grown} MB`);
    client.destroy();
    await serving.quiet();
  });
});

test('other clients noticed nothing', () => serving.unharmed());
