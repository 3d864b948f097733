import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from '../../test/e2e/harness.ts';

const ENDING_LINES = 12;

/** One thread for every library, as a worker has by default. */
export const PYTHON_ENVIRONMENT: NodeJS.ProcessEnv = {
  PATH: process.env['PATH'], HOME: process.env['HOME'], LEPTON_USER: 'benchmark', PYTHONPATH: `${join(ROOT, 'python/src')}:${import.meta.dirname}`, PYTHONWARNINGS: 'ignore',
  OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1', MKL_NUM_THREADS: '1',
};

interface Call {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** A Python program of ours that answers calls (calls.py), one at a time; it ends when we do. */
export class PythonChild {
  readonly #script: string;
  readonly #process: ChildProcess;
  readonly #waiting: Call[] = [];
  #said = '';

  constructor(interpreter: string, script: string, args: readonly string[]) {
    this.#script = script;
    this.#process = spawn(interpreter, [join(import.meta.dirname, script), ...args], { env: PYTHON_ENVIRONMENT, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process.stderr?.on('data', (chunk: Buffer) => (this.#said = (this.#said + chunk.toString()).slice(-4_000)));
    createInterface({ input: this.#process.stdout as NodeJS.ReadableStream }).on('line', (line) => this.#settle(JSON.parse(line) as { value?: unknown; error?: string }));
    this.#process.stdin?.on('error', () => undefined);
    this.#process.on('error', (error) => this.#fail(error));
    this.#process.on('close', (code, signal) => this.#fail(new Error(`${script} ended with ${code ?? signal}: ${this.#said.trim().split('\n').slice(-ENDING_LINES).join('\n')}`)));
  }

  call<T>(method: string, args: Readonly<Record<string, unknown>> = {}): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#process.stdin?.write(`${JSON.stringify({ method, arguments: args })}\n`);
    });
  }

  async dispose(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await gone;
  }

  #settle({ value, error }: { value?: unknown; error?: string }): void {
    const call = this.#waiting.shift();
    if (error === undefined) call?.resolve(value as never);
    else call?.reject(new Error(`${this.#script}: ${error}`));
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
