import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { scaleModel, writeModelDirectory } from '../../testing/onnx-models.ts';
import { parseTritonConfig } from './model-config.ts';
import { compareVersions, readTritonDirectory } from './triton-directory.ts';

describe('config.pbtxt', () => {
  it('is read in every notation that protobuf text format allows', () => {
    const config = parseTritonConfig(
      `# comment
      name: "simple"  platform: 'onnxruntime' "_onnx"; max_batch_size: 8,
      input [ { name: "INPUT0" data_type: TYPE_INT32 dims: [ 16 ] }, { name: "INPUT1", data_type: TYPE_INT32; dims: 16 } ]
      output: { name: "OUTPUT0" data_type: TYPE_INT32 dims: 16 }
      dynamic_batching { preferred_batch_size: [ 4, 8 ] max_queue_delay_microseconds: 1500 }
      instance_group [ { count: 2 kind: KIND_CPU }, { count: 1 kind: KIND_GPU } ]
      version_policy: { all { } }
      parameters: { key: "a" value: { string_value: "b" } }
      optimization { execution_accelerators { cpu_execution_accelerator: [ { name: "openvino" } ] } }`,
      'simple',
    );
    assert.deepEqual(config, { batching: { maxBatchSize: 8, preferred: [4, 8], maxDelayMs: 1.5 }, replicas: 2, ignored: ['optimization', 'parameters'] });
  });
  it('may be empty: no batches, nothing said', () => {
    assert.deepEqual(parseTritonConfig('', 'm'), { batching: { maxBatchSize: 0 }, replicas: null, ignored: [] });
  });
  it('is refused with the reason when it is wrong', () => {
    assert.throws(() => parseTritonConfig('max_batch_size: "x"', 'm'), /config\.pbtxt/);
    assert.throws(() => parseTritonConfig('no_such_field: 1', 'm'), /no_such_field/);
    assert.throws(() => parseTritonConfig('name: "other"', 'm'), /other/);
    assert.throws(() => parseTritonConfig('platform: "tensorflow_savedmodel"', 'm'), /tensorflow_savedmodel/);
    assert.throws(() => parseTritonConfig('max_batch_size: -2', 'm'), /-2/);
    assert.throws(() => parseTritonConfig('input {', 'm'), /config\.pbtxt/);
  });
});

describe('Triton directory', () => {
  let root = '';
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'lepton-triton-'));
    for (const version of ['10', '2', '1']) await writeModelDirectory(join(root, 'models/scale', version), scaleModel(Number(version)));
    await writeModelDirectory(join(root, 'models/nested/1/model.onnx'), scaleModel(1));
    await mkdir(join(root, 'models/empty'), { recursive: true });
    await writeModelDirectory(join(root, 'models/badconfig/1'), scaleModel(1));
    await writeFile(join(root, 'models/badconfig/config.pbtxt'), 'max_batch_size: oops');
    await writeFile(join(root, 'secret'), 'secret');
    await mkdir(join(root, 'models/escape/1'), { recursive: true });
    await symlink(join(root, 'secret'), join(root, 'models/escape/1/model.onnx'));
    await writeFile(join(root, 'models/README.md'), 'not a model');
  });
  after(() => rm(root, { recursive: true, force: true }));

  it('gives every version in numeric order and reports what it leaves out', async () => {
    const { models, problems } = await readTritonDirectory(join(root, 'models'));
    assert.deepEqual(models.map((model) => [model.name, model.versions.map((version) => version.version)]), [['nested', ['1']], ['scale', ['1', '2', '10']]]);
    assert.equal(models[0]?.versions[0]?.directory, join(root, 'models/nested/1/model.onnx'));
    assert.deepEqual(problems.filter((problem) => problem.severity === 'error').map((problem) => problem.model).sort(), ['badconfig', 'empty', 'escape', 'escape']);
    assert.match(problems.map((problem) => problem.message).join('\n'), /leads out/);
  });
  it('says why a root cannot be read', async () => {
    await assert.rejects(readTritonDirectory(join(root, 'nowhere')), /nowhere/);
  });
  it('orders versions by number, then by name', () => {
    assert.deepEqual(['v2', '10', '9', 'a'].sort(compareVersions), ['9', '10', 'a', 'v2']);
  });
});
