import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WireAnswer } from './answer-parser.ts';
import { inferRequest, reasonOf, wrongWith } from './requests.ts';
import type { Serving } from './serving.ts';

/**
 * What may become of the bytes:
 *   closed    one refusal with a reason, and the connection ends: what follows is never looked at
 *   open      one refusal with a reason, and what follows is answered on the same connection
 *   refused   either of these
 *   answered  a good answer, and what follows is answered too
 *   last      a good answer, and the connection ends
 *   either    any of these, as a server may choose
 */
export type Outcome = 'closed' | 'open' | 'refused' | 'answered' | 'last' | 'either';

export interface WireCase {
  readonly name: string;
  readonly bytes: string | Uint8Array;
  readonly outcome: Outcome;
  /** Of a refusal; 400 unless given. */
  readonly status?: readonly number[];
  /** Where the first request is one whose answer has no body. */
  readonly method?: 'HEAD';
}

/** In a request that must never be read as one; management would be asked for it. */
export const SMUGGLED = '/smuggled';
/** Such a request. */
export const HIDDEN = `GET ${SMUGGLED} HTTP/1.1\r\nhost: localhost\r\n\r\n`;

/**
 * One test a case: its bytes and a good request that closes go out in one write; the answers must be those of the
 * outcome, nothing hidden may have been carried out, and a new client is served afterwards.
 */
export function testWireCases(serving: () => Serving, cases: readonly WireCase[]): void {
  for (const each of cases) test(each.name, () => tryWireCase(serving(), each));
}

export async function tryWireCase(serving: Serving, { bytes, outcome, status = [400], method }: WireCase): Promise<void> {
  const client = await serving.open(method ? [method] : []);
  const seed = serving.seed();
  serving.forwarded.length = 0;
  try {
    client.send(Buffer.concat([typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, inferRequest(seed, { connection: 'close' })]));
    const answers = await client.ended();
    assert.equal(client.error, null);
    assert.equal(client.rest.length, 0, 'bytes after the last answer');
    const [first, follower, ...more] = answers;
    assert.equal(more.length, 0, `answers: ${answers.map((answer) => answer.status).join(' ')}`);
    assert.ok(first, 'no answer');
    checkFirst(first, outcome, status, method);
    const followed = outcome === 'open' || outcome === 'answered' || (outcome !== 'closed' && outcome !== 'last' && follower !== undefined);
    if (followed) assert.equal(wrongWith(follower, seed), null);
    else assert.ok(!follower && first.closes, follower ? `what follows was answered: ${follower.status}` : 'the answer does not say connection: close');
    assert.ok(!serving.forwarded.some((target) => target.includes(SMUGGLED)), 'a hidden request was carried out');
  } finally {
    client.destroy();
  }
  await serving.control();
}

function checkFirst(answer: WireAnswer, outcome: Outcome, status: readonly number[], method: 'HEAD' | undefined): void {
  const good = answer.status === 200;
  if (outcome === 'answered' || outcome === 'last') assert.ok(good, `${answer.status} ${answer.body.toString()}`);
  if (outcome === 'either' ? good : outcome === 'answered' || outcome === 'last') return;
  assert.ok(status.includes(answer.status), `${answer.status} instead of ${status.join(' or ')}: ${answer.body.toString('utf8', 0, 300)}`);
  if (method !== 'HEAD') reasonOf(answer);
}
