/** How connections are kept, closed, cut, hoarded and ignored. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { until } from '../../src/testing/until.ts';
import { binaryRequest, chunked, inferBinary, inferJson, inferRequest, LIVE, request, wrongWith } from './support/requests.ts';
import { Serving } from './support/serving.ts';

/** Rows whose answer is near the limit of a request's body: 0.9 MB. */
const MANY_ROWS = 7_000;

let serving: Serving;
before(async () => {
  serving = await Serving.start({ requestReceiveTimeoutMs: 30_000 });
});
after(() => serving.close());

describe('HTTP/1.0', () => {
  test('without keep-alive: one answer, then the end', async () => {
    const client = await serving.open();
    const answers = await client.send(request({ version: 'HTTP/1.0', headers: { host: false }, body: inferJson(1) })).ended();
    assert.equal(wrongWith(answers[0], 1), null);
    assert.equal(client.interim.length, 0, 'HTTP/1.0 knows no interim answers');
  });

  test('with keep-alive: kept, and said so, or closed', async () => {
    const client = await serving.open();
    const ask = (): Buffer => request({ version: 'HTTP/1.0', headers: { connection: 'keep-alive' }, body: inferJson(2) });
    const [first] = await client.send(ask()).answered(1);
    assert.equal(wrongWith(first, 2), null);
    if (/keep-alive/i.test(first?.headers.get('connection') ?? '')) assert.equal(wrongWith((await client.send(ask()).answered(2))[1], 2), null);
    else await client.ended();
    client.destroy();
  });

  test('half-closed: answered without interim answers', async () => {
    const client = await serving.open();
    client.send(request({ version: 'HTTP/1.0', body: inferJson(3) })).socket.end();
    const answers = await client.ended();
    assert.equal(wrongWith(answers[0], 3), null);
    assert.deepEqual(client.interim, []);
  });
});

describe('connection: close', () => {
  for (const value of ['close', 'Close', 'CLOSE', 'close, keep-alive', 'keep-alive, close', ' close ', 'x-hop, close']) {
    test(JSON.stringify(value), async () => {
      const client = await serving.open();
      const answers = await client.send(inferRequest(4, { connection: value })).ended();
      assert.equal(wrongWith(answers[0], 4), null);
      assert.ok(answers[0]?.closes && answers.length === 1);
    });
  }
});

describe('expect: 100-continue', () => {
  test('the body is asked for, then answered', async () => {
    const client = await serving.open();
    const body = inferJson(5);
    client.send(request({ headers: { 'content-length': body.length, expect: '100-continue' } }));
    await until('asked for', () => client.interim.length > 0);
    assert.deepEqual(client.interim, [100]);
    const [answer] = await client.send(body).answered(1);
    assert.equal(wrongWith(answer, 5), null);
    await serving.control(client);
    client.destroy();
  });

  test('a body that comes without waiting is answered too', async () => {
    const client = await serving.open();
    const [answer] = await client.send(inferRequest(6, { expect: '100-Continue' })).answered(1);
    assert.equal(wrongWith(answer, 6), null);
    await serving.control(client);
    client.destroy();
  });

  test('a body over the limit is refused before it is sent', async () => {
    const client = await serving.open();
    const [answer] = await client.send(request({ headers: { 'content-length': 50_000_000, expect: '100-continue' } })).ended();
    assert.equal(answer?.status, 413);
  });

  const curl = spawnSync('curl', ['--version']).status === 0;
  test('curl with a body of 0.9 MB', { skip: curl ? false : 'no curl here' }, () => {
    const { body, jsonBytes } = inferBinary(7, MANY_ROWS);
    const [file, out] = ['body', 'answer'].map((name) => join(serving.gateway.directory, name)) as [string, string];
    writeFileSync(file, body);
    for (const extra of [['-H', 'Expect: 100-continue'], ['-H', 'Expect: 100-continue', '-H', 'Transfer-Encoding: chunked'], ['--http1.0'], ['--http2'], ['--compressed']]) {
      const { stdout } = spawnSync('curl', ['-sS', '-o', out, '-w', '%{http_code}', '--data-binary', `@${file}`, '-H', `inference-header-content-length: ${jsonBytes}`, ...extra, `${serving.gateway.url}/v2/models/add_sub/infer`], { timeout: 20_000 });
      assert.equal(stdout.toString(), '200', extra.join(' '));
    }
  });
});

describe('clients that half-close', () => {
  test('get their answer, then the end', async () => {
    for (const bytes of [inferRequest(8), binaryRequest(8)]) {
      const client = await serving.open();
      client.send(bytes).socket.end();
      const answers = await client.ended();
      assert.equal(wrongWith(answers[0], 8), null);
    }
  });

  test('get all answers of a pipeline', async () => {
    const client = await serving.open();
    client.send(Buffer.concat(Array.from({ length: 20 }, (_, seed) => inferRequest(seed)))).socket.end();
    const answers = await client.ended();
    assert.deepEqual(Array.from({ length: 20 }, (_, seed) => wrongWith(answers[seed], seed)).filter(Boolean), []);
  });

  test('get all answers of a pipeline whose last request says close', async () => {
    const client = await serving.open();
    client.send(Buffer.concat([inferRequest(1), inferRequest(2, { connection: 'close' })])).socket.end();
    const answers = await client.ended();
    assert.deepEqual([1, 2].map((seed, index) => wrongWith(answers[index], seed)), [null, null]);
  });

  test('get whole answers of a pipeline that only node:http reads', async () => {
    for (let round = 0; round < 20; round++) {
      const client = await serving.open();
      client.send(Buffer.concat(Array.from({ length: 5 }, () => request({ headers: { 'transfer-encoding': 'chunked' } })).flatMap((head, seed) => [head, Buffer.from(chunked(inferJson(seed)))]))).socket.end();
      const answers = await client.ended();
      assert.equal(client.error, null);
      assert.deepEqual(Array.from({ length: 5 }, (_, seed) => wrongWith(answers[seed], seed)).filter(Boolean), []);
    }
  });

  test('and then reset, with more behind a request that is being answered, end nothing else', async () => {
    const bytes = Buffer.concat([inferRequest(1), Buffer.from('nonsense\r\n\r\n')]);
    await Promise.all(Array.from({ length: 20 }, async (_, lane) => {
      for (let round = 0; round < 15; round++) {
        const client = await serving.open();
        client.send(bytes).socket.end();
        await wait((lane + round) % 4);
        client.reset();
      }
    }));
    await serving.quiet();
  });

  test('get a large answer whole', async () => {
    const client = await serving.open([], { allowHalfOpen: true });
    client.send(binaryRequest(9, MANY_ROWS)).socket.end();
    const answers = await client.ended();
    assert.equal(wrongWith(answers[0], 9), null);
  });

  test('with a body shorter than announced are told, or left', async () => {
    for (const short of [1, 10, 300]) {
      const client = await serving.open();
      const bytes = inferRequest(10);
      client.send(bytes.subarray(0, bytes.length - short)).socket.end();
      const answers = await client.ended();
      assert.ok(answers.length === 0 || (answers.length === 1 && answers[0]?.status === 400), answers.map(({ status }) => status).join(' '));
    }
  });
});

test('a body longer than announced is the next request, and a bad one', async () => {
  const client = await serving.open();
  const answers = await client.send(Buffer.concat([inferRequest(11), Buffer.from('more\r\n\r\n')])).ended();
  assert.equal(wrongWith(answers[0], 11), null);
  assert.deepEqual(answers.map(({ status }) => status), [200, 400]);
});

test('a reset at the head, the body or in the middle of the answer leaves nothing behind', async () => {
  const big = binaryRequest(12, MANY_ROWS);
  for (let round = 0; round < 60; round++) {
    const client = await serving.open();
    client.send(round % 3 === 0 ? big.subarray(0, 20 + round * 7000) : big);
    if (round % 3 === 2) await Promise.race([once(client.socket, 'data'), once(client.socket, 'close')]);
    else await wait(round % 7);
    client.reset();
  }
  await serving.quiet();
  await serving.control();
});

test('1,000 idle connections and 1,000 active ones at once', async () => {
  const idle = await Promise.all(Array.from({ length: 1000 }, () => serving.open()));
  const active = await Promise.all(Array.from({ length: 1000 }, () => serving.open()));
  const seeds = active.map(() => serving.seed());
  for (const [index, client] of active.entries()) client.send(index % 2 ? inferRequest(seeds[index] as number) : binaryRequest(seeds[index] as number));
  const answers = await Promise.all(active.map((client) => client.answered(1, 20_000)));
  assert.deepEqual(seeds.map((seed, index) => wrongWith(answers[index]?.[0], seed)).filter(Boolean), []);
  // Those that idled are served as well.
  await Promise.all(idle.slice(0, 100).map((client) => serving.control(client)));
  for (const client of [...idle, ...active]) client.destroy();
  await serving.quiet();
});

describe('the limit of connections', () => {
  const LIMIT = 40;
  let small: Serving;
  before(async () => {
    small = await Serving.start({ connectionsMax: LIMIT });
    await small.control();
  });
  after(() => small.close());

  test('those over it are refused at once, those within are served, and places are free again afterwards', async () => {
    const sockets = Array.from({ length: LIMIT * 2 }, () => connect(small.port, '127.0.0.1').on('error', () => {}));
    await wait(300);
    const open = sockets.filter((socket) => !socket.destroyed && !socket.closed && socket.readyState === 'open');
    assert.ok(open.length < LIMIT, `${open.length} of ${LIMIT}, one of which is the client beside`);
    for (const socket of open.slice(0, 5)) {
      socket.write(LIVE);
      const [data] = (await once(socket, 'data')) as [Buffer];
      assert.match(data.toString(), /^HTTP\/1\.1 200 /);
    }
    for (const socket of sockets) socket.destroy();
    await wait(100);
    await Promise.all(Array.from({ length: LIMIT / 2 }, () => small.control()));
    await small.unharmed();
  });
});

test('other clients noticed nothing', () => serving.unharmed());
