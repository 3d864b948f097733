/** What the model repository promises, run against each database. */
import assert from 'node:assert/strict';
import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type ArtefactFile, type Digest, digestOf, LeptonError } from '../core/index.ts';
import type { ModelRepository } from '../model-repository/index.ts';
import { scaleModel } from './onnx-models.ts';
import { type RepositoryFixture, store } from './repository-fixture.ts';

const by = 'tester';

/** Where the file system storage keeps a blob. */
export const blobPath = (directory: string, digest: Digest): string => join(directory, 'blobs', 'sha256', digest.slice(7, 9), digest.slice(7));

export function describeRepository(engine: string, open: () => Promise<RepositoryFixture>): void {
  describe(`model repository on ${engine}`, () => {
    let fixture: RepositoryFixture;
    let repository: ModelRepository;
    const models = new Map<number, ArtefactFile>();

    const model = async (factor: number): Promise<ArtefactFile[]> => {
      const known = models.get(factor) ?? (await store(repository, 'model.onnx', scaleModel(factor)));
      models.set(factor, known);
      return [known];
    };
    const publish = async (name: string, version: string, factor: number, more: object = {}): ReturnType<ModelRepository['publish']> =>
      repository.publish({ repository: name, version, files: await model(factor), by, createRepository: true, ...more });

    before(async () => {
      fixture = await open();
      ({ repository } = fixture);
      await publish('scale', 'v1', 1);
      await publish('scale', 'v2', 2, { metadata: { accuracy: 0.9 } });
    });
    after(() => fixture.close());

    it('publishes a version with signature, digest, size, lineage, and who and when', async () => {
      const v2 = await repository.getVersion('scale', 'v2');
      const v1 = await repository.getVersion('scale', 'v1');
      assert.equal(v2.parentVersion, 'v1');
      assert.equal(v2.manifest.parent, v1.digest);
      assert.equal(v1.manifest.parent, null);
      assert.equal(v2.createdBy, by);
      assert.equal(v2.sizeBytes, scaleModel(2).byteLength);
      assert.deepEqual(v2.manifest.signature, { inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4], dimensionNames: ['batch', ''] }], outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 4], dimensionNames: ['batch', ''] }] });
      assert.deepEqual(v2.manifest.metadata, { accuracy: 0.9 });
      assert.equal(v2.manifest.entry, 'model.onnx');
    });

    it('answers the same content under the same name with what is there', async () => {
      const again = await publish('scale', 'v1', 1);
      assert.equal(again.created, false);
      assert.equal(again.version.digest, (await repository.getVersion('scale', 'v1')).digest);
      assert.equal((await publish('scale', 'v2', 2, { metadata: { accuracy: 0.9 }, parent: 'v1' })).created, false);
      assert.equal((await repository.listVersions('scale')).length, 2);
    });

    it('refuses other content under a name that is taken, and says what differs', async () => {
      await assert.rejects(publish('scale', 'v1', 3), { code: 'VERSION_EXISTS', message: /other files/ });
      await assert.rejects(publish('scale', 'v2', 2), { code: 'VERSION_EXISTS', message: /other metadata/ });
      await assert.rejects(publish('scale', 'v2', 2, { metadata: { accuracy: 0.9 }, parent: null }), { code: 'VERSION_EXISTS', message: /other parent/ });
    });

    it('lets one of two concurrent publications of a name in', async () => {
      const outcomes = await Promise.allSettled([publish('race', 'v1', 1), publish('race', 'v1', 2), publish('race', 'v1', 1)]);
      const created = outcomes.filter((o) => o.status === 'fulfilled' && o.value.created);
      assert.equal(created.length, 1);
      for (const outcome of outcomes) if (outcome.status === 'rejected') assert.equal((outcome.reason as LeptonError).code, 'VERSION_EXISTS');
    });

    it('refuses what was never uploaded, what is no model, and repositories that are not there; nothing is left behind', async () => {
      const absent = { path: 'model.onnx', digest: digestOf('never sent'), size: 10 };
      await assert.rejects(repository.publish({ repository: 'scale', version: 'v9', files: [absent], by }), { code: 'BLOB_MISSING', message: /model\.onnx/ });
      const text = await store(repository, 'model.onnx', Buffer.from('this is no model'));
      await assert.rejects(repository.publish({ repository: 'fresh', version: 'v1', files: [text], by, createRepository: true }), { code: 'MODEL_INVALID' });
      await assert.rejects(repository.getRepository('fresh'), { code: 'REPOSITORY_NOT_FOUND' });
      await assert.rejects(repository.publish({ repository: 'scall', version: 'v1', files: await model(1), by }), { code: 'REPOSITORY_NOT_FOUND', message: /did you mean scale/ });
      const wrongSize = (await model(1)).map((file) => ({ ...file, size: file.size + 1 }));
      await assert.rejects(repository.publish({ repository: 'scale', version: 'v9', files: wrongSize, by }), { code: 'DIGEST_MISMATCH' });
    });

    it('keeps nothing of a refused push but what a version or another push under way needs', async () => {
      const refused = (version: string, files: readonly ArtefactFile[], more: object = {}) => repository.publish({ repository: 'scale', version, files, by, ...more });
      const shared = await store(repository, 'data.bin', Buffer.from('a version needs this'));
      await publish('scale', 'with-data', 6, { files: [...(await model(6)), shared] });
      const [text, wanted, own] = await Promise.all(['no model', 'another push was told that it is there', 'nobody else needs this'].map((content, index) => store(repository, `${index}.bin`, Buffer.from(content)))) as [ArtefactFile, ArtefactFile, ArtefactFile];
      assert.deepEqual(await repository.missingBlobs([wanted.digest]), []);
      await assert.rejects(refused('v9', [{ ...text, path: 'model.onnx' }, shared, wanted, own]), { code: 'MODEL_INVALID' });
      const stored = async (files: readonly ArtefactFile[]) => Promise.all(files.map((file) => stat(blobPath(fixture.directory, file.digest)).then(() => true, () => false)));
      assert.deepEqual(await stored([text, own, wanted, shared]), [false, false, true, true]);
      await store(repository, '', Buffer.from('no model'));
      await assert.rejects(refused('v9', [text, wanted]), { code: 'MODEL_INVALID' });
      assert.deepEqual(await stored([text, wanted, shared]), [false, false, true], 'the last push that was refused takes it away');
      const other = await store(repository, 'model.onnx', scaleModel(31));
      await assert.rejects(refused('v1', [other]), { code: 'VERSION_EXISTS' });
      const unlucky = await store(repository, 'model.onnx', scaleModel(32));
      await assert.rejects(refused('..', [unlucky]), { code: 'INVALID_ARGUMENT' });
      const patient = await store(repository, 'model.onnx', scaleModel(33));
      await assert.rejects(refused('v9', [patient, { path: 'x', digest: digestOf('never sent'), size: 10 }]), { code: 'BLOB_MISSING' });
      assert.deepEqual(await stored([other, unlucky, patient]), [false, false, true], 'what is only incomplete may be completed');
      assert.deepEqual((await repository.fsck()).problems, []);
      await repository.deleteVersion('scale', 'with-data', { by });
    });

    it('takes names that JavaScript finds special, and refuses names that look like paths', async () => {
      for (const name of ['constructor', 'hasOwnProperty', 'toString']) await repository.createRepository(name, { by });
      await publish('constructor', 'valueOf', 1);
      assert.equal((await repository.getVersion('constructor', 'valueOf')).version, 'valueOf');
      await repository.moveLabel('constructor', 'prototype', 'valueOf', { by });
      assert.deepEqual((await repository.getRepository('constructor')).labels, { prototype: 'valueOf' });
      for (const bad of ['..', '.', 'a/b', '', '__proto__', 'a\\b', 'a b', 'x'.repeat(129)]) await assert.rejects(repository.createRepository(bad, { by }), { code: 'INVALID_ARGUMENT' });
    });

    it('moves labels with history, by expectation, and only one at a time wins', async () => {
      await repository.moveLabel('scale', 'stable', 'v1', { by });
      const moved = await repository.moveLabel('scale', 'stable', 'v2', { by: 'other', expect: 'v1' });
      assert.equal(moved.version, 'v2');
      assert.equal((await repository.getVersion('scale', 'stable')).version, 'v2');
      await assert.rejects(repository.moveLabel('scale', 'stable', 'v1', { by, expect: 'v1' }), { code: 'CONFLICT', message: /points to v2/ });
      await assert.rejects(repository.moveLabel('scale', 'stable', 'v1', { by, expect: null }), { code: 'CONFLICT' });
      const races = await Promise.allSettled(['v1', 'v1', 'v1'].map((version) => repository.moveLabel('scale', 'stable', version, { by, expect: 'v2' })));
      assert.equal(races.filter((race) => race.status === 'fulfilled').length, 1);
      const [last, previous] = (await repository.history('scale')).filter((entry) => entry.label === 'stable');
      assert.deepEqual([last?.action, last?.before, last?.version, last?.by], ['label-moved', 'v2', 'v1', by]);
      assert.deepEqual([previous?.before, previous?.version, previous?.by], ['v1', 'v2', 'other']);
    });

    it('does not write history for a label that is there already', async () => {
      const before = (await repository.history('scale')).length;
      await repository.moveLabel('scale', 'stable', 'v1', { by });
      assert.equal((await repository.history('scale')).length, before);
    });

    it('keeps versions and labels of a repository apart by name', async () => {
      await assert.rejects(repository.moveLabel('scale', 'v2', 'v1', { by }), { code: 'PRECONDITION_FAILED' });
      await assert.rejects(publish('scale', 'stable', 3), { code: 'PRECONDITION_FAILED' });
    });

    it('asks the guard before a label moves or goes, and tells the listeners after', async () => {
      const told: string[] = [];
      repository.onLabelChange((name, label) => told.push(`${name}:${label}`));
      repository.setLabelGuard(async (_name, label, version) => {
        if (label === 'guarded' && version !== 'v1') throw new LeptonError('PRECONDITION_FAILED', 'not ready');
      });
      await repository.moveLabel('scale', 'guarded', 'v1', { by });
      await assert.rejects(repository.moveLabel('scale', 'guarded', 'v2', { by }), { code: 'PRECONDITION_FAILED' });
      await assert.rejects(repository.deleteLabel('scale', 'guarded', { by }), { code: 'PRECONDITION_FAILED' });
      repository.setLabelGuard(async () => {});
      await repository.deleteLabel('scale', 'guarded', { by });
      assert.deepEqual(told, ['scale:guarded', 'scale:guarded']);
      await assert.rejects(repository.deleteLabel('scale', 'guarded', { by }), { code: 'LABEL_NOT_FOUND' });
    });

    it('compares two versions by files, signature and metadata', async () => {
      await repository.publish({ repository: 'scale', version: 'wide', files: [await store(repository, 'model.onnx', scaleModel(1, { width: 8, batch: false })), await store(repository, 'notes.txt', Buffer.from('hi'))], by, metadata: { accuracy: 0.95 } });
      const diff = await repository.diff('scale', 'v2', 'wide');
      assert.deepEqual(diff.files.map(({ path, change }) => [path, change]), [['model.onnx', 'changed'], ['notes.txt', 'added']]);
      assert.deepEqual(diff.signature[0], { side: 'input', name: 'x', change: 'changed', from: 'FP32[batch,4]', to: 'FP32[8]' });
      assert.deepEqual(diff.metadata.find(({ key }) => key === 'accuracy'), { key: 'accuracy', change: 'changed', from: 0.9, to: 0.95 });
      assert.equal((await repository.diff('scale', 'v1', 'v1')).identical, true);
    });

    it('names what there is when a version is not', async () => {
      await assert.rejects(repository.getVersion('scale', 'v7'), { code: 'VERSION_NOT_FOUND', message: /wide, v2, v1, stable/ });
    });

    it('refuses to delete what is pinned or labelled, naming the holders', async () => {
      await publish('pinned', 'v1', 1);
      await repository.setPins('service:a', [{ repository: 'pinned', version: 'v1' }]);
      await repository.setPins('service:b', [{ repository: 'pinned', version: 'v1' }]);
      await repository.moveLabel('pinned', 'champion', 'v1', { by });
      await assert.rejects(repository.deleteVersion('pinned', 'v1', { by }), { code: 'IN_USE', message: /service:a, service:b, label champion/ });
      await assert.rejects(repository.deleteRepository('pinned', { by }), { code: 'IN_USE', message: /service:a/ });
      await assert.rejects(repository.setPins('service:a', [{ repository: 'pinned', version: 'gone' }]), { code: 'VERSION_NOT_FOUND' });
      assert.deepEqual(await repository.pinsOf('pinned', 'v1'), ['service:a', 'service:b']);
      await repository.setPins('service:a', []);
      await repository.setPins('service:b', []);
      await repository.deleteLabel('pinned', 'champion', { by });
      await repository.deleteVersion('pinned', 'v1', { by });
      assert.equal((await repository.history('pinned'))[0]?.action, 'version-deleted');
      await repository.deleteRepository('pinned', { by });
      await assert.rejects(repository.getRepository('pinned'), { code: 'REPOSITORY_NOT_FOUND' });
    });

    it('forgets the name of a deleted parent, not its digest', async () => {
      await publish('family', 'parent', 1);
      await publish('family', 'child', 2);
      await repository.deleteVersion('family', 'parent', { by });
      const child = await repository.getVersion('family', 'child');
      assert.equal(child.parentVersion, null);
      assert.match(child.manifest.parent ?? '', /^sha256:/);
    });

    it('materialises a version once, as links, however many ask', async () => {
      const { digest, manifest } = await repository.getVersion('scale', 'wide');
      const paths = await Promise.all(Array.from({ length: 5 }, () => repository.materialise(digest)));
      assert.equal(new Set(paths).size, 1);
      assert.equal(await readFile(join(paths[0]!, 'notes.txt'), 'utf8'), 'hi');
      const linked = await stat(join(paths[0]!, 'model.onnx'));
      assert.equal(linked.ino, (await stat(blobPath(fixture.directory, manifest.files[0]!.digest))).ino);
      assert.equal(linked.mode & 0o222, 0);
      await assert.rejects(repository.materialise(digestOf('no version')), { code: 'VERSION_NOT_FOUND' });
    });

    it('collects what nothing reaches, after the grace time, and keeps the rest', async () => {
      const shared = await store(repository, 'shared.bin', Buffer.from('shared by two'));
      const own = await store(repository, 'own.bin', Buffer.from('only of one'));
      await publish('gc', 'v1', 5, { files: [...(await model(5)), shared, own] });
      await publish('gc', 'v2', 5, { files: [...(await model(5)), shared] });
      const { digest } = await repository.getVersion('gc', 'v1');
      const cached = await repository.materialise(digest);
      await repository.deleteVersion('gc', 'v1', { by });
      assert.equal((await repository.gc()).removedBlobs, 0, 'within the grace time');
      fixture.advance(2 * 60 * 60 * 1000);
      const planned = await repository.gc({ dryRun: true });
      assert.ok(planned.removedBlobs >= 1 && planned.removedDirectories === 1);
      assert.deepEqual(await repository.missingBlobs([own.digest]), [], 'a dry run removes nothing');
      fixture.advance(2 * 60 * 60 * 1000);
      const report = await repository.gc();
      assert.deepEqual([report.removedBlobs, report.removedDirectories, report.dryRun], [planned.removedBlobs, 1, false]);
      assert.deepEqual(await repository.missingBlobs([own.digest, shared.digest]), [own.digest]);
      await assert.rejects(stat(cached));
      assert.deepEqual((await repository.fsck()).problems, []);
      models.clear();
    });

    it('keeps the blobs of a publication that is under way from a collector without grace', async () => {
      const files = await Promise.all([7, 8, 9].map(async (factor) => [await store(repository, 'model.onnx', scaleModel(factor))]));
      const publications = files.map((file, index) => repository.publish({ repository: 'busy', version: `v${index}`, files: file, by, createRepository: true }));
      const collections = Array.from({ length: 5 }, () => repository.gc({ graceMs: 0 }));
      await Promise.all([...publications, ...collections]);
      assert.equal((await repository.listVersions('busy')).length, 3);
      assert.deepEqual((await repository.fsck()).problems, []);
    });

    it('finds a flipped bit, a lost file, a cut file and a changed cached copy', async () => {
      const content = Buffer.from('the weights of the model');
      const data = await store(repository, 'weights.bin', content);
      await publish('frail', 'v1', 1, { files: [await store(repository, 'model.onnx', scaleModel(1)), data] });
      const path = blobPath(fixture.directory, data.digest);
      await chmod(path, 0o644);
      const flipped = Buffer.from(content);
      flipped[3]! ^= 1;
      await writeFile(path, flipped);
      const [problem, ...others] = (await repository.fsck()).problems;
      assert.deepEqual([problem?.kind, problem?.digest, problem?.versions, others], ['blob-corrupt', data.digest, ['frail:v1'], []]);
      await writeFile(path, content.subarray(1));
      assert.equal((await repository.fsck()).problems[0]?.kind, 'blob-size');
      await writeFile(path, content);
      const cached = await repository.materialise((await repository.getVersion('frail', 'v1')).digest);
      await rm(join(cached, 'weights.bin'));
      await writeFile(join(cached, 'weights.bin'), flipped);
      assert.equal((await repository.fsck()).problems[0]?.kind, 'cached-file-corrupt');
      await writeFile(join(cached, 'weights.bin'), content);
      assert.deepEqual((await repository.fsck()).problems, []);
      await rm(path);
      const lost = (await repository.fsck()).problems;
      assert.deepEqual(lost.map(({ kind }) => kind), ['blob-missing']);
      await store(repository, 'weights.bin', content);
      assert.deepEqual((await repository.fsck()).problems, [], 'pushing it again repairs it');
    });

    it('finds a manifest that was changed in the database', async () => {
      const { db } = fixture.database;
      const row = await db.selectFrom('versions').selectAll().where('repository', '=', 'frail').executeTakeFirstOrThrow();
      await db.updateTable('versions').set({ manifest: row.manifest.replace('"batching":null', '"batching":{"maxBatchSize":2}') }).where('sequence', '=', row.sequence).execute();
      assert.deepEqual((await repository.fsck()).problems.map(({ kind, versions }) => [kind, versions]), [['manifest-digest', ['frail:v1']]]);
      await db.updateTable('versions').set({ manifest: row.manifest }).where('sequence', '=', row.sequence).execute();
    });

    it('tells every change to the events feed', () => {
      const reasons = new Set(fixture.events.map((event) => event.reason));
      for (const reason of ['RepositoryCreated', 'VersionPublished', 'LabelMoved', 'LabelDeleted', 'VersionDeleted', 'RepositoryDeleted']) assert.ok(reasons.has(reason), reason);
    });
  });
}
