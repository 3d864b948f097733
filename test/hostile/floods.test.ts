/** More headers, longer headers, more of everything than anybody needs. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inferJson, inferRequest, reasonOf, request, wrongWith } from './support/requests.ts';
import { Serving } from './support/serving.ts';

let serving: Serving;
before(async () => {
  serving = await Serving.start();
});
after(() => serving.close());

const BODY = inferJson(1);

async function refused(bytes: Buffer | string): Promise<void> {
  const client = await serving.open();
  const answers = await client.send(bytes).ended();
  assert.equal(answers.length, 1);
  const [answer] = answers;
  assert.ok(answer && [400, 413, 414, 431].includes(answer.status), `${answer?.status}`);
  reasonOf(answer);
  await serving.control();
}
const post = (fields: string): string => `POST /v2/models/add_sub/infer HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${BODY.length}\r\n${fields}\r\n${BODY}`;

test('10,000 headers', () => refused(post('x-a: b\r\n'.repeat(10_000))));
test('10,000 headers of different names', () => refused(post(Array.from({ length: 10_000 }, (_, index) => `x-${index}: b\r\n`).join(''))));
test('a header of 1 MB', () => refused(post(`x-a: ${'b'.repeat(1_000_000)}\r\n`)));
test('a header name of 1 MB', () => refused(post(`${'x'.repeat(1_000_000)}: b\r\n`)));
test('a head just over the limit', () => refused(post(`x-a: ${'b'.repeat(16_384)}\r\n`)));
test('a cookie over the limit', () => refused(post(`cookie: ${'a=b; '.repeat(5_000)}\r\n`)));

test('3,000 short headers within the limit are read or refused, and none is lost from the framing', async () => {
  const bytes = `POST /v2/models/add_sub/infer HTTP/1.1\r\nhost: localhost\r\n${'a:\r\n'.repeat(3_000)}content-length: ${BODY.length}\r\n\r\n${BODY}`;
  const client = await serving.open();
  const answers = await client.send(bytes).send(inferRequest(2, { connection: 'close' })).ended();
  if (answers[0]?.status === 200) assert.deepEqual([wrongWith(answers[0], 1), wrongWith(answers[1], 2)], [null, null]);
  else {
    assert.deepEqual([answers.length, answers[0]?.status], [1, 431]);
  }
});

test('a head just under the limit is read', async () => {
  const client = await serving.open();
  const [answer] = await client.send(post(`x-a: ${'b'.repeat(15_000)}\r\n`)).answered(1);
  assert.equal(wrongWith(answer, 1), null);
  client.destroy();
});

test('a head without end is refused before it is whole, and what comes is not kept', async () => {
  const before = await serving.residentBytes();
  await Promise.all(Array.from({ length: 50 }, async () => {
    const client = await serving.open();
    client.send('GET /v2 HTTP/1.1\r\nhost: localhost\r\nx-a: ');
    const piece = Buffer.alloc(64 * 1024, 'b');
    for (let sent = 0; sent < 64 && !client.closed; sent++) {
      client.send(piece);
      await new Promise(setImmediate);
    }
    const [answer] = await client.ended();
    if (answer) assert.equal(answer.status, 431);
  }));
  const grown = ((await serving.residentBytes()).gateway - before.gateway) / 1e6;
  assert.ok(grown < 150, `the gateway grew by ${grown} MB`);
  await serving.control();
});

test('500 connections that open and close, 500 that ask nonsense', async () => {
  await Promise.all(Array.from({ length: 1000 }, async (_, index) => {
    const client = await serving.open();
    if (index % 2) await client.send('nonsense\r\n\r\n').ended();
    client.destroy();
  }));
  await serving.control();
});

test('thousands of refusals leave no memory behind', async () => {
  const bad = [request({ body: '{' }), request({ target: '/v2/models/nope/infer', body: '{}' }), request({ headers: { 'content-encoding': 'br' }, body: 'x' }), inferRequest(1, { 'inference-header-content-length': '5' })];
  const refuse = async (rounds: number): Promise<number> => {
    for (let round = 0; round < rounds; round++) {
      const client = await serving.open();
      const answers = await client.send(Buffer.concat(Array.from({ length: 200 }, (_, index) => bad[index % bad.length] as Buffer))).answered(200);
      assert.deepEqual(answers.filter(({ status }) => status < 400 || status >= 500), []);
      client.destroy();
    }
    return (await serving.residentBytes()).gateway;
  };
  const warm = await refuse(20);
  const grown = ((await refuse(30)) - warm) / 1e6;
  assert.ok(grown < 60, `6,000 refusals cost ${grown} MB`);
  await serving.control();
});

test('other clients noticed nothing', () => serving.unharmed());
