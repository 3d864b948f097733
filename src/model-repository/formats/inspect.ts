import { spawn } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { childEnvironment, programPath } from '../../config/index.ts';
import { LeptonError, leptonErrorFromJson } from '../../core/index.ts';
import type { Inspection } from '../types.ts';

const OUTPUT_BYTES_MAX = 8 * 2 ** 20;
/**
 * Memory that an inspection may take: what Node reserves and the runtime's own working space (it folds constants of up to
 * 1 GiB each), and every byte of the artefact as file, message, tensor and tensor in the kernels' own order.
 */
const MEMORY_BYTES_MIN = 3 * 2 ** 30;
const MEMORY_BYTES_PER_BYTE = 5;
const STDERR_TAIL_CHARACTERS = 4_000;
const STDERR_QUOTED_CHARACTERS = 500;

export interface InspectOptions {
  readonly format?: string;
  readonly timeoutMs: number;
  /** Most memory of the process, in place of what the artefact's size allows. */
  readonly memoryBytesMax?: number;
  /** The program to run, for tests of what happens when it hangs or crashes. */
  readonly program?: string;
}

/**
 * Has a directory inspected by a child process, so that a file that crashes or hangs the runtime costs nothing but the
 * child. Throws MODEL_INVALID with the reason: the model's, or the signal, time limit or memory limit that ended the child.
 */
export async function inspectArtefact(directory: string, options: InspectOptions): Promise<Inspection> {
  const memoryBytesMax = options.memoryBytesMax ?? MEMORY_BYTES_MIN + MEMORY_BYTES_PER_BYTE * (await sizeOfFiles(directory));
  const { stdout, stderr, code, signal, timedOut } = await run(directory, memoryBytesMax, options);
  if (timedOut) throw new LeptonError('MODEL_INVALID', `inspecting the model took longer than ${options.timeoutMs} ms and was ended`);
  const answer = parseAnswer(stdout);
  if (answer?.ok) return answer.inspection;
  if (answer) throw leptonErrorFromJson(answer.error);
  if (/out of memory|bad_alloc|allocate memory/i.test(stderr)) throw new LeptonError('MODEL_INVALID', `inspecting the model took more memory than the ${Math.ceil(memoryBytesMax / 2 ** 20)} MiB allowed and was ended`);
  const how = signal ? `was ended by ${signal}` : `left with exit code ${code}`;
  throw new LeptonError('MODEL_INVALID', `the process that inspected the model ${how}${stderr ? `: ${stderr.trim().slice(-STDERR_QUOTED_CHARACTERS)}` : ''}`);
}

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly timedOut: boolean;
}

async function sizeOfFiles(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const sizes = await Promise.all(entries.filter((entry) => entry.isFile()).map((entry) => stat(join(entry.parentPath, entry.name))));
  return sizes.reduce((sum, { size }) => sum + size, 0);
}

/** Node sets no limits; the shell does, and then becomes the program. `-d` is for writable memory: Node reserves far more address space than it uses. */
const WITH_MEMORY_LIMIT = 'ulimit -d "$1" && shift && exec "$@"';

function run(directory: string, memoryBytesMax: number, options: InspectOptions): Promise<Outcome> {
  const program = [process.execPath, options.program ?? programPath('inspect'), directory, ...(options.format === undefined ? [] : [options.format])];
  const args = ['-c', WITH_MEMORY_LIMIT, 'sh', String(Math.ceil(memoryBytesMax / 1024)), ...program];
  const child = spawn('/bin/sh', args, { env: childEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill('SIGKILL');
  }, options.timeoutMs);
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (stdout.length > OUTPUT_BYTES_MAX) child.kill('SIGKILL');
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-STDERR_TAIL_CHARACTERS)));
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(new LeptonError('INTERNAL', `cannot start the inspection: ${error.message}`, { cause: error }));
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ stdout, stderr, code, signal, timedOut });
    });
  });
}

type Answer = { ok: true; inspection: Inspection } | { ok: false; error: { code?: unknown; error?: unknown } };

/** The last line: libraries may print before it. */
function parseAnswer(stdout: string): Answer | undefined {
  const line = stdout.trimEnd().split('\n').at(-1) ?? '';
  try {
    const answer = JSON.parse(line) as Answer;
    return typeof answer.ok === 'boolean' ? answer : undefined;
  } catch {
    return undefined;
  }
}
