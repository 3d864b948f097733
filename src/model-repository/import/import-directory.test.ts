import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { scaleModel, writeModelDirectory } from '../../testing/onnx-models.ts';
import { openRepository, type RepositoryFixture } from '../../testing/repository-fixture.ts';
import { importTritonDirectory } from './import-directory.ts';

describe('import of a Triton-style directory', () => {
  let root: string;
  let fixture: RepositoryFixture;
  const by = 'importer';
  const outcome = async (): Promise<unknown> => {
    const { models, problems } = await importTritonDirectory(fixture.repository, root, { by });
    return { models: models.map(({ name, versions }) => [name, versions.map(({ version, created }) => [version, created])]), problems: problems.filter(({ severity }) => severity === 'error').map(({ model, version }) => [model, version]) };
  };
  before(async () => {
    fixture = await openRepository();
    root = await mkdtemp(join(tmpdir(), 'lepton-import-'));
    for (const factor of [1, 2]) await writeModelDirectory(join(root, 'scale', String(factor)), scaleModel(factor));
    await writeFile(join(root, 'scale/config.pbtxt'), 'max_batch_size: 8 instance_group { count: 2 } dynamic_batching { default_queue_policy { max_queue_size: 9 } } version_policy { specific { versions: [ 1, 2, 3 ] } }');
    await mkdir(join(root, 'scale/3'));
    await symlink('../1/model.onnx', join(root, 'scale/3/model.onnx'));
    await writeModelDirectory(join(root, 'nested/1/model.onnx'), scaleModel(4));
    await writeModelDirectory(join(root, 'broken/1'), Buffer.from('no model'));
  });
  after(async () => {
    await fixture.close();
    await rm(root, { recursive: true, force: true });
  });

  it('publishes every version, reports the broken one, and goes on', async () => {
    const progress: string[] = [];
    const report = await importTritonDirectory(fixture.repository, root, { by, onProgress: ({ model, version }) => progress.push(`${model}/${version}`) });
    assert.deepEqual(report.models.map(({ name, versions, answering, replicas, queueLengthMax }) => [name, versions.map(({ version }) => version), answering, replicas, queueLengthMax]), [['nested', ['1'], '1', null, null], ['scale', ['1', '2', '3'], '3', 2, 9]]);
    assert.deepEqual(report.problems.map(({ model, version }) => [model, version]), [['broken', '1']]);
    assert.match(report.problems[0]?.message ?? '', /not an ONNX model/);
    assert.deepEqual(progress, ['broken/1', 'nested/1', 'scale/1', 'scale/2', 'scale/3']);
    const version = await fixture.repository.getVersion('scale', '2');
    assert.deepEqual([version.manifest.batching, version.createdBy, version.parentVersion], [{ maxBatchSize: 8 }, by, '1']);
    await assert.rejects(fixture.repository.getRepository('broken'), { code: 'REPOSITORY_NOT_FOUND' });
  });

  it('changes nothing when it runs again', async () => {
    assert.deepEqual(await outcome(), { models: [['nested', [['1', false]]], ['scale', [['1', false], ['2', false], ['3', false]]]], problems: [['broken', '1']] });
  });

  it('reports a version whose file changed, and keeps the one that it has', async () => {
    const { digest } = await fixture.repository.getVersion('scale', '2');
    await writeModelDirectory(join(root, 'scale/2'), scaleModel(20));
    assert.deepEqual(await outcome(), { models: [['nested', [['1', false]]], ['scale', [['1', false], ['3', false]]]], problems: [['broken', '1'], ['scale', '2']] });
    assert.equal((await fixture.repository.getVersion('scale', '2')).digest, digest);
  });
});
