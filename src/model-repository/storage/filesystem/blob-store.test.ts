import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, beforeEach, describe, it } from 'node:test';
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
