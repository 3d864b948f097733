import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { childEnvironment, programsOnPath, pythonPackagesPath } from '../../config/index.ts';
import { LeptonError, type PythonFormat } from '../../core/index.ts';
import type { UnsafeFinding } from '../types.ts';
import { type BoundedRun, runBounded } from './bounded-run.ts';

/** The scan is pure Python of the standard library, from this version on. */
const MINOR_MIN = 10;
const MINOR_MAX = 19;

/** What files would do that run code when Python loads them, by content and not by name; empty: nothing that the format does not need. */
export async function scanPickles(directory: string, format: PythonFormat, limits: Pick<BoundedRun, 'timeoutMs' | 'memoryBytesMax'>): Promise<readonly UnsafeFinding[]> {
  const command = [await findPython(), '-m', 'lepton_ai_worker.scan', directory, '--format', format];
  const answer = await runBounded({ what: 'scanning the files for code', command, env: childEnvironment({ PYTHONPATH: pythonPackagesPath(), PYTHONSAFEPATH: '1' }), ...limits });
  if (Array.isArray(answer.findings)) return answer.findings as UnsafeFinding[];
  throw new LeptonError('INTERNAL', `the scan for code gave no findings but ${JSON.stringify(answer).slice(0, 300)}`);
}

let found: Promise<string> | undefined;

/** Any Python that is new enough; a push is refused as UNSUPPORTED where there is none. Looked for again after a failure. */
function findPython(): Promise<string> {
  found ??= search().catch((error: unknown) => {
    found = undefined;
    throw error;
  });
  return found;
}

async function search(): Promise<string> {
  const minors = Array.from({ length: MINOR_MAX - MINOR_MIN + 1 }, (_, index) => `python3.${MINOR_MIN + index}`);
  for (const candidate of ['python3', 'python', ...minors].flatMap(programsOnPath)) if (await isNewEnough(candidate)) return candidate;
  throw new LeptonError('UNSUPPORTED', `files that Python loads are scanned before they are taken, and there is no Python 3.${MINOR_MIN} or newer on the server's PATH (looked for python3, python and ${minors[0]} to ${minors.at(-1)})`);
}

async function isNewEnough(candidate: string): Promise<boolean> {
  const check = `import sys; sys.exit(sys.version_info < (3, ${MINOR_MIN}))`;
  return promisify(execFile)(candidate, ['-c', check], { env: childEnvironment(), timeout: 20_000 }).then(() => true, () => false);
}
