import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { LeptonError } from '../../core/index.ts';
import { encodeModel, scaleModel, writeModelDirectory } from '../../testing/onnx-models.ts';
import { inspectArtefact } from './inspect.ts';
import { inspectOnnx } from './onnx-inspect.ts';
import { DATA_LOCATION_EXTERNAL, ModelProto, OnnxType } from './onnx-proto.ts';

type Message = any;

/** Bytes of one protobuf field that holds a message. */
function field(number: number, content: Uint8Array): Buffer {
  const length: number[] = [];
  for (let rest = content.length; ; rest = Math.floor(rest / 128)) {
    length.push((rest % 128) + (rest >= 128 ? 128 : 0));
    if (rest < 128) break;
  }
  return Buffer.concat([Buffer.of(number * 8 + 2, ...length), content]);
}

describe('files that are no model to serve', () => {
  let root: string;
  let serial = 0;
  before(async () => void (root = await mkdtemp(join(tmpdir(), 'lepton-refusals-'))));
  after(() => rm(root, { recursive: true, force: true }));

  async function directoryOf(model: Uint8Array, files: Readonly<Record<string, Uint8Array>> = {}): Promise<string> {
    const directory = join(root, String(++serial));
    await writeModelDirectory(directory, model);
    for (const [name, content] of Object.entries(files)) await writeFile(join(directory, name), content);
    return directory;
  }
  /** The refusal's message. Fails when the model is taken, or when the error is not a refusal that says what to blame. */
  async function refusal(model: Uint8Array, files?: Readonly<Record<string, Uint8Array>>): Promise<string> {
    const error: unknown = await inspectOnnx(await directoryOf(model, files), 'model.onnx').then(() => null, (thrown) => thrown);
    assert.ok(error instanceof LeptonError, `not refused: ${String(error)}`);
    assert.equal(error.code, 'MODEL_INVALID');
    assert.ok(!error.message.includes(root), `names no path of ours: ${error.message}`);
    assert.ok(error.message.includes('model.onnx') && error.message.length < 1_000, error.message);
    return error.message;
  }
  const changed = (change: (model: Message) => void, model: Uint8Array = scaleModel(1)): Uint8Array => {
    const message = ModelProto.toObject(ModelProto.decode(model), { longs: Number, arrays: true });
    change(message);
    return ModelProto.encode(ModelProto.fromObject(message)).finish();
  };
  const external = (fields: Readonly<Record<string, string>>): Uint8Array => changed((model) => {
    model.graph.initializer = [{ name: 'factor', dims: [1], dataType: OnnxType.FLOAT, dataLocation: DATA_LOCATION_EXTERNAL, externalData: Object.entries(fields).map(([key, value]) => ({ key, value })) }];
  });

  it('are told what they are', async () => {
    const cases: readonly (readonly [Uint8Array, RegExp])[] = [
      [Buffer.from('PK\x03\x04archive/data.pkl'), /zip archive, such as PyTorch/],
      [Buffer.from('\x89HDF\r\n\x1a\n', 'latin1'), /HDF5/],
      [Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:00\n'), /pointer of Git LFS/],
      [Buffer.from('{"model": 1}'), /it is text/],
      [Buffer.from('\x80\x02}q\x00.', 'latin1'), /Python pickle/],
      [Buffer.from('\x1c\x00\x00\x00TFL3', 'latin1'), /TensorFlow Lite/],
      [Buffer.from('\x7fELF', 'latin1'), /program or library/],
      [new Uint8Array(100_000), /model\.onnx is not an ONNX model/],
      [new Uint8Array(), /model\.onnx is empty/],
    ];
    for (const [bytes, reason] of cases) assert.match(await refusal(bytes), reason);
  });

  it('are refused wherever they are cut', async () => {
    const whole = scaleModel(1);
    for (let length = 0; length < whole.length; length += 3) assert.match(await refusal(whole.subarray(0, length)), /model\.onnx/);
  });

  it('are refused or served, never fatal, whichever bit is flipped', async () => {
    const whole = scaleModel(1);
    const outcomes = { refused: 0, served: 0 };
    for (let bit = 0; bit < whole.length * 8; bit += 5) {
      const flipped = Buffer.from(whole);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      const error: unknown = await inspectOnnx(await directoryOf(flipped), 'model.onnx').then(() => null, (thrown) => thrown);
      assert.ok(error === null || (error instanceof LeptonError && error.code === 'MODEL_INVALID'), `bit ${bit}: ${String(error)}`);
      outcomes[error ? 'refused' : 'served']++;
    }
    assert.ok(outcomes.refused > 100, JSON.stringify(outcomes));
  });

  it('are refused when they nest without end', async () => {
    for (const depth of [101, 5_000]) {
      let graph: Uint8Array = Buffer.alloc(0);
      // node { attribute { g } } in itself
      for (let level = 0; level < depth; level++) graph = field(1, field(5, field(6, graph)));
      assert.match(await refusal(Buffer.concat([scaleModel(1), field(7, graph)])), /max depth exceeded/);
    }
  });

  it('are refused for names that are there twice or not at all', async () => {
    assert.match(await refusal(changed((model) => model.graph.input.push(model.graph.input[0]))), /two inputs named "x"/);
    assert.match(await refusal(changed((model) => model.graph.output.push(model.graph.output[0]))), /two outputs named "y"/);
    assert.match(await refusal(changed((model) => (model.graph.input[0].name = ''))), /input has no name/);
    assert.match(await refusal(changed((model) => model.graph.node.push({ ...model.graph.node[0], name: 'again' }))), /y/);
  });

  it('are refused for operators that nobody knows and for impossible shapes', async () => {
    assert.match(await refusal(changed((model) => (model.graph.node[0].opType = 'Nonsense'))), /model\.onnx: onnxruntime cannot load the model: .*Nonsense/);
    assert.match(await refusal(changed((model) => (model.opsetImport[0].version = 9_999))), /model\.onnx.*opset/i);
    assert.match(await refusal(changed((model) => (model.irVersion = 99))), /IR version: 99/);
    const shaped = (...sizes: (number | string)[]): Uint8Array => encodeModel({ name: 'shape', inputs: [{ name: 'x', datatype: 'FP32', shape: sizes }], outputs: [{ name: 'y', datatype: 'FP32', shape: sizes }], nodes: [{ opType: 'Identity', input: ['x'], output: ['y'] }] });
    assert.match(await refusal(shaped(2 ** 31, 2 ** 31)), /input x has the shape \[2147483648,2147483648\], which is more than/);
    assert.match(await refusal(shaped('batch', 2 ** 52, 2 ** 52)), /input x has the shape \[batch,4503599627370496,4503599627370496\]/);
    const stored = (dims: number[]): Uint8Array => changed((model) => (model.graph.initializer[0].dims = dims));
    for (const dims of [[2 ** 31, 2 ** 31], [2 ** 62, 4], [-1], [1_000_000]]) assert.match(await refusal(stored(dims)), /model\.onnx: onnxruntime cannot load/);
  });

  it('are refused for external data that is not all there, or not in the artefact', async () => {
    const values = Buffer.from(new Float32Array([2, 3]).buffer);
    const files = { 'w.bin': values };
    await inspectOnnx(await directoryOf(external({ location: 'w.bin', offset: '4', length: '4' }), files), 'model.onnx');
    for (const location of ['../w.bin', '/etc/hostname', 'a/../../w.bin', './../w.bin', 'C:\\w.bin', '..\\w.bin', '', 'w.bin\0']) assert.match(await refusal(external({ location, length: '4' }), files), /inside the artefact/);
    assert.match(await refusal(external({ location: 'other.bin', length: '4' }), files), /other\.bin .*missing/);
    assert.match(await refusal(external({ location: '.', length: '4' }), files), /missing/);
    assert.match(await refusal(external({ location: 'w.bin', offset: '8', length: '4' }), files), /end at byte 12 of w\.bin, which has 8/);
    for (const [key, value] of [['offset', '-4'], ['offset', '0x4'], ['length', '4e0'], ['length', '99999999999999999999']] as const) assert.match(await refusal(external({ location: 'w.bin', offset: '0', length: '4', [key]: value }), files), new RegExp(`${key} "${value.replace('.', '\\.')}"`));
    // Without a length the runtime takes it from the shape.
    assert.match(await refusal(external({ location: 'w.bin', offset: '6' }), files), /model\.onnx.*factor/s);
    assert.match(await refusal(external({ location: 'w.bin', length: '8' }), files), /model\.onnx.*factor|size/s);
  });

  it('cannot make the runtime read its own memory for theirs', async () => {
    const tag = '*/_ORT_MEM_ADDR_/*';
    assert.match(await refusal(external({ location: tag, offset: '4096', length: '4' })), /inside the artefact/);
  });

  it('are given a limited memory and time', async () => {
    const directory = await directoryOf(scaleModel(1));
    const eater = join(root, 'eater.mjs');
    await writeFile(eater, 'const all = []; for (;;) all.push(Buffer.alloc(2 ** 26, 1));');
    const refused = (reason: RegExp) => (error: unknown) => error instanceof LeptonError && error.code === 'MODEL_INVALID' && reason.test(error.message);
    await assert.rejects(inspectArtefact(directory, { timeoutMs: 60_000, memoryBytesMax: 3 * 2 ** 30, program: eater }), refused(/more memory than the 3072 MiB allowed/));
    const hanger = join(root, 'hanger.mjs');
    await writeFile(hanger, 'for (;;);');
    await assert.rejects(inspectArtefact(directory, { timeoutMs: 500, program: hanger }), refused(/longer than 500 ms/));
    await inspectArtefact(directory, { timeoutMs: 60_000 });
  });
});
