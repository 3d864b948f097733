import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { type BatchingHint, checkName, LeptonError } from '../../core/index.ts';
import { parseTritonConfig } from './model-config.ts';

const CONFIG_BYTES_MAX = 2 ** 20;
const MODEL_FILE = 'model.onnx';

export interface TritonVersion {
  readonly version: string;
  /** Directory whose files are the artefact. */
  readonly directory: string;
}
export interface TritonModel {
  readonly name: string;
  /** Links inside it may not lead out of it. */
  readonly directory: string;
  /** Ascending: by number where names are numbers, then by name. */
  readonly versions: readonly TritonVersion[];
  /** null: no config.pbtxt, so batching is measured. */
  readonly batching: BatchingHint | null;
  /** From instance_group; null: not said. */
  readonly replicas: number | null;
}
export interface ImportProblem {
  readonly model: string;
  readonly version: string | null;
  /** `warning`: it is served all the same. */
  readonly severity: 'warning' | 'error';
  readonly message: string;
}
export interface TritonDirectory {
  readonly models: readonly TritonModel[];
  readonly problems: readonly ImportProblem[];
}

/**
 * Reads the layout `NAME/VERSION/model.onnx` (a file, or a directory with `model.onnx` and its external data), with or without
 * `NAME/config.pbtxt`. What can't be served becomes a problem and the rest goes on; only an unreadable root throws.
 */
export async function readTritonDirectory(root: string): Promise<TritonDirectory> {
  const problems: ImportProblem[] = [];
  const models: TritonModel[] = [];
  for (const name of await subdirectories(root)) {
    try {
      models.push(await readModel(root, name, problems));
    } catch (error) {
      problems.push({ model: name, version: null, severity: 'error', message: (error as Error).message });
    }
  }
  return { models, problems };
}

async function subdirectories(root: string): Promise<string[]> {
  try {
    const names = (await readdir(root)).filter((name) => !name.startsWith('.')).sort();
    const kinds = await Promise.all(names.map(async (name) => (await stat(join(root, name)).catch(() => null))?.isDirectory() ?? false));
    return names.filter((_, index) => kinds[index]);
  } catch (cause) {
    throw new LeptonError('INVALID_ARGUMENT', `model repository ${root} can't be read: ${(cause as Error).message}`, { cause });
  }
}

async function readModel(root: string, name: string, problems: ImportProblem[]): Promise<TritonModel> {
  checkName('repository', name);
  const directory = join(root, name);
  const config = await readConfig(directory, name);
  if (config?.ignored.length) problems.push({ model: name, version: null, severity: 'warning', message: `config.pbtxt: ${config.ignored.join(', ')} has no meaning here and is ignored` });
  const versions: TritonVersion[] = [];
  for (const version of (await subdirectories(directory)).sort(compareVersions)) {
    try {
      versions.push({ version: checkName('version', version), directory: await artefactDirectory(directory, version) });
    } catch (error) {
      problems.push({ model: name, version, severity: 'error', message: (error as Error).message });
    }
  }
  if (!versions.length) throw new LeptonError('MODEL_INVALID', `${name} has no version that can be served: no ${name}/VERSION/${MODEL_FILE}`);
  return { name, directory, versions, batching: config?.batching ?? null, replicas: config?.replicas ?? null };
}

async function readConfig(directory: string, name: string): Promise<ReturnType<typeof parseTritonConfig> | null> {
  const file = join(directory, 'config.pbtxt');
  const facts = await stat(file).catch(() => null);
  if (!facts?.isFile()) return null;
  if (facts.size > CONFIG_BYTES_MAX) throw new LeptonError('MODEL_INVALID', `config.pbtxt of ${facts.size} bytes is over the limit of ${CONFIG_BYTES_MAX}`);
  return parseTritonConfig(await readFile(file, 'utf8'), name);
}

async function artefactDirectory(modelDirectory: string, version: string): Promise<string> {
  const directory = join(modelDirectory, version);
  await checkInside(await realpath(modelDirectory), directory);
  const nested = join(directory, MODEL_FILE);
  return (await stat(nested).catch(() => null))?.isDirectory() ? nested : directory;
}

/** Refuses links that lead out of the model's directory: a push must not read files that its author could not name. */
async function checkInside(base: string, path: string): Promise<void> {
  const real = await realpath(path);
  if (real !== base && !real.startsWith(base + sep)) throw new LeptonError('MODEL_INVALID', `${path} is a link that leads out of the model's directory`);
  if (!(await lstat(real)).isDirectory()) return;
  for (const name of await readdir(real)) await checkInside(base, join(real, name));
}

/** Numbers first, by value; then other names in code point order. */
export function compareVersions(a: string, b: string): number {
  const [numberA, numberB] = [a, b].map((name) => (/^\d+$/.test(name) ? Number(name) : Number.POSITIVE_INFINITY)) as [number, number];
  if (numberA !== numberB) return numberA - numberB;
  return a < b ? -1 : a > b ? 1 : 0;
}
