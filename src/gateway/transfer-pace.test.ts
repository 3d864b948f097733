import assert from 'node:assert/strict';
import { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { describe, it } from 'node:test';
import { TransferPace } from './transfer-pace.ts';

describe('pace of transfers', () => {
  it('is nobody’s while nothing is served', () => {
    const pace = new TransferPace(1000, () => false, () => 0);
    for (let index = 0; index < 100; index++) assert.equal(pace.delayFor(1_000_000), 0);
  });

  it('is the rate beside inference, over all transfers, whatever the size of their chunks', () => {
    let now = 0;
    const pace = new TransferPace(1_000_000, () => true, () => now);
    let sent = 0;
    for (let index = 0; now < 10_000; index++) {
      const bytes = 1 + ((index * 7919) % 65_536);
      now += pace.delayFor(bytes);
      sent += bytes;
    }
    assert.ok(Math.abs(sent / (now / 1000) - 1_000_000) < 10_000, `${sent} bytes in ${now} ms`);
  });

  it('does not owe for what went while nothing was served, and is not owed for a pause', () => {
    let [now, serving] = [0, false];
    const pace = new TransferPace(1_000_000, () => serving, () => now);
    pace.delayFor(1e9);
    [now, serving] = [60_000, true];
    assert.equal(pace.delayFor(1_000), 0);
    assert.ok(pace.delayFor(10_000) > 8);
  });

  it('passes every byte on, in order, and frees what was written', async () => {
    const pace = new TransferPace(2_000_000, () => true);
    const sent = Buffer.concat(Array.from({ length: 20 }, (_, index) => Buffer.alloc(10_000, index)));
    const chunks = Array.from({ length: 20 }, (_, index) => Buffer.from(new Uint8Array(sent.subarray(index * 10_000, (index + 1) * 10_000)).buffer));
    const received: Buffer[] = [];
    const sink = new Writable({ write: (chunk: Buffer, _encoding, done) => setTimeout(() => { received.push(Buffer.from(chunk)); done(); }, 1) });
    Readable.from(chunks).pipe(pace.into(sink));
    await finished(sink);
    assert.ok(Buffer.concat(received).equals(sent));
    assert.deepEqual(chunks.map(({ buffer }) => buffer.byteLength), chunks.map(() => 0));
  });

  it('leaves alone what shares its memory with others', async () => {
    const pace = new TransferPace(2_000_000, () => false);
    const whole = Buffer.from(new Uint8Array(200).fill(7).buffer);
    const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
    Readable.from([whole.subarray(0, 100)]).pipe(pace.into(sink));
    await finished(sink);
    assert.equal(whole[150], 7);
  });

  it('keeps quiet when its sink is destroyed; whoever owns that hears of it', async () => {
    const pace = new TransferPace(1_000, () => true);
    const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
    const way = pace.into(sink);
    Readable.from(Array.from({ length: 9 }, () => Buffer.alloc(500))).pipe(way);
    sink.destroy();
    await assert.rejects(finished(way));
  });
});
