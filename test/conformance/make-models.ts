/** Writes a Triton-style directory of small real models: `node make-models.ts DIRECTORY`. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Datatype, DATATYPES } from '../../src/core/index.ts';
import { addSubModel, identityModel, scaleModel, slowModel, writeModelDirectory } from '../../src/testing/onnx-models.ts';

const [directory] = process.argv.slice(2);
if (!directory) throw new Error('usage: make-models.ts DIRECTORY');

async function model(name: string, versions: Readonly<Record<string, Uint8Array>>, config?: string): Promise<void> {
  const folder = join(directory as string, name);
  await mkdir(folder, { recursive: true });
  if (config) await writeFile(join(folder, 'config.pbtxt'), config);
  for (const [version, bytes] of Object.entries(versions)) await writeModelDirectory(join(folder, version), bytes);
}

/** What onnxruntime's CPU build runs Identity on, through its Node binding. */
const IDENTITY_DATATYPES: readonly Datatype[] = DATATYPES.filter((datatype) => datatype !== 'BF16');

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

await model('simple', { '1': addSubModel({ batch: true }) }, SIMPLE_CONFIG);
await model('scale', { '1': scaleModel(10), '2': scaleModel(20), '3': scaleModel(30) });
await model('slow', { '1': slowModel(300) });
for (const datatype of IDENTITY_DATATYPES) await model(`identity_${datatype.toLowerCase()}`, { '1': identityModel(datatype) });
