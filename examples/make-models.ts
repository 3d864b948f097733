/** Writes three small ONNX models, `times-2`, `times-3` and `times-4`: x FP32[-1,4] → y = x × factor. Usage: node make-models.ts DIRECTORY */
import { join } from 'node:path';
import { scaleModel, writeModelDirectory } from '../src/testing/onnx-models.ts';

const directory = process.argv[2];
if (!directory) throw new Error('usage: node examples/make-models.ts DIRECTORY');
for (const factor of [2, 3, 4]) console.log(await writeModelDirectory(join(directory, `times-${factor}`), scaleModel(factor)));
