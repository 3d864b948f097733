import { constants, accessSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The programs that we are made of, and the thread that keeps the history of metrics. From source they are the folders' `main.ts`, built they are `dist/<name>.js`. */
export type Program = 'cli' | 'gateway' | 'worker' | 'inspect' | 'history' | 'solver';

const SOURCE: Readonly<Record<Program, string>> = {
  cli: '../cli/main.ts',
  gateway: '../gateway/main.ts',
  worker: '../worker/main.ts',
  inspect: '../model-repository/formats/inspect-main.ts',
  history: '../monitoring/history/thread.ts',
  solver: '../deployment-engine/scheduling/solver-main.ts',
};

const fromSource = (): boolean => import.meta.url.endsWith('.ts');

/** Absolute path of a program's file, to be run by `process.execPath`. */
export function programPath(program: Program): string {
  return fileURLToPath(new URL(fromSource() ? SOURCE[program] : `./${program}.js`, import.meta.url));
}

/** The folder that holds the Python package `lepton_ai_worker`, for PYTHONPATH. */
export function pythonPackagesPath(): string {
  return fileURLToPath(new URL(fromSource() ? '../../python/src' : './python', import.meta.url));
}

/** The folder of the dashboard that the build has made; from source it is the last build's. */
export function dashboardPath(): string {
  return fileURLToPath(new URL(fromSource() ? '../../dist/dashboard' : './dashboard', import.meta.url));
}

/** What our programs are made of: their package with what it depends on, and Node. */
export const programFiles = (): readonly string[] => [fileURLToPath(new URL(fromSource() ? '../..' : '..', import.meta.url)), dirname(process.execPath)];

const pathDirectories = (): readonly string[] => (process.env.PATH ?? '').split(delimiter).filter((directory) => directory !== '');

/** Files of this name on the PATH that we may run, in its order. */
export const programsOnPath = (name: string): readonly string[] => programsIn(pathDirectories(), name);

/** The same, also where the PATH of a user lacks the administrator's directories. */
export const systemPrograms = (name: string): readonly string[] => programsIn([...pathDirectories(), '/usr/sbin', '/sbin', '/usr/bin', '/bin'], name);

const programsIn = (directories: readonly string[], name: string): readonly string[] => [...new Set(directories)].map((directory) => join(directory, name)).filter(isProgram);

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * How Node runs the programs that requests pass through: `gc` is at hand for the moments when nobody waits (core's
 * collectWhenIdle), garbage is collected in small bites and with one helper (V8's four take every core of a small machine for
 * milliseconds from the requests of all versions), the whole heap only when it is four times what was left of it (marking 10 MB takes
 * the loop 10 ms), and large buffers come from the kernel and go back to it instead of leaving holes in the heap.
 */
export const NODE_FLAGS: readonly string[] = ['--expose-gc', '--heap-growing-percent=300', '--v8-pool-size=1', '--no-parallel-scavenge', '--max-semi-space-size=2'];
export const NODE_ENVIRONMENT: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '1048576', MALLOC_TRIM_THRESHOLD_: '1048576' };

/** Environment that our child programs get: what they need and nothing else, so that no secret reaches a model. */
export function childEnvironment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR']) {
    const value = process.env[name];
    if (value !== undefined) kept[name] = value;
  }
  return { ...kept, ...extra };
}

/** What leads to a package index. The rest of PIP_ and UV_ too, but for what would put packages elsewhere. */
const INDEX_VARIABLE = /^(PIP_|UV_)|^(HTTP|HTTPS|ALL|NO)_PROXY$/i;
const ELSEWHERE: ReadonlySet<string> = new Set(['PIP_TARGET', 'PIP_PREFIX', 'PIP_ROOT', 'PIP_USER', 'PIP_PYTHON', 'PIP_REQUIREMENT', 'PIP_DRY_RUN', 'UV_PYTHON', 'UV_SYSTEM_PYTHON', 'UV_PROJECT', 'UV_PROJECT_ENVIRONMENT']);

/** Environment of pip and uv, which must reach the index that we are configured for; never that of a model. */
export function buildEnvironment(): Record<string, string> {
  const index = Object.entries(process.env).filter(([name, value]) => value !== undefined && INDEX_VARIABLE.test(name) && !ELSEWHERE.has(name.toUpperCase()));
  return childEnvironment(Object.fromEntries(index) as Record<string, string>);
}
