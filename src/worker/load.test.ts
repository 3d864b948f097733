import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { BatchingHint, LoadProfile, Signature } from '../core/index.ts';
import { addSubModel, encodeModel, identityModel, scaleModel, writeModelDirectory } from '../testing/onnx-models.ts';
import { signatureOf } from '../testing/worker-fixture.ts';
import type { WorkerConfig } from '../wire/index.ts';
import { type LoadOutcome, loadVersion } from './load.ts';

const SCALE = signatureOf(['x'], ['y'], 'FP32', [-1, 4]);
const tensor = (name: string, datatype: string, shape: number[], data: unknown[]) => ({ name, datatype, shape, data });

describe('loading a version', () => {
  let directory: string;
  let serial = 0;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lepton-load-'));
  });
  after(() => rm(directory, { recursive: true }));

  async function load(model: Uint8Array | null, signature: Signature, options: { examples?: unknown; batching?: BatchingHint; profile?: LoadProfile; threads?: number; memoryBytes?: number } = {}): Promise<LoadOutcome> {
    const modelDirectory = join(directory, String(serial++));
    await writeModelDirectory(modelDirectory, model ?? new Uint8Array());
    if (!model) await rm(join(modelDirectory, 'model.onnx'));
    if (options.examples !== undefined) await writeFile(join(modelDirectory, 'lepton-examples.json'), typeof options.examples === 'string' ? options.examples : JSON.stringify(options.examples));
    const config = { modelDirectory, entry: 'model.onnx', format: 'onnx', signature, resources: { threads: options.threads ?? 1, memoryBytes: options.memoryBytes ?? null, cpus: null, pids: 512 }, batching: options.batching ?? null, profile: options.profile ?? null };
    return loadVersion(config as WorkerConfig);
  }
  function loaded(outcome: LoadOutcome): LoadProfile {
    assert.ok(outcome.ok, outcome.ok ? '' : `${outcome.reason}: ${outcome.message}`);
    return outcome.profile;
  }
  function failed(outcome: LoadOutcome): LoadOutcome & { ok: false } {
    assert.ok(!outcome.ok);
    return outcome;
  }

  it('proves and measures batches of a model with a free first dimension', async () => {
    const profile = loaded(await load(scaleModel(3), SCALE));
    assert.equal(profile.check, 'smoke');
    assert.deepEqual([profile.batchable, profile.batchableReason], [true, '']);
    assert.ok(profile.bestBatch > 1, JSON.stringify(profile.latencyMsByBatch));
    assert.ok(Object.keys(profile.latencyMsByBatch).length >= 2);
  });

  it('measures CPU and memory beside the clock', async () => {
    const profile = loaded(await load(scaleModel(3), SCALE));
    assert.deepEqual(Object.keys(profile.cpuMsByBatch), Object.keys(profile.latencyMsByBatch));
    assert.ok(Object.values(profile.cpuMsByBatch).every((cpuMs) => cpuMs > 0));
    assert.ok(profile.peakBytes > 2 ** 20 && profile.residentBytes > 2 ** 20);
    assert.equal(profile.origin, 'measured');
    assert.ok(profile.loadMs >= profile.measureMs);
  });

  it('measures other numbers of threads where there are more cores', async () => {
    const profile = loaded(await load(scaleModel(3), SCALE));
    const tried = new Set(profile.byThreads.map(({ threads }) => threads));
    if (availableParallelism() === 1) return assert.equal(tried.size, 0);
    assert.ok(tried.has(1) && tried.has(availableParallelism()), JSON.stringify(profile.byThreads));
    assert.deepEqual(new Set(profile.byThreads.map(({ batch }) => batch)), new Set([1, profile.bestBatch]));
  });

  it('does not open a second model where the declared memory has no room for it', async () => {
    assert.deepEqual(loaded(await load(scaleModel(3), SCALE, { memoryBytes: 2 ** 20 })).byThreads, []);
  });

  it('takes over what an earlier start has measured, and still runs the model first', async () => {
    const first = loaded(await load(scaleModel(3), SCALE));
    const known = { ...first, bestBatch: 16, latencyMsByBatch: { '1': 7, '16': 9 } };
    const again = loaded(await load(scaleModel(3), SCALE, { profile: known }));
    assert.deepEqual([again.origin, again.bestBatch, again.latencyMsByBatch, again.cpuMsByBatch], ['kept', 16, { '1': 7, '16': 9 }, first.cpuMsByBatch]);
    const broken = failed(await load(scaleModel(3), SCALE, { profile: known, examples: [{ inputs: [tensor('x', 'FP32', [1, 4], [1, 2, 3, 4])], outputs: [tensor('y', 'FP32', [1, 4], [0, 0, 0, 0])] }] }));
    assert.equal(broken.reason, 'KnownAnswerFailed');
  });

  it('keeps to the declared batch size', async () => {
    const profile = loaded(await load(scaleModel(3), SCALE, { batching: { maxBatchSize: 4 } }));
    assert.ok(profile.batchable && profile.bestBatch <= 4);
    const never = loaded(await load(scaleModel(3), SCALE, { batching: { maxBatchSize: 0 } }));
    assert.deepEqual([never.batchable, never.bestBatch], [false, 1]);
    assert.match(never.batchableReason, /declared/);
  });

  it('says why a model takes no batches', async () => {
    const profile = loaded(await load(addSubModel(), signatureOf(['INPUT0', 'INPUT1'], ['OUTPUT0', 'OUTPUT1'], 'INT32', [16])));
    assert.match(profile.batchableReason, /fixed first dimension of 16/);
    assert.deepEqual(Object.keys(profile.latencyMsByBatch), ['1']);
  });

  it('finds that rows which influence each other are not batchable, whatever is declared', async () => {
    const shape = ['batch', 4] as const;
    const model = encodeModel({
      name: 'softmax_over_rows',
      inputs: [{ name: 'x', datatype: 'FP32', shape }],
      outputs: [{ name: 'y', datatype: 'FP32', shape }],
      nodes: [{ opType: 'Softmax', input: ['x'], output: ['y'], attribute: [{ name: 'axis', type: 2, i: 0 }] }],
    });
    const profile = loaded(await load(model, SCALE));
    assert.equal(profile.batchable, false);
    assert.match(profile.batchableReason, /answered otherwise in a batch/);
    assert.match(loaded(await load(model, SCALE, { batching: { maxBatchSize: 8 } })).batchableReason, /although batches of 8 are declared/);
  });

  it('is ready only with its known answers', async () => {
    const inputs = [tensor('x', 'FP32', [1, 4], [1, 2, 3, 4])];
    const good = loaded(await load(scaleModel(2), SCALE, { examples: [{ inputs, outputs: [tensor('y', 'FP32', [1, 4], [[2, 4, 6.0005, 8]])] }] }));
    assert.equal(good.check, 'known-answer');
    assert.equal(good.batchable, true);
    const wrong = failed(await load(scaleModel(2), SCALE, { examples: [{ inputs, outputs: [tensor('y', 'FP32', [1, 4], [2, 4, 7, 8])] }] }));
    assert.equal(wrong.reason, 'KnownAnswerFailed');
    assert.match(wrong.message, /known answer 0: y element 2: expected 7, got 6/);
    const shape = failed(await load(scaleModel(2), SCALE, { examples: [{ inputs, outputs: [tensor('y', 'FP32', [2, 2], [2, 4, 6, 8])] }] }));
    assert.match(shape.message, /expected FP32\[2,2\], got FP32\[1,4\]/);
  });

  it('compares whole numbers beyond 2^53 exactly', async () => {
    const signature = signatureOf(['x'], ['y'], 'INT64', [-1, -1]);
    const examples = (value: string): string => `[{"inputs":[{"name":"x","datatype":"INT64","shape":[1,1],"data":[9007199254740993]}],"outputs":[{"name":"y","datatype":"INT64","shape":[1,1],"data":[${value}]}]}]`;
    loaded(await load(identityModel('INT64'), signature, { examples: examples('9007199254740993') }));
    assert.match(failed(await load(identityModel('INT64'), signature, { examples: examples('9007199254740992') })).message, /expected 9007199254740992, got 9007199254740993/);
  });

  it('proves and measures bfloat16 models too, and checks their known answers', async () => {
    const signature = signatureOf(['x'], ['y'], 'BF16', [-1, -1]);
    assert.equal(loaded(await load(identityModel('BF16'), signature)).batchable, true);
    const example = (y: number) => ({ examples: [{ inputs: [tensor('x', 'BF16', [1, 2], [1, 3.14])], outputs: [tensor('y', 'BF16', [1, 2], [1, y])] }] });
    assert.equal(loaded(await load(identityModel('BF16'), signature, example(3.140625))).check, 'known-answer');
    assert.match(failed(await load(identityModel('BF16'), signature, example(3.2))).message, /expected 3.203125, got 3.140625/);
  });

  it('fails with the reason when there is nothing to serve', async () => {
    assert.equal(failed(await load(null, SCALE)).reason, 'ArtefactMissing');
    for (const bytes of [new Uint8Array(), new Uint8Array([1, 2, 3]), scaleModel(2).subarray(0, 60)]) assert.equal(failed(await load(bytes, SCALE)).reason, 'LoadFailed');
    assert.match(failed(await load(scaleModel(2), signatureOf(['other'], ['y'], 'FP32', [-1, 4]))).message, /names input "other"/);
    assert.match(failed(await load(scaleModel(2), SCALE, { examples: '{' })).message, /lepton-examples.json cannot be read/);
  });

  it('fails a model with fixed dimensions that does not run', async () => {
    const model = encodeModel({
      name: 'never_runs',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [4] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: ['n', 'm'] }],
      nodes: [{ opType: 'Cast', input: ['x'], output: ['shape'], attribute: [{ name: 'to', type: 2, i: 7 }] }, { opType: 'Add', input: ['shape', 'three'], output: ['wanted'] }, { opType: 'Reshape', input: ['x', 'wanted'], output: ['y'] }],
      initializers: [{ name: 'three', dims: [1], dataType: 7, rawData: new Uint8Array(new BigInt64Array([3n]).buffer) }],
    });
    const outcome = failed(await load(model, { inputs: [{ name: 'x', datatype: 'FP32', shape: [4] }], outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, -1] }] }));
    assert.equal(outcome.reason, 'SmokeRunFailed');
    assert.match(outcome.message, /^node \S+ \(Reshape\): The input tensor cannot be reshaped/);
    assert.doesNotMatch(outcome.message, /onnxruntime_src/);
    assert.match(outcome.detail, /onnxruntime_src/, 'for the log');
  });

  it('makes up texts that are numbers too, and is inconclusive when a model wants others', async () => {
    const strings = signatureOf(['INPUT0', 'INPUT1'], ['OUTPUT0', 'OUTPUT1'], 'BYTES', [-1, 16]);
    const profile = loaded(await load(addSubModel({ batch: true, datatype: 'BYTES' }), strings));
    assert.deepEqual([profile.check, profile.batchable], ['smoke', true]);
    const choosy = encodeModel({
      name: 'choosy',
      inputs: [{ name: 'x', datatype: 'BYTES', shape: [4] }],
      outputs: [{ name: 'y', datatype: 'BYTES', shape: [3] }],
      nodes: [{ opType: 'Reshape', input: ['x', 'three'], output: ['y'] }],
      initializers: [{ name: 'three', dims: [1], dataType: 7, rawData: new Uint8Array(new BigInt64Array([3n]).buffer) }],
    });
    assert.equal(loaded(await load(choosy, { inputs: [{ name: 'x', datatype: 'BYTES', shape: [4] }], outputs: [{ name: 'y', datatype: 'BYTES', shape: [3] }] })).check, 'inconclusive');
  });

  it('guesses free dimensions, and is inconclusive when no guess runs', async () => {
    const product = (size: number) => encodeModel({
      name: 'product',
      inputs: [{ name: 'x', datatype: 'FP32', shape: ['batch', 'width'] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: ['batch', 1] }],
      nodes: [{ opType: 'MatMul', input: ['x', 'w'], output: ['y'] }],
      initializers: [{ name: 'w', dims: [size, 1], dataType: 1, rawData: new Uint8Array(new Float32Array(size).fill(1).buffer) }],
    });
    const signature: Signature = { inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, -1], dimensionNames: ['batch', 'width'] }], outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 1], dimensionNames: ['batch', ''] }] };
    assert.match(loaded(await load(product(512), signature)).checkMessage, /x\[1,512\]/);
    const unsure = loaded(await load(product(513), signature));
    assert.equal(unsure.check, 'inconclusive');
    assert.match(unsure.checkMessage, /no guess/);
    const examples = [{ inputs: [tensor('x', 'FP32', [2, 513], new Array(1026).fill(0.5))] }];
    const sure = loaded(await load(product(513), signature, { examples }));
    assert.equal(sure.check, 'known-answer');
  });
});
