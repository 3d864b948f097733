import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { DATATYPES, LeptonError } from '../../core/index.ts';
import { addSubModel, identityModel, scaleModel } from '../../testing/onnx-models.ts';
import type { Inspection } from '../types.ts';
import { EXAMPLES_FILE } from './examples.ts';
import { inspectArtefact } from './inspect.ts';
import { inspectOnnx } from './onnx-inspect.ts';
import { DATA_LOCATION_EXTERNAL, ModelProto, OnnxType } from './onnx-proto.ts';

const timeoutMs = 60_000;

describe('inspection', () => {
  let root: string;
  let directories = 0;
  before(async () => void (root = await mkdtemp(join(tmpdir(), 'lepton-inspect-'))));
  after(() => rm(root, { recursive: true, force: true }));

  async function artefact(files: Readonly<Record<string, Uint8Array | string>>): Promise<string> {
    const directory = join(root, String(++directories));
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), content);
    }
    return directory;
  }
  const inspect = async (files: Readonly<Record<string, Uint8Array | string>>): Promise<Inspection> => inspectArtefact(await artefact(files), { timeoutMs });
  /** In this process, for the many small cases. */
  const inspectHere = async (model: Uint8Array, more: Readonly<Record<string, Uint8Array | string>> = {}): Promise<Inspection> => inspectOnnx(await artefact({ 'model.onnx': model, ...more }), 'model.onnx');
  const refused = (reason: RegExp) => (error: unknown) => {
    assert.ok(error instanceof LeptonError);
    assert.equal(error.code, 'MODEL_INVALID');
    assert.match(error.message, reason);
    assert.ok(!error.message.includes(root), `names no path of ours: ${error.message}`);
    return true;
  };

  it('reads the signature and the facts from the model, in a process of its own', async () => {
    const { format, entry, signature, model } = await inspect({ 'model.onnx': addSubModel({ batch: true }), 'labels.txt': 'a' });
    assert.deepEqual([format, entry], ['onnx', 'model.onnx']);
    assert.deepEqual(signature.inputs[0], { name: 'INPUT0', datatype: 'INT32', shape: [-1, 16], dimensionNames: ['batch', ''] });
    assert.deepEqual(signature.outputs.map(({ name }) => name), ['OUTPUT0', 'OUTPUT1']);
    assert.deepEqual(model, { irVersion: 8, opsets: { 'ai.onnx': 17 }, producer: 'lepton-ai', producerVersion: '', graph: 'add_sub' });
  });

  it('takes dimensions called ? as unknown, each for itself', async () => {
    const { signature } = await inspectHere(identityModel('FP32', ['n', 3, '?', '?']));
    assert.deepEqual(signature.inputs[0], { name: 'x', datatype: 'FP32', shape: [-1, 3, -1, -1], dimensionNames: ['n', '', '', ''] });
  });

  it('finds the only .onnx file under any name, and asks which when there are several', async () => {
    assert.equal((await inspect({ 'deep/net.onnx': scaleModel(2) })).entry, 'deep/net.onnx');
    await assert.rejects(inspect({ 'a.onnx': scaleModel(1), 'b.onnx': scaleModel(1) }), refused(/2 \.onnx files \(a\.onnx, b\.onnx\)/));
    await assert.rejects(inspect({ 'weights.h5': 'x' }), refused(/no \.onnx file; it has weights\.h5/));
  });

  it('knows every datatype, and names the tensor of one that cannot be served', async () => {
    for (const datatype of DATATYPES) assert.equal((await inspectHere(identityModel(datatype))).signature.inputs[0]?.datatype, datatype);
    const complex = Buffer.from(identityModel('BF16').map((byte, index, all) => (byte === OnnxType.BFLOAT16 && all[index - 1] === 8 ? 14 : byte)));
    await assert.rejects(inspectHere(complex), refused(/input x has the type complex64/));
  });

  it('refuses what is empty, cut short, or no model at all', async () => {
    await assert.rejects(inspectHere(new Uint8Array()), refused(/is empty/));
    await assert.rejects(inspectHere(Buffer.from('not a model, just text')), refused(/not an ONNX model/));
    const whole = scaleModel(1);
    for (const part of [0.2, 0.5, 0.9]) await assert.rejects(inspectHere(whole.subarray(0, Math.floor(whole.length * part))), refused(/model\.onnx/));
  });

  it('refuses a graph without outputs, an unknown operator and a sequence', async () => {
    const changed = (change: (model: any) => void): Uint8Array => {
      const model = ModelProto.toObject(ModelProto.decode(scaleModel(1)), { longs: Number });
      change(model);
      return ModelProto.encode(ModelProto.fromObject(model)).finish();
    };
    await assert.rejects(inspectHere(changed((model) => (model.graph.output = []))), refused(/no outputs/));
    await assert.rejects(inspectHere(changed((model) => (model.graph.node[0].opType = 'Nonsense'))), refused(/model\.onnx.*Nonsense/s));
    await assert.rejects(inspectHere(changed((model) => (model.graph.output[0].type = {}))), refused(/output y is a sequence, map or optional/));
    await assert.rejects(inspectHere(changed((model) => delete model.graph.input[0].type.tensorType.shape)), refused(/input x has no shape/));
  });

  it('follows external data into files of the artefact and nowhere else', async () => {
    const values = Buffer.from(new Float32Array([2]).buffer);
    await inspectHere(externalModel('weights.data', 4), { 'weights.data': values });
    await assert.rejects(inspectHere(externalModel('weights.data', 4)), refused(/weights\.data .*missing/));
    await assert.rejects(inspectHere(externalModel('weights.data', 4), { 'weights.data': values.subarray(0, 3) }), refused(/end at byte 4 of weights\.data, which has 3/));
    for (const location of ['../outside', '/etc/hostname', 'a/../../b', 'C:\\x', '']) await assert.rejects(inspectHere(externalModel(location, 4)), refused(/inside the artefact/));
  });

  it('turns a crash, a hang and a flood of output of the child into a refusal', async () => {
    const directory = await artefact({ 'model.onnx': scaleModel(1) });
    const run = async (script: string, limitMs = timeoutMs): Promise<Inspection> => {
      const program = join(root, `program-${++directories}.mjs`);
      await writeFile(program, script);
      return inspectArtefact(directory, { timeoutMs: limitMs, program });
    };
    await assert.rejects(run("process.kill(process.pid, 'SIGSEGV')"), refused(/SIGSEGV/));
    await assert.rejects(run('setInterval(() => {}, 1000)', 300), refused(/longer than 300 ms/));
    await assert.rejects(run("console.error('library missing'); process.exit(7)"), refused(/exit code 7: library missing/));
    await assert.rejects(run("const text = 'x'.repeat(1e6); setInterval(() => process.stdout.write(text), 0)"), refused(/SIGKILL/));
  });

  it('checks that known answers parse and fit the signature', async () => {
    const tensor = { name: 'x', datatype: 'FP32', shape: [1, 4], data: [1, 2, 3, 4] };
    const good = [{ inputs: [tensor], outputs: [{ ...tensor, name: 'y' }], tolerance: 0.1 }, { inputs: [{ ...tensor, data: [[1, 2, 3, 4]] }] }];
    const withExamples = (examples: unknown): Promise<Inspection> => inspect({ 'model.onnx': scaleModel(1), [EXAMPLES_FILE]: typeof examples === 'string' ? examples : JSON.stringify(examples) });
    await withExamples(good);
    await assert.rejects(withExamples('[{'), refused(/is not JSON/));
    await assert.rejects(withExamples([{ inputs: [{ ...tensor, name: 'z' }] }]), refused(/no "z"; it has x/));
    await assert.rejects(withExamples([{ inputs: [{ ...tensor, datatype: 'INT32' }] }]), refused(/datatype "INT32", the model's is FP32/));
    await assert.rejects(withExamples([{ inputs: [{ ...tensor, shape: [1, 5] }] }]), refused(/shape \[1,5\]/));
    await assert.rejects(withExamples([{ inputs: [{ ...tensor, data: [1] }] }]), refused(/1 elements, its shape names 4/));
    await assert.rejects(withExamples([{ inputs: [] }]), refused(/input x is missing/));
    await assert.rejects(withExamples([{ input: [] }]), refused(/unknown key "input"/));
    const huge = await artefact({ 'model.onnx': scaleModel(1), [EXAMPLES_FILE]: '[]' });
    await truncate(join(huge, EXAMPLES_FILE), 16 * 2 ** 20 + 1);
    await assert.rejects(inspectArtefact(huge, { timeoutMs }), refused(/the most allowed/));
  });
});

/** x → y = x × factor with the factor in another file. */
function externalModel(location: string, length: number): Uint8Array {
  const model = ModelProto.toObject(ModelProto.decode(scaleModel(1)), { longs: Number }) as { graph: { initializer: unknown[] } };
  model.graph.initializer = [{ name: 'factor', dims: [1], dataType: OnnxType.FLOAT, dataLocation: DATA_LOCATION_EXTERNAL, externalData: [{ key: 'location', value: location }, { key: 'offset', value: '0' }, { key: 'length', value: String(length) }] }];
  return ModelProto.encode(ModelProto.fromObject(model)).finish();
}
