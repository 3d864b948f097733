import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BodyBuffer } from './body-buffer.ts';

describe('a body as it arrives', () => {
  it('is the chunks in order, whatever their sizes', () => {
    const chunks = [0, 1, 70_000, 3, 500_000, 65_536, 0, 9].map((bytes, index) => Buffer.alloc(bytes, index));
    const whole = Buffer.concat(chunks);
    const body = new BodyBuffer(whole.length);
    for (const chunk of chunks) body.push(chunk);
    assert.equal(body.length, whole.length);
    assert.ok(body.take().equals(whole));
  });

  it('takes memory for what has arrived, not for what was announced', () => {
    const body = new BodyBuffer(2 ** 30);
    body.push(Buffer.alloc(10));
    assert.ok(body.take().buffer.byteLength < 2 ** 18);
  });

  it('may be empty', () => assert.equal(new BodyBuffer(0).take().length, 0));
});
