import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

export interface ProcessOptions {
  readonly cwd?: string;
  readonly env: NodeJS.ProcessEnv;
}

export interface ProcessResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts a command as a process of its own; `output` grows with what it writes. */
export function startProcess(args: readonly string[], options: ProcessOptions) {
  const child = spawn(process.execPath, [MAIN, ...args], { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  return { child, output };
}

/** Runs a command to its end. */
export async function runProcess(args: readonly string[], options: ProcessOptions): Promise<ProcessResult> {
  const { child, output } = startProcess(args, options);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}

/** Runs a command with no platform to talk to. */
export const runAlone = (...args: string[]): Promise<ProcessResult> => runProcess(args, { env: { LEPTON_URL: 'http://127.0.0.1:9' } });
