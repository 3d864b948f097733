import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type Digest, digestOf } from '../../../core/index.ts';
import { BlobStore } from './blob-store.ts';

describe('blob store', () => {
  const directories: string[] = [];
  let directory: string;
  let blobs: BlobStore;
  const put = (content: string, digest: Digest = digestOf(content), sizeMax = 1000): ReturnType<BlobStore['put']> => blobs.put(digest, Readable.from([Buffer.from(content)]), sizeMax);
  const leftovers = (): Promise<string[]> => readdir(join(directory, 'tmp'));

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lepton-blobs-'));
    directories.push(directory);
    blobs = new BlobStore(directory);
  });
  after(() => Promise.all(directories.map((path) => rm(path, { recursive: true, force: true }))));

  it('stores a file once under its digest, read-only', async () => {
    assert.deepEqual(await put('hello'), { size: 5, created: true });
    assert.deepEqual(await put('hello'), { size: 5, created: false });
    const path = blobs.pathOf(digestOf('hello'));
    assert.equal((await stat(path)).mode & 0o777, 0o444);
    assert.equal(path, join(directory, 'blobs', 'sha256', '2c', digestOf('hello').slice(7)));
    const { size, content } = await blobs.open(digestOf('hello'));
    assert.deepEqual([size, await text(content)], [5, 'hello']);
    assert.deepEqual(await leftovers(), []);
  });

  it('stores a file once when many send it at the same time', async () => {
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => put('together')));
    assert.equal(outcomes.filter(({ created }) => created).length, 1);
    assert.equal(await blobs.rehash(digestOf('together')), digestOf('together'));
  });

  it('stores an empty file', async () => {
    assert.deepEqual(await put(''), { size: 0, created: true });
  });

  it('leaves nothing of content with another digest, over the limit, or cut off on its way', async () => {
    await assert.rejects(put('other', digestOf('announced')), { code: 'DIGEST_MISMATCH' });
    await assert.rejects(put('too long', digestOf('too long'), 3), { code: 'TOO_LARGE', message: /3 bytes/ });
    const broken = Readable.from((async function* () {
      yield Buffer.from('first half');
      throw new Error('connection lost');
    })());
    await assert.rejects(blobs.put(digestOf('whole'), broken, 1000), /connection lost/);
    assert.deepEqual(await leftovers(), []);
    for await (const blob of blobs.list()) assert.fail(`left ${blob.digest}`);
  });

  describe('an upload that broke off', () => {
    const MIB = 1024 * 1024;
    const whole = Buffer.alloc(3 * MIB, 'abcdefg');
    const digest = digestOf(whole);
    const uploads = (): Promise<string[]> => readdir(join(directory, 'uploads'));
    const cutAt = (bytes: number, content = whole): Readable => Readable.from((async function* () {
      yield content.subarray(0, bytes);
      throw new Error('connection lost');
    })());
    const isStored = async (): Promise<boolean> => (await blobs.size(digest)) !== undefined;
    beforeEach(() => assert.rejects(blobs.put(digest, cutAt(2 * MIB), 4 * MIB), /connection lost/));

    it('goes on from what came, also by a server that was started anew', async () => {
      assert.equal(await blobs.uploadOffset(digest), 2 * MIB);
      assert.equal(await isStored(), false);
      blobs = new BlobStore(directory);
      assert.equal(await blobs.uploadOffset(digest), 2 * MIB);
      assert.deepEqual(await blobs.put(digest, Readable.from([whole.subarray(2 * MIB)]), 4 * MIB, 2 * MIB), { size: 3 * MIB, created: true });
      assert.equal(await blobs.rehash(digest), digest);
      assert.equal((await stat(blobs.pathOf(digest))).nlink, 1);
      assert.deepEqual([await blobs.uploadOffset(digest), await uploads(), await leftovers()], [0, [], []]);
    });

    it('can go on where all bytes had come, but not their name', async () => {
      await writeFile(join(directory, 'uploads', digest.slice(7)), whole, { mode: 0o444 });
      assert.equal(await blobs.uploadOffset(digest), 3 * MIB);
      assert.equal((await blobs.put(digest, Readable.from([]), 4 * MIB, 3 * MIB)).created, true);
    });

    it('may break off again, and may be sent anew from its start', async () => {
      await assert.rejects(blobs.put(digest, cutAt(MIB / 2, whole.subarray(2 * MIB)), 4 * MIB, 2 * MIB), /connection lost/);
      assert.equal(await blobs.uploadOffset(digest), 2.5 * MIB);
      assert.equal((await blobs.put(digest, Readable.from([whole]), 4 * MIB)).created, true);
      assert.deepEqual(await uploads(), []);
    });

    it('is refused at another offset, changing nothing', async () => {
      for (const offset of [1, MIB, 3 * MIB]) await assert.rejects(blobs.put(digest, Readable.from([whole]), 4 * MIB, offset), { code: 'CONFLICT', details: { offset: 2 * MIB } });
      await assert.rejects(blobs.put(digestOf('of another'), Readable.from([whole]), 4 * MIB, 2 * MIB), { code: 'CONFLICT' });
      assert.equal(await blobs.uploadOffset(digest), 2 * MIB);
    });

    it('is thrown away if its bytes are of another file, or are too many', async () => {
      await assert.rejects(blobs.put(digest, Readable.from([Buffer.alloc(MIB)]), 4 * MIB, 2 * MIB), { code: 'DIGEST_MISMATCH' });
      assert.deepEqual([await blobs.uploadOffset(digest), await isStored()], [0, false]);
      await assert.rejects(blobs.put(digest, cutAt(2 * MIB), 4 * MIB));
      await assert.rejects(blobs.put(digest, Readable.from([whole]), 4 * MIB, 2 * MIB), { code: 'TOO_LARGE' });
      assert.deepEqual(await uploads(), []);
    });

    it('is nobody’s who sends the same file at the same time', async () => {
      const { readable, end } = slow(whole.subarray(2 * MIB));
      const first = blobs.put(digest, readable, 4 * MIB, 2 * MIB);
      while ((await blobs.uploadOffset(digest)) > 0) await delay(5);
      await assert.rejects(blobs.put(digest, Readable.from([whole.subarray(2 * MIB)]), 4 * MIB, 2 * MIB), { code: 'CONFLICT' });
      assert.equal(await blobs.sweepTemporary(Number.MAX_SAFE_INTEGER, false), 0);
      assert.equal((await blobs.put(digest, Readable.from([whole]), 4 * MIB)).created, true);
      end();
      assert.equal((await first).created, false);
      assert.deepEqual([await blobs.rehash(digest), await uploads(), await leftovers()], [digest, [], []]);
    });

    it('is removed with the garbage, when it is old, and when there are too many', async () => {
      assert.equal(await blobs.sweepTemporary(Date.now() - 60_000, false), 0);
      assert.equal(await blobs.sweepTemporary(Date.now() + 60_000, true), 1);
      assert.equal(await blobs.uploadOffset(digest), 2 * MIB);
      assert.equal(await blobs.sweepTemporary(Date.now() + 60_000, false), 1);
      assert.deepEqual(await uploads(), []);
      for (let index = 0; index < 70; index++) await writeFile(join(directory, 'uploads', String(index)), '');
      const old = new Date(Date.now() - 25 * 60 * 60 * 1000);
      await utimes(join(directory, 'uploads', '69'), old, old);
      await put('one more');
      assert.equal((await uploads()).length, 63);
      assert.ok(!(await uploads()).includes('69'));
    });
  });

  it('takes nothing but digests for names', async () => {
    for (const name of ['sha256:../../../etc/passwd', 'md5:00', '', `sha256:${'A'.repeat(64)}`]) {
      await assert.rejects(blobs.put(name as Digest, Readable.from([]), 10), { code: 'INVALID_ARGUMENT' });
      await assert.rejects(async () => blobs.open(name as Digest), { code: 'INVALID_ARGUMENT' });
    }
    await assert.rejects(blobs.open(digestOf('absent')), { code: 'BLOB_NOT_FOUND' });
  });

  it('says what is missing, each once', async () => {
    await put('here');
    assert.deepEqual(await blobs.missing([digestOf('here'), digestOf('gone'), digestOf('gone')]), [digestOf('gone')]);
  });

  it('empties its temporary directory when it is opened again', async () => {
    await blobs.withTemporary(async (path) => {
      await writeFile(path, 'half');
      new BlobStore(directory);
      assert.deepEqual(await leftovers(), []);
    });
  });
});

/** A body whose end waits. */
function slow(content: Buffer): { readable: Readable; end: () => void } {
  const readable = new Readable({ read: () => undefined });
  readable.push(content);
  return { readable, end: () => void readable.push(null) };
}
