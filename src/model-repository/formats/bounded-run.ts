import { spawn } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LeptonError } from '../../core/index.ts';

const OUTPUT_BYTES_MAX = 8 * 2 ** 20;
/**
 * Memory that looking at an artefact may take: what the program reserves and a runtime's own working space (onnxruntime folds
 * constants of up to 1 GiB each), and every byte of the artefact as file, message, tensor and tensor in the kernels' own order.
 */
const MEMORY_BYTES_MIN = 3 * 2 ** 30;
const MEMORY_BYTES_PER_BYTE = 5;
const STDERR_TAIL_CHARACTERS = 4_000;
const STDERR_QUOTED_CHARACTERS = 500;

/** A program that looks at files which are not trusted, and what it may take. */
export interface BoundedRun {
  /** `inspecting the model`, for messages. */
  readonly what: string;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly memoryBytesMax: number;
}

export async function memoryFor(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(entries.filter((entry) => entry.isFile()).map((entry) => stat(join(entry.parentPath, entry.name))));
  return MEMORY_BYTES_MIN + MEMORY_BYTES_PER_BYTE * sizes.reduce((sum, { size }) => sum + size, 0);
}

/**
 * The JSON object in the last line that the program prints, whatever its exit code. Throws MODEL_INVALID with the signal, time
 * limit or memory limit that ended the program if there is none.
 */
export async function runBounded(bounded: BoundedRun): Promise<Readonly<Record<string, unknown>>> {
  const { what, timeoutMs, memoryBytesMax } = bounded;
  const { stdout, stderr, code, signal, timedOut } = await run(bounded);
  if (timedOut) throw new LeptonError('MODEL_INVALID', `${what} took longer than ${timeoutMs} ms and was ended`);
  const answer = lastObject(stdout);
  if (answer) return answer;
  if (/out of memory|bad_alloc|allocate memory|MemoryError/i.test(stderr)) throw new LeptonError('MODEL_INVALID', `${what} took more memory than the ${Math.ceil(memoryBytesMax / 2 ** 20)} MiB allowed and was ended`);
  const how = signal ? `was ended by ${signal}` : `left with exit code ${code}`;
  throw new LeptonError('MODEL_INVALID', `${what}: the process for it ${how}${stderr ? `: ${stderr.trim().slice(-STDERR_QUOTED_CHARACTERS)}` : ''}`);
}

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly timedOut: boolean;
}

/** Node sets no limits; the shell does, and then becomes the program. `-d` is for writable memory: Node reserves far more address space than it uses. */
const WITH_MEMORY_LIMIT = 'ulimit -d "$1" && shift && exec "$@"';

function run({ what, command, env, timeoutMs, memoryBytesMax }: BoundedRun): Promise<Outcome> {
  const args = ['-c', WITH_MEMORY_LIMIT, 'sh', String(Math.ceil(memoryBytesMax / 1024)), ...command];
  const child = spawn('/bin/sh', args, { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill('SIGKILL');
  }, timeoutMs);
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (stdout.length > OUTPUT_BYTES_MAX) child.kill('SIGKILL');
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-STDERR_TAIL_CHARACTERS)));
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(new LeptonError('INTERNAL', `cannot start ${what}: ${error.message}`, { cause: error }));
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ stdout, stderr, code, signal, timedOut });
    });
  });
}

/** Libraries may print before it. */
function lastObject(stdout: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const answer: unknown = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
    return typeof answer === 'object' && answer !== null ? (answer as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
