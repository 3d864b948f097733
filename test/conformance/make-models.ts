/** Writes a Triton-style directory of small real models: `node make-models.ts DIRECTORY`. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DATATYPES } from '../../src/core/index.ts';
import { addSubModel, identityModel, scaleModel, slowModel, writeModelDirectory } from '../../src/testing/onnx-models.ts';

const directory = process.argv[2];
if (!directory) throw new Error('usage: make-models.ts DIRECTORY');

async function model(name: string, versions: Readonly<Record<string, Uint8Array>>, files: Readonly<Record<string, string>> = {}): Promise<void> {
  const folder = join(directory as string, name);
  await mkdir(folder, { recursive: true });
  for (const [file, content] of Object.entries(files)) await writeFile(join(folder, file), content);
  for (const [version, bytes] of Object.entries(versions)) await writeModelDirectory(join(folder, version), bytes);
}

const SIMPLE_CONFIG = `
# As Triton's own example has it: the batch dimension is left out of dims.
name: "simple"
platform: "onnxruntime_onnx"
max_batch_size: 8
input [
  { name: "INPUT0" data_type: TYPE_INT32 dims: [ 16 ] },
  { name: "INPUT1" data_type: TYPE_INT32 dims: [ 16 ] }
]
output [
  { name: "OUTPUT0" data_type: TYPE_INT32 dims: [ 16 ] },
  { name: "OUTPUT1" data_type: TYPE_INT32 dims: [ 16 ] }
]
version_policy: { all { } }
instance_group [ { count: 1, kind: KIND_CPU } ]
dynamic_batching { preferred_batch_size: [ 4, 8 ] max_queue_delay_microseconds: 0 }
`;
const PETS_CONFIG = `
max_batch_size: 4
input { name: "x" data_type: TYPE_FP32 format: FORMAT_NCHW dims: [ 1, 1, 3 ] }
output { name: "y" data_type: TYPE_FP32 dims: [ 1, 1, 3 ] label_filename: "pets.txt" }
`;
const TRITON_NAMES = { input: 'INPUT0', output: 'OUTPUT0' };

await model('simple', { '1': addSubModel({ batch: true }) }, { 'config.pbtxt': SIMPLE_CONFIG });
await model('simple_int8', { '1': addSubModel({ batch: true, datatype: 'INT8' }) });
await model('simple_string', { '1': addSubModel({ batch: true, datatype: 'BYTES' }) });
await model('simple_identity', { '1': identityModel('BYTES', ['n', 16], TRITON_NAMES) });
await model('pets', { '1': identityModel('FP32', ['n', 1, 1, 3]) }, { 'config.pbtxt': PETS_CONFIG, 'pets.txt': 'cat\ndog\nfish\n' });
await model('scale', { '1': scaleModel(10), '2': scaleModel(20), '3': scaleModel(30) });
await model('slow', { '1': slowModel(300) });
for (const datatype of DATATYPES) await model(`identity_${datatype.toLowerCase()}`, { '1': identityModel(datatype) });
