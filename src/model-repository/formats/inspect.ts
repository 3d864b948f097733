import { spawn } from 'node:child_process';
import { childEnvironment, programPath } from '../../config/index.ts';
import { LeptonError, leptonErrorFromJson } from '../../core/index.ts';
import type { Inspection } from '../types.ts';

const OUTPUT_BYTES_MAX = 8 * 2 ** 20;
const STDERR_TAIL_CHARACTERS = 500;

export interface InspectOptions {
  readonly format?: string;
  readonly timeoutMs: number;
  /** The program to run, for tests of what happens when it hangs or crashes. */
  readonly program?: string;
}

/**
 * Has a directory inspected by a child process, so that a file that crashes or hangs the runtime costs nothing but the
 * child. Throws MODEL_INVALID with the reason: the model's, or the signal or time limit that ended the child.
 */
export async function inspectArtefact(directory: string, options: InspectOptions): Promise<Inspection> {
  const { stdout, stderr, code, signal, timedOut } = await run(directory, options);
  if (timedOut) throw new LeptonError('MODEL_INVALID', `inspecting the model took longer than ${options.timeoutMs} ms and was ended`);
  const answer = parseAnswer(stdout);
  if (answer?.ok) return answer.inspection;
  if (answer) throw leptonErrorFromJson(answer.error);
  const how = signal ? `was ended by ${signal}` : `left with exit code ${code}`;
  throw new LeptonError('MODEL_INVALID', `the process that inspected the model ${how}${stderr ? `: ${stderr.trim()}` : ''}`);
}

interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly timedOut: boolean;
}

function run(directory: string, options: InspectOptions): Promise<Outcome> {
  const args = [options.program ?? programPath('inspect'), directory, ...(options.format === undefined ? [] : [options.format])];
  const child = spawn(process.execPath, args, { env: childEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
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
