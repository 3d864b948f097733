import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
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

  it('passes every byte on, in order', async () => {
    const pace = new TransferPace(2_000_000, () => true);
    const chunks = Array.from({ length: 20 }, (_, index) => Buffer.alloc(10_000, index));
    const out = (await Readable.from(chunks).pipe(pace.stream()).toArray()) as Buffer[];
    assert.ok(Buffer.concat(out).equals(Buffer.concat(chunks)));
  });
});
