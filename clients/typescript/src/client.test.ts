import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { digestOf } from '../../../src/core/index.ts';
import { createPlatform, type Platform } from '../../../src/platform.ts';
import { addSubModel, identityModel, scaleModel, writeModelDirectory } from '../../../src/testing/onnx-models.ts';
import { temporaryDirectory, testConfig } from '../../../src/testing/platform-harness.ts';
import { until } from '../../../src/testing/until.ts';
import { InferenceClient, LeptonApiError, LeptonClient, outcomeOf, type PlatformEvent, type PushProgress, type ServiceStatus } from './index.ts';
import { parseTimings } from './inference.ts';
import { type Datatype, datatypeOf, tensorBytes, tensorValues } from './tensors.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let platform: Platform;
let client: LeptonClient;
let inference: InferenceClient;

before(async () => {
  directory = await temporaryDirectory();
  platform = await createPlatform(testConfig(join(directory.path, 'data'), { grpc: 'off' }));
  const url = platform.status().httpUrl ?? '';
  client = new LeptonClient({ url: `${url}/`, user: 'ada' });
  inference = new InferenceClient({ url });
});
after(async () => {
  await platform.stop({ graceMs: 3000 });
  await directory.remove();
});

async function push(version: string, model: Uint8Array, repository = 'scale') {
  const source = join(directory.path, `${repository}-${version}`);
  await writeModelDirectory(source, model);
  return client.pushDirectory(source, { repository, version, createRepository: true });
}

const failsWith = (code: string, status: number) => (thrown: unknown) => thrown instanceof LeptonApiError && thrown.code === code && thrown.status === status;

describe('LeptonClient', () => {
  it('pushes a directory: only what the server lacks, with progress', async () => {
    const source = join(directory.path, 'artefact');
    await writeModelDirectory(source, scaleModel(2));
    await mkdir(join(source, 'extra'));
    await writeFile(join(source, 'extra', 'large.bin'), new Uint8Array(3_000_000).fill(7));
    await writeFile(join(source, 'extra', 'same.bin'), new Uint8Array(3_000_000).fill(7));
    const seen: PushProgress[] = [];
    const first = await client.pushDirectory(source, { repository: 'scale', version: 'v1', createRepository: true, metadata: { accuracy: 0.9 }, extraFiles: { 'notes/readme.txt': new TextEncoder().encode('hi') }, onProgress: (progress) => seen.push(progress) });
    assert.deepEqual(first.version.manifest.files.map(({ path }) => path), ['extra/large.bin', 'extra/same.bin', 'model.onnx', 'notes/readme.txt']);
    assert.equal(first.sentBytes, 3_000_000 + scaleModel(2).byteLength + 2);
    assert.equal(first.version.createdBy, 'ada');
    for (const phase of ['hash', 'upload', 'verify'] as const) {
      const last = seen.findLast((progress) => progress.phase === phase);
      assert.equal(last?.doneBytes, last?.totalBytes, phase);
    }
    await writeFile(join(source, 'extra', 'same.bin'), 'other');
    const second = await client.pushDirectory(source, { repository: 'scale', version: 'v1b', extraFiles: { 'notes/readme.txt': new TextEncoder().encode('hi') } });
    assert.equal(second.sentBytes, 5);
    const bytes = new Uint8Array(await new Response(await client.downloadFile('scale', 'v1', 'extra/large.bin')).arrayBuffer());
    assert.deepEqual([bytes.length, bytes[2_999_999]], [3_000_000, 7]);
  });

  it('sends a file after all that the server had, but dropped with a push that it refused meanwhile', async () => {
    const weights = join(directory.path, 'weights');
    await writeModelDirectory(weights, scaleModel(5));
    await writeFile(join(weights, 'shared.bin'), 'in two pushes');
    const digest = digestOf('in two pushes');
    await client.putBlob(digest, new Blob(['in two pushes']).stream(), 13);
    const dropped = client.missingBlobs.bind(client);
    let asked = 0;
    client.missingBlobs = async (digests) => {
      const missing = await dropped(digests);
      if (asked++ === 0) {
        for (let claim = 0; claim < 2; claim++) await assert.rejects(client.publish('scale', { version: 'bad', files: [{ path: 'model.onnx', digest, size: 13 }] }), failsWith('MODEL_INVALID', 422));
        assert.deepEqual((await dropped([digest])).digests, [digest]);
      }
      return missing;
    };
    try {
      const { created, sentBytes } = await client.pushDirectory(weights, { repository: 'scale', version: 'resent' });
      assert.deepEqual([created, sentBytes, asked], [true, scaleModel(5).byteLength + 13, 2]);
    } finally {
      client.missingBlobs = dropped;
    }
  });

  it('gives the server’s errors and tells a server that is not there', async () => {
    await assert.rejects(client.getRepository('nope'), failsWith('REPOSITORY_NOT_FOUND', 404));
    await assert.rejects(client.pushDirectory(join(directory.path, 'nothing'), { repository: 'scale', version: 'x' }), failsWith('INVALID_ARGUMENT', 0));
    await assert.rejects(new LeptonClient({ url: 'http://127.0.0.1:9' }).status(), failsWith('SERVER_UNREACHABLE', 0));
  });

  it('deploys, waits and reads the outcome', async () => {
    await push('v2', scaleModel(3));
    const { revision, status } = await client.deploy('scaler', { version: 'scale:v1' }, { waitSeconds: 60, reason: 'test' });
    assert.equal(outcomeOf(status as ServiceStatus, revision).state, 'serving');
    const dark = await client.deploy('scaler', { version: 'scale:v2' }, { waitSeconds: 60 });
    assert.equal(outcomeOf(await client.waitSettled('scaler', { revision: dark.revision, waitSeconds: 10 }), dark.revision).state, 'serving');
    assert.ok((await client.listRevisions('scaler')).some(({ reason }) => reason === 'test'));
    assert.match(await client.replicaLog((await client.listReplicas({ service: 'scaler' }))[0]?.id ?? ''), /ready/);
  });

  it('follows events', async () => {
    const seen: PlatformEvent[] = [];
    const stop = new AbortController();
    const following = (async () => {
      for await (const event of client.followEvents({ repository: 'followed' }, stop.signal)) seen.push(event);
    })().catch(() => undefined);
    await until('the event', async () => {
      await client.createRepository('followed', { ifNotExists: true });
      return seen.length > 0;
    });
    stop.abort();
    await following;
    assert.equal(seen[0]?.repository, 'followed');
  });
});

describe('InferenceClient', () => {
  const inputs = { x: { data: new Float32Array([1, 2, 3, 4]), shape: [1, 4] } };

  it('sends and receives binary tensors, pinned or by the traffic', async () => {
    const byTraffic = await inference.infer('scaler', inputs);
    assert.deepEqual([byTraffic.version, [...(byTraffic.outputs.y?.data as Float32Array)]], ['v1', [2, 4, 6, 8]]);
    assert.match(byTraffic.predictionId ?? '', /^[0-9a-f-]{36}$/);
    assert.ok((byTraffic.timings.runMs ?? -1) >= 0 && byTraffic.timings.batchSize === 1);
    const pinned = await inference.infer('scaler', inputs, { version: 'v2', outputs: ['y'], id: 'mine', timeoutMs: 10_000 });
    assert.deepEqual([pinned.version, [...(pinned.outputs.y?.data as Float32Array)]], ['v2', [3, 6, 9, 12]]);
  });

  it('learns which version its sticky key gets', async () => {
    await client.setTraffic('scaler', { weights: { v1: 50, v2: 50 }, sticky: { header: 'x-user' } }, { waitSeconds: 30 });
    const versions = new Set<string>();
    for (let user = 0; user < 20; user++) {
      const headers = { 'x-user': `user-${user}` };
      const { version } = await inference.metadata('scaler', { headers });
      assert.equal((await inference.infer('scaler', inputs, { headers })).version, version);
      versions.add(version ?? '');
    }
    assert.deepEqual([...versions].sort(), ['v1', 'v2']);
  });

  it('carries integers, 64-bit ones exactly, and texts', async () => {
    for (const [name, model] of Object.entries({ sum: addSubModel(), long: identityModel('INT64'), text: identityModel('BYTES') })) {
      await push('v1', model, name);
      await client.deploy(name, { version: `${name}:v1` }, { waitSeconds: 60 });
    }
    const data = Int32Array.from({ length: 16 }, (_, index) => index);
    const sum = await inference.infer('sum', { INPUT0: { data, shape: [16] }, INPUT1: { data, shape: [16] } });
    assert.deepEqual(sum.outputs.OUTPUT0?.data, data.map((value) => 2 * value));
    const long = await inference.infer('long', { x: { data: [2n ** 53n + 1n, -5n], shape: [1, 2] } });
    assert.deepEqual([...(long.outputs.y?.data as BigInt64Array)], [2n ** 53n + 1n, -5n]);
    const text = await inference.infer('text', { x: { data: ['ä', ''], shape: [1, 2] } });
    assert.deepEqual((text.outputs.y?.data as Uint8Array[]).map((bytes) => new TextDecoder().decode(bytes)), ['ä', '']);
  });

  it('gives the server’s errors', async () => {
    await assert.rejects(inference.infer('nope', inputs), failsWith('MODEL_NOT_FOUND', 404));
    await assert.rejects(inference.infer('scaler', inputs, { version: 'v9' }), failsWith('VERSION_NOT_FOUND', 404));
    await assert.rejects(inference.infer('scaler', { x: { data: [1, 2], shape: [1, 2] } }), failsWith('INVALID_ARGUMENT', 400));
    assert.deepEqual([await inference.ready('scaler'), await inference.ready('nope')], [true, false]);
  });
});

describe('tensors', () => {
  it('have the datatype of their array, and come back as they went', () => {
    assert.deepEqual([new Float64Array(1), new BigUint64Array(1), new Int8Array(1), [1.5], [1n], [true], ['a']].map((data) => datatypeOf(data as never)), ['FP64', 'UINT64', 'INT8', 'FP32', 'INT64', 'BOOL', 'BYTES']);
    assert.deepEqual(tensorValues(tensorBytes([1, 0, 1], 'BOOL', 'x'), 'BOOL'), new Uint8Array([1, 0, 1]));
    assert.deepEqual(tensorValues(tensorBytes(new Uint16Array([9, 8]).subarray(1), 'FP16', 'x'), 'FP16'), new Uint16Array([8]));
    assert.throws(() => tensorValues(new Uint8Array([9, 0, 0, 0, 1]), 'BYTES'), /broken/);
  });

  it('hold values that fit; nothing is converted to fit', () => {
    const refused: [unknown[], Datatype, RegExp][] = [
      [[1, 'a'], 'FP32', /^LeptonApiError: x\[1\] is "a", not a number \(FP32\)/],
      [[null], 'FP64', /x\[0\] is null/],
      [[1e50], 'FP32', /1e\+50, not a number within its range/],
      [[65520], 'FP16', /65520, not a number within its range/],
      [[1.5], 'INT64', /1.5, not a whole number/],
      [[2 ** 60], 'INT64', /not a whole number/],
      [[-1], 'UINT8', /-1, not a whole number from 0 to 255/],
      [['a', 2], 'BYTES', /x\[1\] is 2, not a text/],
    ];
    for (const [data, datatype, message] of refused) assert.throws(() => tensorBytes(data as never, datatype, 'x'), message);
    assert.ok(Number.isNaN(tensorValues(tensorBytes([Number.NaN], 'FP32', 'x'), 'FP32')[0]));
  });

  it('of 16-bit floats are rounded as the machine does', () => {
    const values = [0, -0, 1, -1.5, 0.1, 65504, 65519, 6e-8, 2.9e-8, 2 ** -14, 2 ** -24, 1 - 2 ** -12, 2047.5, 2048.5, 1 / 3, Number.NaN, Number.NEGATIVE_INFINITY];
    const halves = new Uint16Array((tensorBytes(values, 'FP16', 'x') as Uint8Array<ArrayBuffer>).buffer);
    assert.deepEqual([...new Float16Array(halves.buffer)], values.map(Math.f16round));
    const upper = tensorValues(tensorBytes([1, -2.5, 3.4e38 * 0.99, 1 + 2 ** -8, 1 + 3 * 2 ** -8], 'BF16', 'x'), 'BF16') as Uint16Array;
    assert.deepEqual([...upper], [0x3f80, 0xc020, 0x7f7d, 0x3f80, 0x3f82]);
  });

  it('timings are read from the header', () => {
    assert.deepEqual(parseTimings('queue;dur=0.100, batch;dur=0.200;desc="4", run;dur=2.5, total;dur=3'), { queueMs: 0.1, batchMs: 0.2, batchSize: 4, runMs: 2.5, totalMs: 3 });
    assert.deepEqual(parseTimings(null), {});
  });
});
