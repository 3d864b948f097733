/** Artefacts of Python formats for tests, as the SDK would write them. */
import { execFile, execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Version of the interpreter on the PATH, such as 3.11. */
export const PYTHON = execFileSync('python3', ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], { encoding: 'utf8' }).trim();

export type Files = Readonly<Record<string, Uint8Array>>;

export interface PythonModel {
  readonly format: string;
  readonly entry: string;
  readonly requirements: readonly string[];
  readonly python: string;
  readonly options?: Readonly<Record<string, unknown>>;
  /** Of the only output. */
  readonly output?: Readonly<Record<string, unknown>>;
}

/** `lepton-model.json` of a model that takes rows of four numbers. */
export function descriptor({ format, entry, requirements, python, options, output }: PythonModel): Uint8Array {
  const rows = { datatype: 'FP32', shape: [-1, 4], dimensionNames: ['batch', ''] };
  const signature = { inputs: [{ name: 'x', ...rows }], outputs: [{ name: 'y', ...rows, ...output }] };
  return Buffer.from(JSON.stringify({ schema: 1, format, entry, signature, environment: { python, requirements }, ...(options ? { options } : {}) }));
}

/** A class that multiplies, and dies of its own accord where asked to. */
export function ruleModel(factor: number, python: string, requirements: readonly string[]): Files {
  const source = `
import numpy as np

class Rules:
    def load(self):
        self.factor = np.float32(${factor})

    def predict(self, x):
        if (x < -1000).any():
            raise ValueError("a number below -1000")
        return x * self.factor
`;
  return { 'lepton-model.json': descriptor({ format: 'python', entry: 'model.py', options: { class: 'Rules' }, python, requirements }), 'model.py': Buffer.from(source) };
}

/** A linear regression of 4 columns that learned to give ten times their sum, trained and saved by this interpreter. */
export async function sklearnModel(interpreter: string, file: string, python: string, requirements: readonly string[]): Promise<Files> {
  const script = `
import sys, joblib, numpy as np
from sklearn.linear_model import LinearRegression
x = np.random.default_rng(1).random((64, 4), dtype=np.float32)
joblib.dump(LinearRegression().fit(x, 10 * x.sum(axis=1)), sys.argv[1])
`;
  await promisify(execFile)(interpreter, ['-c', script, file]);
  const output = { datatype: 'FP32', shape: [-1], dimensionNames: ['batch'] };
  return { 'lepton-model.json': descriptor({ format: 'sklearn', entry: 'model.joblib', python, requirements, output }), 'model.joblib': await readFile(file) };
}
