import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import fastify from 'fastify';
import { answerPatiently } from './patient-answer.ts';

describe('an answer that takes its time', () => {
  const app = fastify();
  let url = '';
  before(async () => {
    const route = (path: string, work: () => Promise<unknown>): unknown =>
      app.get(path, async (_request, reply) => {
        const value = await answerPatiently(reply.header('x-request-id', 'one'), work(), 20);
        return reply.sent ? reply : reply.send(value);
      });
    route('/soon', async () => ({ done: true }));
    route('/late', () => wait(200, { done: true }));
    route('/fails-soon', () => Promise.reject(new Error('no')));
    route('/fails-late', () => wait(200).then(() => Promise.reject(new Error('no'))));
    url = await app.listen({ port: 0, host: '127.0.0.1' });
  });
  after(() => app.close());

  it('comes as usual when it is there soon', async () => {
    const answer = await fetch(`${url}/soon`);
    assert.equal(await answer.text(), '{"done":true}');
    assert.equal((await fetch(`${url}/fails-soon`)).status, 500);
  });

  it('begins before the work is done, and is JSON all the same', async () => {
    const answer = await fetch(`${url}/late`);
    assert.equal(answer.headers.get('x-request-id'), 'one');
    const text = await answer.text();
    assert.match(text, /^ +\{/);
    assert.deepEqual(JSON.parse(text), { done: true });
  });

  it('is cut when the work fails after that', async () => {
    const answer = await fetch(`${url}/fails-late`);
    assert.equal(answer.status, 200);
    await assert.rejects(answer.text());
  });
});
