import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { releaseBytes } from '../core/index.ts';
import { encodeFrameHead, FRAME_HEADER_BYTES, type Frame, FrameDecoder, FrameType, type FrameTypeName, LARGE_FRAME_BYTES } from './index.ts';

interface Vectors {
  readonly frames: readonly { name: string; hex: string; type: FrameTypeName; id: number; header?: unknown; bodyHex: string }[];
  readonly refused: readonly { name: string; hex: string; bytesMax?: number; code: string }[];
}
const vectors = JSON.parse(await readFile(new URL('../../protocol/frames.json', import.meta.url), 'utf8')) as Vectors;
const plain = (frame: Frame) => ({ type: frame.type, id: frame.id, header: frame.header, body: Buffer.from(frame.body).toString('hex') });
const expected = (vector: Vectors['frames'][number]) => ({ type: FrameType[vector.type], id: vector.id, header: vector.header, body: vector.bodyHex });

describe('frames (golden vectors in protocol/frames.json)', () => {
  for (const vector of vectors.frames) {
    it(`${vector.name} is encoded and decoded`, () => {
      const body = Buffer.from(vector.bodyHex, 'hex');
      const head = encodeFrameHead(FrameType[vector.type], vector.id, vector.header, body.length);
      assert.equal(Buffer.concat([head, body]).toString('hex'), vector.hex);
      assert.deepEqual(new FrameDecoder().push(Buffer.from(vector.hex, 'hex')).map(plain), [expected(vector)]);
    });
  }

  for (const vector of vectors.refused) {
    it(`${vector.name} is refused`, () => {
      const decoder = new FrameDecoder(vector.bytesMax);
      assert.throws(() => decoder.push(Buffer.from(vector.hex, 'hex')), { code: vector.code });
    });
  }

  it('covers every type', () => {
    assert.deepEqual(new Set(vectors.frames.map((vector) => vector.type)), new Set(Object.keys(FrameType)));
  });
});

describe('frame decoder', () => {
  const stream = Buffer.from(vectors.frames.map((vector) => vector.hex).join(''), 'hex');
  const frames = vectors.frames.map(expected);

  it('finds the same frames wherever the stream is cut in two', () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      const decoder = new FrameDecoder();
      const found = [...decoder.push(stream.subarray(0, cut)), ...decoder.push(stream.subarray(cut))];
      assert.deepEqual(found.map(plain), frames, `cut at ${cut}`);
      assert.equal(decoder.buffered, 0);
    }
  });

  it('finds the same frames byte by byte', () => {
    const decoder = new FrameDecoder();
    assert.deepEqual([...stream].flatMap((byte) => decoder.push(Buffer.of(byte))).map(plain), frames);
  });

  it('keeps bodies valid after later frames arrive', () => {
    const decoder = new FrameDecoder();
    const frame = (fill: number): Buffer => Buffer.concat([encodeFrameHead(FrameType.infer, fill, undefined, 64), Buffer.alloc(64, fill)]);
    const first = decoder.push(frame(1))[0] as Frame;
    decoder.push(frame(2).subarray(0, 30));
    decoder.push(frame(2).subarray(30));
    assert.ok(first.body.every((byte) => byte === 1));
  });

  it('collects a large frame from many chunks in linear time', () => {
    const body = Buffer.alloc(8 * 2 ** 20, 7);
    const whole = Buffer.concat([encodeFrameHead(FrameType.infer, 1, { items: [] }, body.length), body]);
    const decoder = new FrameDecoder();
    const found: Frame[] = [];
    for (let at = 0; at < whole.length; at += 1_000) found.push(...decoder.push(whole.subarray(at, at + 1_000)));
    assert.equal(found.length, 1);
    assert.equal(found[0]?.body.length, body.length);
  });

  it('gives large frames memory of their own: releasing it, or the chunks, harms no other frame', () => {
    const frame = (fill: number, bytes: number): Buffer => Buffer.concat([encodeFrameHead(FrameType.infer, fill, undefined, bytes), Buffer.alloc(bytes, fill)]);
    const sizes = [100, LARGE_FRAME_BYTES, 50_000, LARGE_FRAME_BYTES * 3, 7, LARGE_FRAME_BYTES - 1];
    const stream = Buffer.concat(sizes.map((bytes, index) => frame(index + 1, bytes)));
    for (const step of [1000, 40_000, 65_536, 200_000, stream.length]) {
      const decoder = new FrameDecoder();
      const found: Frame[] = [];
      // Each chunk in memory of its own, as a socket reads it.
      for (let at = 0; at < stream.length; at += step) {
        const chunk = Buffer.allocUnsafeSlow(Math.min(step, stream.length - at));
        stream.copy(chunk, 0, at);
        found.push(...decoder.push(chunk));
      }
      for (const { body } of found) if (body.byteLength >= LARGE_FRAME_BYTES) releaseBytes(body);
      assert.deepEqual(found.map(({ body }) => body.byteLength), sizes.map((bytes) => (bytes >= LARGE_FRAME_BYTES ? 0 : bytes)));
      for (const { id, body } of found) assert.ok(body.byteLength === 0 || body.every((byte) => byte === id), `frame ${id} cut at ${step}`);
    }
  });

  it('refuses an announced size over the limit before it arrives', () => {
    const head = encodeFrameHead(FrameType.infer, 1, undefined, 2_000);
    assert.throws(() => new FrameDecoder(1_000).push(head.subarray(0, 4)), { code: 'TOO_LARGE' });
    assert.equal(new FrameDecoder(2_000 + FRAME_HEADER_BYTES).push(head).length, 0);
  });

  it('either yields frames or refuses garbage, and never returns one of an unknown kind', () => {
    let seed = 1;
    const random = (): number => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed / 2_147_483_647;
    };
    for (let round = 0; round < 2_000; round++) {
      const bytes = Buffer.from(Array.from({ length: 1 + Math.floor(random() * 64) }, () => Math.floor(random() * 256)));
      // Every second piece announces its own length, so that it gets as far as its content.
      if (round % 2 && bytes.length >= 4) bytes.writeUInt32LE(bytes.length - 4, 0);
      try {
        for (const frame of new FrameDecoder(1_024).push(bytes)) assert.ok(Object.values(FrameType).includes(frame.type));
      } catch (error) {
        assert.match((error as { code: string }).code, /^(INVALID_ARGUMENT|TOO_LARGE)$/);
      }
    }
  });

  it('aligns the bodies of large frames, whatever their headers’ length', () => {
    for (let length = 0; length < 16; length++) {
      const bodyBytes = LARGE_FRAME_BYTES;
      const head = encodeFrameHead(FrameType.infer, 1, { pad: 'x'.repeat(length) }, bodyBytes);
      const [frame] = new FrameDecoder().push(Buffer.concat([head, Buffer.alloc(bodyBytes, length)])) as [Frame];
      assert.equal(frame.body.byteOffset % 8, 0);
      assert.ok(frame.body.every((byte) => byte === length));
    }
  });

  it('puts later large frames into memory that was given back, each into its own', () => {
    const decoder = new FrameDecoder();
    const receive = (fill: number, bytes: number): Uint8Array => {
      const [frame] = decoder.push(Buffer.concat([encodeFrameHead(FrameType.infer, fill, undefined, bytes), Buffer.alloc(bytes, fill)])) as [Frame];
      assert.ok(frame.body.length === bytes && frame.body.every((byte) => byte === fill));
      return frame.body;
    };
    const first = receive(1, 200_000);
    for (let times = 0; times < 2; times++) decoder.recycle(first);
    const [second, third] = [receive(2, 150_000), receive(3, 150_000)];
    assert.equal(second.buffer, first.buffer);
    assert.notEqual(third.buffer, first.buffer);
    assert.ok(second.every((byte) => byte === 2));
    decoder.recycle(second);
    assert.ok(receive(4, 300_000).buffer !== second.buffer, 'too small for it');
    const huge = receive(5, 2 ** 20 + 1);
    decoder.recycle(huge);
    assert.equal(huge.byteLength, 0, 'very large memory goes back at once');
  });
});
