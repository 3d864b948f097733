import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from './command.ts';
import { installDebianPackages } from './debian.ts';
import { check, refuseEmpty, type Tally } from './tally.ts';

/** One environment for all Python tests that need no framework. */
const REQUIREMENTS = ['test/conformance/requirements.txt', 'python/requirements-dev.txt'] as const;

/** Runs a folder of Python tests in our own virtual environment; its runner leaves the counts in a file. */
export async function runPythonTests(root: string, folder: string): Promise<Tally> {
  return runIn(root, folder, await testEnvironment(root));
}

/** The interpreter of that environment, which is made if need be: numpy, scikit-learn and what the SDK needs; undefined when that is impossible here. */
export function testEnvironment(root: string): Promise<string | undefined> {
  return virtualEnvironment(join(root, '.venv'), REQUIREMENTS.map((file) => join(root, file)));
}

/** Runs the tests that solve our programs with other solvers, in an environment of their own. */
export async function runSolverTests(root: string, folder: string): Promise<Tally> {
  return runIn(root, folder, await virtualEnvironment(join(root, '.cache/python/solvers'), [join(root, folder, 'requirements.txt')]));
}

/** Runs the tests of python/ that need torch, tensorflow or keras, in an environment of their own. */
export async function runFrameworkTests(root: string): Promise<Tally> {
  const files = ['requirements-dev.txt', 'requirements-frameworks.txt'].map((file) => join(root, 'python', file));
  return runIn(root, 'python/tests', await virtualEnvironment(frameworkEnvironment(root), files), ['-m', 'framework']);
}

/** Where the environment with the big frameworks is, if it was made. */
export const frameworkEnvironment = (root: string): string => join(root, '.cache/python/frameworks');

async function runIn(root: string, folder: string, python: string | undefined, args: readonly string[] = []): Promise<Tally> {
  if (!python) return check(false, `${folder}: no virtual environment could be made (Python 3.11 with venv is needed)`);
  const directory = await mkdtemp(join(tmpdir(), 'lepton-python-'));
  try {
    const report = join(directory, 'report.json');
    const code = await runCommand(python, ['-u', join(folder, 'run.py'), report, ...args], { cwd: root });
    if (!existsSync(report)) return check(false, `${folder}: the runner ended with ${code} and left no report`);
    const tally = JSON.parse(readFileSync(report, 'utf8')) as Tally;
    if (code !== 0 && tally.failed === 0) return check(false, `${folder}: the runner ended with ${code} after its tests`);
    return refuseEmpty(tally, folder);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** The interpreter of an environment, which follows its requirements (made anew only where pip cannot change it); undefined when that is impossible here. */
async function virtualEnvironment(directory: string, requirements: readonly string[]): Promise<string | undefined> {
  const python = join(directory, 'bin/python');
  const stamp = join(directory, '.requirements');
  const wanted = createHash('sha256').update(requirements.map((file) => readFileSync(file, 'utf8')).join('\n')).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python;
  console.log(`  making ${directory} for Python tests`);
  const install = async (): Promise<boolean> => (await runCommand(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', ...requirements.flatMap((file) => ['-r', file])])) === 0;
  const changed = existsSync(stamp) && (await install());
  if (!changed && !((await makeEnvironment(directory)) && (await install()))) return undefined;
  writeFileSync(stamp, wanted);
  return python;
}

async function makeEnvironment(directory: string): Promise<boolean> {
  rmSync(directory, { recursive: true, force: true });
  if ((await runCommand('python3', ['-m', 'venv', directory], { quiet: true })) === 0) return true;
  if (!(await installDebianPackages(['python3', 'python3-venv'], 'Python clients of the protocol'))) return false;
  rmSync(directory, { recursive: true, force: true });
  return (await runCommand('python3', ['-m', 'venv', directory])) === 0;
}
