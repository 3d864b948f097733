import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ArtefactFile, digestOf } from '../core/index.ts';
import { checkArtefactFiles, checkBatching, checkMetadata, FILES_MAX } from './artefact.ts';

const digest = digestOf('x');
const files = (...paths: string[]): ArtefactFile[] => paths.map((path) => ({ path, digest, size: 1 }));

describe('artefact files', () => {
  it('are sorted by path and stripped of what does not belong to them', () => {
    const [first, second] = checkArtefactFiles([{ path: 'b', digest, size: 1, extra: 1 } as ArtefactFile, ...files('a/b/c')]);
    assert.deepEqual([first, second], [...files('a/b/c'), ...files('b')]);
  });

  for (const path of ['', '/etc/passwd', '../up', 'a/../b', 'a//b', './a', 'a/.', 'a/', 'a\\b', 'a\u0000b', 'a\nb', 'x'.repeat(256), 'y/'.repeat(600) + 'z']) {
    it(`refuse the path ${JSON.stringify(path).slice(0, 40)}`, () => assert.throws(() => checkArtefactFiles(files(path)), { code: 'INVALID_ARGUMENT' }));
  }

  it('refuse none, too many, twice the same, and a file that is also a folder', () => {
    assert.throws(() => checkArtefactFiles([]), /at least one/);
    assert.throws(() => checkArtefactFiles(files(...Array.from({ length: FILES_MAX + 1 }, (_, i) => `f${i}`))), /4097 files/);
    assert.throws(() => checkArtefactFiles(files('a', 'a')), /twice/);
    assert.throws(() => checkArtefactFiles(files('a/b', 'a')), /also the folder/);
    assert.equal(checkArtefactFiles(files('a', 'a.b', 'ab/c')).length, 3);
  });

  it('refuse what is no digest or size', () => {
    assert.throws(() => checkArtefactFiles([{ path: 'a', digest: 'sha256:../../x' as `sha256:${string}`, size: 1 }]), /not a digest/);
    assert.throws(() => checkArtefactFiles([{ path: 'a', digest, size: -1 }]), /size/);
  });

  it('may have names that JavaScript finds special', () => {
    assert.equal(checkArtefactFiles(files('__proto__', 'constructor/__proto__')).length, 2);
  });
});

describe('metadata', () => {
  it('is a JSON object of at most 64 KiB, copied in a canonical order', () => {
    assert.equal(JSON.stringify(checkMetadata({ b: 1, a: [{ d: 1, c: 2 }] })), '{"a":[{"c":2,"d":1}],"b":1}');
    assert.deepEqual(checkMetadata(undefined), {});
    assert.throws(() => checkMetadata([1]), /object/);
    assert.throws(() => checkMetadata({ a: 'x'.repeat(65_536) }), /bytes as JSON/);
  });

  it('may be named __proto__ without harm, and is refused when nested too deep', () => {
    const copy = checkMetadata(JSON.parse('{"__proto__": {"polluted": 1}}'));
    assert.deepEqual(Object.keys(copy), ['__proto__']);
    assert.equal(({} as Record<string, unknown>).polluted, undefined);
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level++) deep = [deep];
    assert.throws(() => checkMetadata({ deep }), { code: 'INVALID_ARGUMENT' });
  });
});

describe('batching hint', () => {
  it('keeps its fields and refuses values out of range', () => {
    assert.deepEqual(checkBatching({ maxBatchSize: 8, preferred: [4, 8], maxDelayMs: 0.1 }), { maxBatchSize: 8, preferred: [4, 8], maxDelayMs: 0.1 });
    assert.equal(checkBatching(null), null);
    for (const hint of [{ maxBatchSize: -1 }, { maxBatchSize: 1.5 }, { maxBatchSize: 1, preferred: ['x'] }, { maxBatchSize: 1, maxDelayMs: Number.NaN }]) assert.throws(() => checkBatching(hint as never), { code: 'INVALID_ARGUMENT' });
  });
});
