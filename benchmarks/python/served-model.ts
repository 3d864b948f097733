import type { BenchPlatform } from '../platform/platform.ts';
import type { Bench } from '../scenarios/scenario.ts';
import { PythonChild } from './python-child.ts';

/** A model of models.py, saved as v1 of a repository and served by a service of its name; the process that has the live object. */
export interface ServedModel {
  readonly name: 'rule' | 'sklearn' | 'torch';
  readonly text: string;
  readonly interpreter: string;
  readonly child: PythonChild;
  readonly bestBatch: number;
}

export async function serveModel(bench: Bench, { httpPort }: BenchPlatform, model: Pick<ServedModel, 'name' | 'text' | 'interpreter'>): Promise<ServedModel> {
  const child = await bench.until(Promise.resolve(new PythonChild(model.interpreter, 'model_main.py', [model.name, `http://127.0.0.1:${httpPort}`])));
  return { ...model, child, bestBatch: await child.call<number>('serve') };
}
