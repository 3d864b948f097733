/** Chunked bodies (RFC 9112, 7.1): good ones in any shape are answered, bad ones end the connection. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { inferJson, inferRequest, reasonOf, wrongWith } from './support/requests.ts';
import { Serving } from './support/serving.ts';
import { HIDDEN, testWireCases, type WireCase } from './support/wire-case.ts';

let serving: Serving;
before(async () => {
  serving = await Serving.start({ requestReceiveTimeoutMs: 1500 });
});
after(() => serving.close());

const BODY = inferJson(5);
const HEX = BODY.length.toString(16);
const HEAD = 'POST /v2/models/add_sub/infer HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n';
const chunks = (sizes: (at: number) => number): string => {
  let text = '';
  for (let at = 0; at < BODY.length; ) {
    const piece = BODY.slice(at, at + sizes(at));
    text += `${piece.length.toString(16)}\r\n${piece}\r\n`;
    at += piece.length;
  }
  return `${text}0\r\n\r\n`;
};
const good = (name: string, body: string): WireCase => ({ name, bytes: HEAD + body, outcome: 'answered' });
const bad = (name: string, body: string, status = [400]): WireCase => ({ name, bytes: HEAD + body, outcome: 'closed', status });
const may = (name: string, body: string, status = [400]): WireCase => ({ name, bytes: HEAD + body, outcome: 'either', status });

describe('well formed', () => {
  testWireCases(() => serving, [
    good('one chunk', `${HEX}\r\n${BODY}\r\n0\r\n\r\n`),
    good('a byte a chunk', chunks(() => 1)),
    good('chunks of growing size', chunks((at) => at + 1)),
    good('capital digits and leading zeros', `${HEX.toUpperCase().padStart(8, '0')}\r\n${BODY}\r\n000\r\n\r\n`),
    may('an extension', `${HEX};a=b\r\n${BODY}\r\n0\r\n\r\n`),
    may('a quoted extension', `${HEX};a="b;c"\r\n${BODY}\r\n0\r\n\r\n`),
    may('a trailer', `${HEX}\r\n${BODY}\r\n0\r\nx-sum: 1\r\n\r\n`),
    may('a trailer that looks like framing', `${HEX}\r\n${BODY}\r\n0\r\ncontent-length: ${HIDDEN.length}\r\nhost: evil.example\r\ntransfer-encoding: chunked\r\n\r\n`),
  ]);
});

describe('malformed', () => {
  const sizes = ['', ' ', 'x', '+5', '-5', '-0', '0x5', '5 5', '5_', '5,', '"5"', '5.0', 'g', '٥', '10000000000000000', '1ffffffffffffffff', '7fffffffffffffff0', '\0' + HEX, `${HEX}\0`, `\t${HEX}`];
  testWireCases(() => serving, [
    ...sizes.map((size) => bad(`size ${JSON.stringify(size)}`, `${Buffer.from(size).toString('latin1')}\r\n${BODY}\r\n0\r\n\r\n${HIDDEN}`)),
    bad('a size that is a number, and will never come', `ffffffffffffffff\r\n${BODY}\r\n0\r\n\r\n${HIDDEN}`, [400, 413, 504]),
    may('a space behind the size', `${HEX} \r\n${BODY}\r\n0\r\n\r\n`),
    bad('a bare LF behind the size', `${HEX}\n${BODY}\r\n0\r\n\r\n${HIDDEN}`),
    bad('a bare CR behind the size', `${HEX}\r${BODY}\r\n0\r\n\r\n${HIDDEN}`),
    bad('no line end behind the data', `${HEX}\r\n${BODY}0\r\n\r\n${HIDDEN}`),
    bad('a bare LF behind the data', `${HEX}\r\n${BODY}\n0\r\n\r\n${HIDDEN}`),
    bad('a size smaller than its data', `5\r\n${BODY}\r\n0\r\n\r\n${HIDDEN}`),
    bad('a size larger than its data', `${(BODY.length + 4).toString(16)}\r\n${BODY}\r\n0\r\n\r\n${HIDDEN}`),
    bad('a bare LF behind the last size', `${HEX}\r\n${BODY}\r\n0\n\r\n${HIDDEN}`),
    bad('a bare LF in an extension', `${HEX};a\nb\r\n${BODY}\r\n0\r\n\r\n${HIDDEN}`),
    bad('NUL in an extension', `${HEX};a\0b\r\n${BODY}\r\n0\r\n\r\n${HIDDEN}`),
    bad('a trailer without colon', `${HEX}\r\n${BODY}\r\n0\r\nnonsense\r\n\r\n`),
    bad('a trailer with a space in its name', `${HEX}\r\n${BODY}\r\n0\r\nx y: z\r\n\r\n`),
    bad('a folded trailer', `${HEX}\r\n${BODY}\r\n0\r\nx: y\r\n z\r\n\r\n`),
    bad('extensions of 100 kB', `${HEX};${'a'.repeat(100_000)}\r\n${BODY}\r\n0\r\n\r\n`, [400, 413]),
    bad('extensions of 100 kB over many chunks', `${chunks(() => 1).replaceAll(/^(\d)\r$/gm, `$1;${'e'.repeat(500)}\r`)}`, [400, 413]),
    bad('trailers of 100 kB', `${HEX}\r\n${BODY}\r\n0\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`, [400, 413, 431]),
    bad('more than the limit in one chunk', `200000\r\n${'x'.repeat(0x20_0000)}\r\n0\r\n\r\n`, [413]),
    bad('more than the limit in small chunks', `400\r\n${'x'.repeat(0x400)}\r\n`.repeat(1200) + '0\r\n\r\n', [413]),
    bad('an announced chunk over the limit, which never comes', `7fffffff\r\n${'x'.repeat(1_100_000)}`, [413]),
  ]);
});

describe('a chunked body that breaks off is refused in time', () => {
  const pieces = ['', '5', '5\r', '5\r\n', '5\r\n{"i', `${HEX}\r\n${BODY}`, `${HEX}\r\n${BODY}\r\n`, `${HEX}\r\n${BODY}\r\n0`, `${HEX}\r\n${BODY}\r\n0\r\n`, `${HEX}\r\n${BODY}\r\n0\r\nx: y`];
  const breakOff = async (body: string, halfClose: boolean): Promise<void> => {
    const client = await serving.open();
    client.send(HEAD + body);
    if (halfClose) client.socket.end();
    const answers = await client.ended();
    // Who has closed its own side may have left; who waits is told.
    assert.ok(answers.length === 1 || (halfClose && answers.length === 0), JSON.stringify(body));
    for (const answer of answers) {
      assert.ok([400, 408, 504].includes(answer.status), `${JSON.stringify(body)}: ${answer.status}`);
      reasonOf(answer);
    }
  };
  test('while the client waits', async () => void (await Promise.all(pieces.map((body) => breakOff(body, false)))));
  test('when the client closes its side', async () => void (await Promise.all(pieces.map((body) => breakOff(body, true)))));
});

test('a chunked body byte by byte, then a request with a length', async () => {
  const client = await serving.open();
  for (const byte of Buffer.from(HEAD + chunks(() => 40))) client.send(Buffer.of(byte)) && (await new Promise(setImmediate));
  client.send(inferRequest(6));
  const [first, second] = await client.answered(2);
  assert.deepEqual([wrongWith(first, 5), wrongWith(second, 6)], [null, null]);
  client.destroy();
});

test('other clients noticed nothing', () => serving.unharmed());
