import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { LeptonError, PYTHON_FORMATS } from '../../core/index.ts';
import { readDescriptor } from './descriptor.ts';
import { inspectPython } from './python-inspect.ts';

type Json = Record<string, unknown>;

const tensor = (more: Json = {}): Json => ({ name: 'x', datatype: 'FP32', shape: [-1, 4], ...more });
const GOOD = {
  schema: 1, format: 'sklearn', entry: 'model.joblib',
  signature: { inputs: [tensor()], outputs: [tensor({ name: 'y' })] },
  environment: { python: '3.11', requirements: ['numpy==2.1.0', 'scikit-learn==1.9.0'] },
};
const FILES = ['lepton-model.json', 'model.joblib', 'model.py', 'net/keras.json', 'saved/saved_model.pb'];

describe('lepton-model.json', () => {
  let root: string;
  let serial = 0;
  before(async () => void (root = await mkdtemp(join(tmpdir(), 'lepton-descriptor-'))));
  after(() => rm(root, { recursive: true, force: true }));

  async function artefact(text: string | Uint8Array): Promise<string> {
    const directory = join(root, String(++serial));
    for (const path of FILES.slice(1)) {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), '');
    }
    await writeFile(join(directory, 'lepton-model.json'), text);
    return directory;
  }
  const read = async (value: unknown) => readDescriptor(await artefact(typeof value === 'string' ? value : JSON.stringify(value)), FILES);
  async function refusal(value: unknown): Promise<string> {
    const error: unknown = await read(value).then(() => null, (thrown) => thrown);
    assert.ok(error instanceof LeptonError, `not refused: ${JSON.stringify(value)}`);
    assert.equal(error.code, 'MODEL_INVALID');
    assert.ok(error.message.startsWith('lepton-model.json: ') && error.message.length < 1_000, error.message);
    assert.ok(!error.message.includes(root), error.message);
    return error.message;
  }
  const environment = (more: Json): Json => ({ ...GOOD, environment: { ...GOOD.environment, ...more } });
  const outputs = (...specs: Json[]): Json => ({ ...GOOD, signature: { inputs: [], outputs: specs } });

  it('gives format, entry, signature and environment, of every Python format', async () => {
    assert.deepEqual(await inspectPython(await artefact(JSON.stringify(GOOD)), FILES, undefined), { format: 'sklearn', entry: 'model.joblib', signature: GOOD.signature, model: GOOD.environment });
    for (const format of PYTHON_FORMATS) await read({ ...GOOD, format, entry: format === 'tensorflow' ? 'saved' : 'model.py', options: { class: 'Rules' }, batching: { axis0: true } });
    await read(outputs({ name: 'y', datatype: 'FP32', shape: [-1], untyped: true }));
    await read(environment({ requirements: [] }));
    for (const pin of ['torch==2.5.1+cpu', 'a==1!2.0', 'Foo.Bar[x,y-z]==1.0.post1']) await read(environment({ requirements: [pin] }));
    await assert.rejects(inspectPython(await artefact(JSON.stringify(GOOD)), FILES, 'keras'), /format is sklearn, the push that it is keras/);
  });

  it('is refused with the field and its value', async () => {
    const cases: readonly (readonly [unknown, RegExp])[] = [
      ['{', /is not JSON/],
      ['[]', /must be object, but is \[\]/],
      ['null', /must be object/],
      [{ ...GOOD, schema: 2 }, /schema .*but is 2/],
      [{ ...GOOD, entri: 'x' }, /unknown key "entri"; did you mean "entry"/],
      [{ ...GOOD, createdAt: 'now' }, /unknown key "createdAt"/],
      [{ schema: 1, format: 'keras' }, /it lacks entry, signature, environment/],
      [{ ...GOOD, format: 'onnx' }, /format must be one of "torchscript", .*but is "onnx"/],
      [{ ...GOOD, entry: 'nothing.pt' }, /entry "nothing\.pt" is not in the artefact, which has /],
      ...['../model.joblib', '/etc/passwd', '', 'model.joblib/', '.', 'net/../model.py'].map((entry) => [{ ...GOOD, entry }, /entry/] as const),
      [{ ...GOOD, format: 'tensorflow', entry: 'net' }, /"net" is no SavedModel/],
      [{ ...GOOD, signature: {} }, /signature lacks inputs, outputs/],
      [outputs(), /signature\.outputs is empty/],
      [outputs(tensor({ datatype: 'FLOAT' })), /signature\.outputs\[0\]\.datatype must be one of .*but is "FLOAT"/],
      [outputs(tensor({ shape: [-2] })), /shape\[0\] .*but is -2/],
      [outputs(tensor({ shape: [1.5] })), /shape\[0\]/],
      [outputs(tensor({ shape: [2 ** 31, 2 ** 31] })), /which is more than the \d+ elements allowed/],
      [outputs(tensor(), tensor()), /x appears twice/],
      [outputs(tensor({ dimensionNames: ['batch'] })), /1 dimensionNames for 2 dimensions/],
      [outputs(tensor({ untyped: false })), /untyped/],
      [environment({ python: '3.9' }), /environment\.python .*but is "3\.9"/],
      [environment({ python: '3.11.2' }), /environment\.python/],
      ...['numpy', 'numpy>=1', 'numpy==1.*', '--index-url http://evil', 'a==1 --hash=x', '-r other', 'a @ file:///x', 'a==1\nb==2', 'a==1; python_version>"3"'].map((pin) => [environment({ requirements: [pin] }), /requirements\[0\] must be one exact pin/] as const),
      [environment({ requirements: ['b==1', 'a==1'] }), /must be sorted: a==1 comes before b==1/],
      [environment({ requirements: ['a-b==1', 'a_b==2'] }), /names a-b twice/],
      [{ ...GOOD, batching: { axis1: true } }, /unknown key "axis1"; did you mean "axis0"/],
      [{ ...GOOD, format: 'python', entry: 'model.py' }, /options\.class undefined/],
      [{ ...GOOD, format: 'python', options: { class: 'Rules', module: 'other.py' } }, /options\.module "other\.py" is not in the artefact/],
      [{ ...GOOD, format: 'python', options: { class: 'a b', module: 'model.py' } }, /options\.class "a b"/],
      [{ ...GOOD, options: { x: 'a'.repeat(70_000) } }, /options has more than/],
      [`{"a": "${'x'.repeat(2 ** 20)}"}`, /bytes, the most allowed/],
    ];
    for (const [value, reason] of cases) assert.match(await refusal(value), reason);
    await assert.rejects(readDescriptor(await artefact(Buffer.from([0x7b, 0xff, 0x7d])), FILES), /is not JSON/);
  });
});
