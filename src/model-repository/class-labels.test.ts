import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { addSubModel, identityModel, scaleModel } from '../testing/onnx-models.ts';
import { openRepository, type RepositoryFixture } from '../testing/repository-fixture.ts';
import { CLASS_LABELS_BYTES_MAX, readClassLabels } from './class-labels.ts';
import { importTritonDirectory } from './import/index.ts';

describe('labels of classes', () => {
  let root: string;
  let fixture: RepositoryFixture;
  before(async () => {
    fixture = await openRepository();
    root = await mkdtemp(join(tmpdir(), 'lepton-labels-'));
  });
  after(async () => {
    await fixture.close();
    await rm(root, { recursive: true, force: true });
  });

  const write = async (directory: string, files: Readonly<Record<string, Uint8Array | string>>): Promise<void> => {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), content);
    }
  };
  let pushes = 0;
  const push = async (files: Readonly<Record<string, Uint8Array | string>>) => {
    const name = `pushed-${++pushes}`;
    await write(join(root, name), files);
    const { version } = await fixture.repository.publishDirectory(join(root, name), { repository: name, version: 'v1', by: 'test', createRepository: true });
    return readClassLabels(fixture.repository, version.manifest);
  };
  const labelsOf = async (repository: string) => readClassLabels(fixture.repository, (await fixture.repository.getVersion(repository, '1')).manifest);

  it('come from labels.txt for every output, and from a file of its own for one', async () => {
    assert.deepEqual(await push({ 'model.onnx': scaleModel(1), 'labels.txt': 'cat\ndog\n' }), { y: { file: 'labels.txt', labels: ['cat', 'dog'] } });
    assert.deepEqual(await push({ 'model.onnx': addSubModel(), 'labels.txt': 'cat\r\n\r\ndög', 'labels/OUTPUT1.txt': 'fish\n' }), {
      OUTPUT0: { file: 'labels.txt', labels: ['cat', '', 'dög'] },
      OUTPUT1: { file: 'labels/OUTPUT1.txt', labels: ['fish'] },
    });
  });

  it('are none without a file, for texts, and where no output has the file’s name', async () => {
    assert.equal(await push({ 'model.onnx': scaleModel(1) }), undefined);
    assert.equal(await push({ 'model.onnx': identityModel('BYTES'), 'labels.txt': 'a' }), undefined);
    assert.equal(await push({ 'model.onnx': scaleModel(1), 'labels/z.txt': 'a', 'labels/train.csv': 'b' }), undefined);
  });

  it('are refused when they are too large or not UTF-8', async () => {
    await assert.rejects(push({ 'model.onnx': scaleModel(1), 'labels.txt': 'x'.repeat(CLASS_LABELS_BYTES_MAX + 1) }), { code: 'MODEL_INVALID', message: /labels\.txt: .* have 1048577 bytes, the most allowed are 1048576/ });
    await assert.rejects(push({ 'model.onnx': scaleModel(1), 'labels.txt': Buffer.from([0xff]) }), { code: 'MODEL_INVALID', message: /labels\.txt: .* not UTF-8/ });
  });

  it('come with a Triton-style directory from where label_filename says', async () => {
    const models = join(root, 'models');
    await write(models, { 'pets/1/model.onnx': scaleModel(1), 'pets/names.txt': 'cat\ndog\n', 'pets/config.pbtxt': 'output { name: "y" data_type: TYPE_FP32 dims: [ 4 ] label_filename: "names.txt" }' });
    await write(models, { 'nowhere/1/model.onnx': scaleModel(1), 'nowhere/config.pbtxt': 'output { name: "y" label_filename: "missing.txt" }' });
    await write(models, { 'outside/1/model.onnx': scaleModel(1), 'outside/config.pbtxt': 'output { name: "y" label_filename: "link.txt" }' });
    await symlink('../pets/names.txt', join(models, 'outside/link.txt'));
    const { models: imported, problems } = await importTritonDirectory(fixture.repository, models, { by: 'test' });
    assert.deepEqual(imported.map(({ name }) => name), ['nowhere', 'outside', 'pets']);
    assert.deepEqual(await labelsOf('pets'), { y: { file: 'labels/y.txt', labels: ['cat', 'dog'] } });
    assert.deepEqual([await labelsOf('nowhere'), await labelsOf('outside')], [undefined, undefined]);
    assert.deepEqual(problems.map(({ model, severity }) => [model, severity]), [['nowhere', 'warning'], ['outside', 'warning']]);
    assert.match(problems[0]?.message ?? '', /label_filename "missing\.txt" of output y is left out: .*no such file/);
    assert.match(problems[1]?.message ?? '', /leads outside/);
    const again = await importTritonDirectory(fixture.repository, models, { by: 'test' });
    assert.deepEqual(again.models.flatMap(({ versions }) => versions.map(({ created }) => created)), [false, false, false]);
  });
});
