/** A connection may end at any byte of a request. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { WireAnswer } from './support/answer-parser.ts';
import { binaryRequest, inferRequest, reasonOf } from './support/requests.ts';
import { Serving } from './support/serving.ts';

const AT_ONCE = 40;

let serving: Serving;
before(async () => {
  serving = await Serving.start();
});
after(() => serving.close());

type End = 'half-close' | 'close' | 'reset';

async function cut(bytes: Buffer, at: number, end: End): Promise<readonly WireAnswer[]> {
  const client = await serving.open();
  client.send(bytes.subarray(0, at));
  if (end === 'half-close') client.socket.end();
  else {
    await new Promise(setImmediate);
    if (end === 'close') client.destroy();
    else client.reset();
  }
  return client.ended();
}

/** Every cut of the bytes, a few at once. */
async function cutEverywhere(bytes: Buffer, end: (at: number) => End, check: (answers: readonly WireAnswer[], at: number) => void): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let at = next++; at < bytes.length; at = next++) check(await cut(bytes, at, end(at)), at);
  }));
  await serving.quiet();
  await serving.control();
}

const requests: Readonly<Record<string, (headers?: Record<string, string>) => Buffer>> = {
  'JSON request': (headers) => inferRequest(1, headers),
  'binary request': (headers) => binaryRequest(2, 1, headers),
};

for (const [what, make] of Object.entries(requests)) {
  test(`a ${what} that ends at any byte while the client waits is refused or left, never answered`, () =>
    cutEverywhere(make(), () => 'half-close', (answers, at) => {
      assert.ok(answers.length <= 1, `${answers.length} answers at byte ${at}`);
      for (const answer of answers) {
        assert.ok(answer.status === 400 || answer.status === 408, `${answer.status} at byte ${at}`);
        reasonOf(answer);
      }
    }));

  test(`a client that leaves at any byte of a ${what} leaves nothing behind`, () => cutEverywhere(make(), (at) => (at % 2 ? 'close' : 'reset'), () => {}));

  test(`the second of two: the first is answered wherever the ${what} behind it ends`, () => {
    const first = make();
    return cutEverywhere(Buffer.concat([first, make({ 'x-second': 'yes' })]).subarray(0, first.length + 200), (at) => (at >= first.length ? 'half-close' : 'reset'), (answers, at) => {
      if (at < first.length) return;
      const statuses = answers.map(({ status }) => status).join(' ');
      assert.match(statuses, /^200( 400)?$/, `at byte ${at - first.length} of the second`);
    });
  });
}

test('other clients noticed nothing', () => serving.unharmed());
