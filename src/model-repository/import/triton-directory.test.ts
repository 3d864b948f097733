import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { scaleModel, writeModelDirectory } from '../../testing/onnx-models.ts';
import { parseTritonConfig } from './model-config.ts';
import { compareVersions, readTritonDirectory } from './triton-directory.ts';
import { versionsWithin } from './version-policy.ts';

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
    assert.deepEqual(config, { batching: { maxBatchSize: 8, preferred: [4, 8], maxDelayMs: 1.5 }, queueLengthMax: null, versionPolicy: { kind: 'all' }, replicas: 2, labelFiles: new Map(), inputFormats: {}, ignored: ['optimization', 'parameters'] });
  });
  it('may be empty: no batches, nothing said', () => {
    assert.deepEqual(parseTritonConfig('', 'm'), { batching: { maxBatchSize: 0 }, queueLengthMax: null, versionPolicy: null, replicas: null, labelFiles: new Map(), inputFormats: {}, ignored: [] });
  });
  it('bounds the queue and chooses versions', () => {
    const read = (text: string) => {
      const { queueLengthMax, versionPolicy, ignored } = parseTritonConfig(text, 'm');
      return [queueLengthMax, versionPolicy, ignored];
    };
    assert.deepEqual(read('dynamic_batching { default_queue_policy { max_queue_size: 20 } } version_policy { latest { num_versions: 2 } }'), [20, { kind: 'latest', count: 2 }, []]);
    assert.deepEqual(read('dynamic_batching { priority_levels: 2 default_queue_policy { timeout_action: DELAY } } version_policy { specific { versions: [1, 2] } }'), [null, { kind: 'specific', versions: ['1', '2'] }, ['dynamic_batching.priority_levels', 'dynamic_batching.default_queue_policy.timeout_action']]);
    for (const [policy, expected] of [[null, ['1', '2', '10']], [{ kind: 'all' }, ['1', '2', '10']], [{ kind: 'latest', count: 1 }, ['10']], [{ kind: 'specific', versions: ['2', '1', '7'] }, ['1', '2']]] as const) assert.deepEqual(versionsWithin(policy, ['1', '2', '10']), expected);
    assert.throws(() => versionsWithin({ kind: 'specific', versions: ['7'] }, ['1', '2']), /names 7, but there is 1, 2/);
  });
  it('is refused with the reason when it is wrong', () => {
    assert.throws(() => parseTritonConfig('max_batch_size: 8\nname: simple', 'simple'), /expected string \(line 2\): "name: simple"/);
    assert.throws(() => parseTritonConfig('max_batch_size: "x"', 'm'), /config\.pbtxt/);
    assert.throws(() => parseTritonConfig('no_such_field: 1', 'm'), /no_such_field/);
    assert.throws(() => parseTritonConfig('name: "other"', 'm'), /other/);
    assert.throws(() => parseTritonConfig('platform: "tensorflow_savedmodel"', 'm'), /tensorflow_savedmodel/);
    assert.throws(() => parseTritonConfig('sequence_batching { max_sequence_idle_microseconds: 5000000 }', 'm'), /sequence_batching can't be served: it keeps state/);
    assert.throws(() => parseTritonConfig('ensemble_scheduling { }', 'm'), /ensemble_scheduling/);
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
    assert.deepEqual(problems.filter((problem) => problem.severity === 'error').map((problem) => problem.model).sort(), ['badconfig', 'empty', 'escape']);
    assert.match(problems.map((problem) => problem.message).join('\n'), /leads out/);
  });
  it('says which directory to give instead of that of one model', async () => {
    await assert.rejects(readTritonDirectory(join(root, 'models/scale')), (error: Error) => error.message.includes('one model, with version 1, 10, 2') && error.message.endsWith(join(root, 'models')));
  });
  it('chooses the newest version within the policy, and warns of the others', async () => {
    const directory = join(root, 'policies');
    for (const version of ['1', '2', '3']) await writeModelDirectory(join(directory, 'chosen', version), scaleModel(Number(version)));
    await writeFile(join(directory, 'chosen/config.pbtxt'), 'version_policy { specific { versions: [ 1, 2 ] } }');
    const { models, problems } = await readTritonDirectory(directory);
    assert.deepEqual([models[0]?.withinPolicy, models[0]?.versions.length], [['1', '2'], 3]);
    assert.deepEqual(problems.map(({ severity }) => severity), ['warning']);
    assert.match(problems[0]?.message ?? '', /version_policy leaves out 3; it is served/);
  });
  it('says why a root cannot be read', async () => {
    await assert.rejects(readTritonDirectory(join(root, 'nowhere')), /nowhere/);
  });
  it('orders versions by number, then by name', () => {
    assert.deepEqual(['v2', '10', '9', 'a'].sort(compareVersions), ['9', '10', 'a', 'v2']);
  });
});
