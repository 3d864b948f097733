import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as tar from 'tar';

/** One published version of the model. */
export interface SileroVersion {
  readonly version: string;
  readonly file: string;
  readonly sha256: string;
  /** Its answer to the clip's samples from 2.0 s on, states at zero: a wrong file would load and answer nonsense. */
  readonly knownAnswer: number;
}

export const SILERO_VERSIONS: readonly SileroVersion[] = [
  { version: 'v4', file: 'silero_vad_legacy.onnx', sha256: 'a35ebf52fd3ce5f1469b2a36158dba761bc47b973ea3382b3186ca15b1f5af28', knownAnswer: 0.0620536 },
  { version: 'v5', file: 'silero_vad_v5.onnx', sha256: '2623a2953f6ff3d2c1e61740c6cdb7168133479b267dfef114a4a3cc5bdd788f', knownAnswer: 0.6061106 },
  { version: 'v6', file: 'silero_vad_v6.onnx', sha256: '1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3', knownAnswer: 0.3957143 },
];

const PACKAGE = '@ricky0123/vad-web@0.0.31';
export const SOURCE = { package: PACKAGE, licence: 'package ISC, weights MIT (Silero Team)' };

const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
const isWhole = (directory: string): boolean => SILERO_VERSIONS.every(({ file, sha256: wanted }) => existsSync(join(directory, file)) && sha256(join(directory, file)) === wanted);

/** Directory with the three model files, fetched once into `cache` and checked each time. */
export async function fetchModels(cache: string): Promise<string> {
  const directory = join(cache, 'silero-vad');
  if (isWhole(directory)) return directory;
  const fresh = `${directory}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  const { stdout } = await promisify(execFile)('npm', ['pack', PACKAGE, '--pack-destination', fresh, '--silent', '--ignore-scripts'], { cwd: fresh, timeout: 120_000 }).catch((error: Error & { stderr?: string }) => {
    throw new Error(`npm could not fetch ${PACKAGE}: ${error.stderr?.trim() || error.message}`, { cause: error });
  });
  const archive = join(fresh, stdout.trim().split('\n').at(-1) ?? '');
  const wanted = new Set(SILERO_VERSIONS.map(({ file }) => `package/dist/${file}`));
  await tar.extract({ file: archive, cwd: fresh, strip: 2, filter: (path) => wanted.has(path) });
  rmSync(archive);
  if (!isWhole(fresh)) throw new Error(`${PACKAGE} does not hold the files that were expected: their SHA-256 differ`);
  rmSync(directory, { recursive: true, force: true });
  renameSync(fresh, directory);
  return directory;
}
