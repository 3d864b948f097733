/** Compressed bodies: good ones are answered, others refused with a reason, and what comes out is bounded. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { brotliCompressSync, createGzip, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { binaryRequest, inferBinary, inferJson, reasonOf, request, wrongWith } from './support/requests.ts';
import { Serving } from './support/serving.ts';

let serving: Serving;
before(async () => {
  serving = await Serving.start();
});
after(() => serving.close());

const BODY = Buffer.from(inferJson(1));
const GZIP = gzipSync(BODY);
const DEFLATE = deflateSync(BODY);
const flipped = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] as number) ^ 0xff;
  return copy;
};

async function ask(encoding: string, body: Uint8Array): Promise<{ status: number; wrong: string | null; reason: string | null }> {
  const client = await serving.open();
  try {
    const [answer] = await client.send(request({ headers: { 'content-encoding': encoding }, body })).answered(1);
    assert.ok(answer);
    if (answer.status !== 200 && !answer.closes) await serving.control(client);
    return { status: answer.status, wrong: wrongWith(answer, 1), reason: answer.status === 200 ? null : reasonOf(answer) };
  } finally {
    client.destroy();
  }
}

describe('good', () => {
  const good: readonly [string, Uint8Array][] = [['gzip', GZIP], ['GZIP', GZIP], ['x-gzip', GZIP], [' gzip ', GZIP], ['deflate', DEFLATE], ['identity', BODY], ['', BODY], ['gzip', gzipSync(BODY, { level: 0 })], ['gzip', Buffer.concat([gzipSync(BODY.subarray(0, 50)), gzipSync(BODY.subarray(50))])]];
  for (const [index, [encoding, body]] of good.entries()) {
    test(`${index + 1}: ${JSON.stringify(encoding)}`, async () => assert.equal((await ask(encoding, body)).wrong, null));
  }
  test('both ways, with binary tensors', async () => {
    const { body, jsonBytes } = inferBinary(3, 200);
    for (const accepted of ['gzip', 'deflate', 'gzip;q=0, identity', 'br', '*;q=0']) {
      const client = await serving.open();
      const [answer] = await client.send(request({ headers: { 'content-encoding': 'deflate', 'accept-encoding': accepted, 'inference-header-content-length': jsonBytes }, body: deflateSync(body) })).answered(1);
      assert.equal(answer?.status, 200, accepted);
      if (!answer?.headers.get('content-encoding')) assert.equal(wrongWith(answer, 3), null);
      client.destroy();
    }
  });
});

describe('bad', () => {
  const bad: readonly [string, string, Uint8Array, ...number[]][] = [
    ['nothing', 'gzip', Buffer.alloc(0)],
    ['not compressed', 'gzip', BODY],
    ['not compressed', 'deflate', BODY],
    ['truncated', 'gzip', GZIP.subarray(0, -1)],
    ['without its checksum', 'gzip', GZIP.subarray(0, -8)],
    ['half', 'gzip', GZIP.subarray(0, GZIP.length / 2)],
    ['only a header', 'gzip', GZIP.subarray(0, 10)],
    ['truncated', 'deflate', DEFLATE.subarray(0, -1)],
    ['a wrong checksum', 'gzip', flipped(GZIP, GZIP.length - 6)],
    ['a wrong length', 'gzip', flipped(GZIP, GZIP.length - 1)],
    ['a flipped byte', 'gzip', flipped(GZIP, 40)],
    ['a flipped byte', 'deflate', flipped(DEFLATE, 40)],
    ['an unknown method', 'gzip', flipped(GZIP, 2)],
    ['gzip called deflate', 'deflate', GZIP],
    ['deflate called gzip', 'gzip', DEFLATE],
    ['compressed twice', 'gzip', gzipSync(GZIP)],
    ['brotli', 'br', brotliCompressSync(BODY), 415],
    ['unknown', 'snappy', BODY, 415],
    ['a list', 'gzip, gzip', gzipSync(GZIP), 415],
    ['a list', 'identity, gzip', GZIP, 415],
    ['a parameter', 'gzip;q=1', GZIP, 415],
    ['a name of a prototype', '__proto__', BODY, 415],
    ['1,000 encodings', Array(1000).fill('gzip').join(','), GZIP, 415],
  ];
  for (const [what, encoding, body, status = 400] of bad) {
    test(`${encoding.slice(0, 20)}: ${what}`, async () => {
      const answer = await ask(encoding, body);
      assert.equal(answer.status, status, answer.reason ?? '');
    });
  }

  test('garbage behind gzip or deflate is refused or ignored, never read as data', async () => {
    for (const [encoding, body] of [['gzip', GZIP], ['deflate', DEFLATE]] as const) {
      const { status, wrong } = await ask(encoding, Buffer.concat([body, Buffer.from('garbage, garbage')]));
      assert.ok(status === 400 || wrong === null, `${encoding}: ${status}`);
    }
  });

  test('deflate without its zlib wrapper is refused or understood', async () => {
    const { status, wrong } = await ask('deflate', deflateRawSync(BODY));
    assert.ok(status === 400 || wrong === null, `${status}`);
  });

  test('two encodings in two headers', async () => {
    const client = await serving.open();
    const [answer] = await client.send(`POST /v2/models/add_sub/infer HTTP/1.1\r\nhost: localhost\r\ncontent-encoding: gzip\r\ncontent-encoding: deflate\r\ncontent-length: ${GZIP.length}\r\n\r\n`).send(GZIP).answered(1);
    assert.equal(answer?.status, 415);
    reasonOf(answer as NonNullable<typeof answer>);
    client.destroy();
  });
});

test('bombs: 1 GB of zeros is refused at the limit, by 20 clients at once', async () => {
  const bomb = await gzipOfZeros(1_000_000_000);
  assert.ok(bomb.length < 1_000_000, 'fits the limit of bodies');
  const before = await serving.peakBytes();
  await Promise.all(Array.from({ length: 20 }, async () => {
    const client = await serving.open();
    const [answer] = await client.send(request({ headers: { 'content-encoding': 'gzip' }, body: bomb })).answered(1);
    assert.equal(answer?.status, 413);
    assert.match(reasonOf(answer as NonNullable<typeof answer>), /limit of 1000000 bytes/);
    client.destroy();
  }));
  const grown = ((await serving.peakBytes()) - before) / 1e6;
  assert.ok(grown < 200, `the gateway's peak grew by ${grown} MB`);
});

test('a large compressed answer', async () => {
  const client = await serving.open();
  const [answer] = await client.send(binaryRequest(4, 7_000, { 'accept-encoding': 'gzip' })).answered(1);
  assert.deepEqual([answer?.status, answer?.headers.get('content-encoding')], [200, 'gzip']);
  client.destroy();
});

test('other clients noticed nothing', () => serving.unharmed());

/** Made in pieces: 1 GB at once would be this process's own bomb. */
async function gzipOfZeros(bytes: number): Promise<Buffer> {
  const gzip = createGzip({ level: 9 });
  const zeros = Buffer.alloc(1 << 20);
  void (async () => {
    for (let sent = 0; sent < bytes; sent += zeros.length) if (!gzip.write(zeros)) await new Promise((resolve) => gzip.once('drain', resolve));
    gzip.end();
  })();
  return Buffer.concat(await gzip.toArray());
}
