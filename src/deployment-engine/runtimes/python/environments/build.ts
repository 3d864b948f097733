import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildEnvironment } from '../../../../config/index.ts';
import { asLeptonError, type Digest, type EnvironmentSpec, LeptonError } from '../../../../core/index.ts';
import type { Builder } from './base-interpreter.ts';
import { holdLock } from './build-lock.ts';
import { lookAt } from './inspect-interpreter.ts';
import { type EnvironmentFiles, type Marker, writeWhole } from './layout.ts';
import { type ProgramEnd, runProgram } from './run-program.ts';

export interface BuildOrder {
  readonly digest: Digest;
  readonly spec: EnvironmentSpec;
  /** Best first. */
  readonly builders: readonly Builder[];
  readonly files: EnvironmentFiles;
  readonly output: (text: string) => void;
  readonly progress: (message: string) => void;
  readonly signal: AbortSignal;
}

interface Step {
  readonly what: string;
  readonly file: string;
  readonly args: readonly string[];
}

const REASON_CHARACTERS_MAX = 1_500;

/**
 * Makes an environment in its place: interpreter, packages, a look whether all is there, and last the marker, which alone makes
 * it an environment. Where uv fails pip is tried: it reads other settings of mirrors and certificates. Rejects with UNSUPPORTED
 * and the last tool's own words.
 */
export async function build(order: BuildOrder): Promise<void> {
  const { digest, spec, files, signal } = order;
  await installWithAny(order);
  const { missing } = await lookAt(files.interpreterOf(digest), spec, signal);
  if (missing.length) throw new LeptonError('UNSUPPORTED', `the environment that was built is not what was asked for: ${missing.join('; ')}`);
  await writeWhole(files.markerOf(digest), { ...spec, builtAt: new Date().toISOString(), sizeBytes: await sizeOf(files.pathOf(digest)) } satisfies Marker);
}

async function installWithAny(order: BuildOrder): Promise<void> {
  const { digest, builders, files, signal, output } = order;
  for (const [index, builder] of builders.entries()) {
    await files.remove(digest);
    try {
      for (const step of await steps(order, builder)) await perform(step, order);
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (index === builders.length - 1) throw error;
      output(`${asLeptonError(error).message}\ntrying the next way\n`);
    }
  }
}

async function steps({ digest, spec, files }: BuildOrder, builder: Builder): Promise<readonly Step[]> {
  const directory = files.pathOf(digest);
  const requirements = files.requirementsOf(digest);
  await writeFile(requirements, requirementLines(spec), { mode: 0o600 });
  const python = files.interpreterOf(digest);
  if (builder.kind === 'uv') {
    return [
      { what: `making an environment of Python ${spec.python} with uv`, file: builder.uv, args: ['venv', '--no-project', '--python', builder.python, directory] },
      { what: 'installing packages with uv', file: builder.uv, args: ['pip', 'install', '--python', python, '--requirement', requirements] },
    ];
  }
  return [
    { what: `making an environment of Python ${spec.python} with ${builder.python}`, file: builder.python, args: ['-m', 'venv', directory] },
    { what: 'installing packages with pip', file: python, args: ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--progress-bar', 'off', '--no-warn-script-location', '--requirement', requirements] },
  ];
}

/** The pins, and numpy for the worker where the version does not pin it. */
function requirementLines({ requirements }: EnvironmentSpec): string {
  const numpy = requirements.some((pin) => /^numpy(\[|==)/i.test(pin)) ? [] : ['numpy'];
  return `${[...requirements, ...numpy].join('\n')}\n`;
}

async function perform({ what, file, args }: Step, { digest, files, output, progress, signal }: BuildOrder): Promise<void> {
  progress(what);
  output(`$ ${[file, ...args].join(' ')}\n`);
  const end = await runProgram({
    file, args, signal, env: buildEnvironment(), background: true,
    started: (pid) => holdLock(files.lockOf(digest), pid),
    output: (text) => {
      output(text);
      const line = text.trimEnd().split('\n').at(-1)?.trim();
      if (line) progress(`${what}: ${line.slice(0, 200)}`);
    },
  });
  if (end.code !== 0) throw new LeptonError('UNSUPPORTED', `${what} failed ${howOf(end)}: ${reasonOf(end.tail)}`);
}

const howOf = ({ code, killedBy }: ProgramEnd): string => (killedBy ? `(ended by ${killedBy})` : `(exit code ${code})`);

/** The tool's own complaint: from its first line of error on, or else the last lines. */
function reasonOf(tail: string): string {
  const lines = tail.trim().split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('[notice]'));
  const first = lines.findIndex((line) => /^(error|×)\b/i.test(line));
  return lines.slice(first === -1 ? -5 : first).join('; ').slice(0, REASON_CHARACTERS_MAX) || 'it said nothing';
}

async function sizeOf(directory: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name)).catch(() => ({ size: 0 }))).size;
  }
  return bytes;
}
