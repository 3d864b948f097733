import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { type BatchingHint, checkName, LeptonError } from '../../core/index.ts';
import { checkArtefactPath } from '../artefact.ts';
import { classLabelsPath } from '../class-labels.ts';
import { type LocalFile, refuseOutside } from '../publish-directory.ts';
import type { TritonModelConfig } from './model-config.ts';
import { versionsWithin } from './version-policy.ts';

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
  /** Names of those that version_policy serves, ascending. The newest of them answers requests that name no version. */
  readonly withinPolicy: readonly string[];
  /** null: no config.pbtxt, so batching is measured. */
  readonly batching: BatchingHint | null;
  /** From instance_group; null: not said. */
  readonly replicas: number | null;
  /** Most requests that may wait for a version; null: not said. */
  readonly queueLengthMax: number | null;
  /** Files of outputs' labels, which become part of every version. */
  readonly labelFiles: readonly LocalFile[];
  readonly inputFormats: TritonModelConfig['inputFormats'];
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
 * `NAME/config.pbtxt`. What can't be served becomes a problem, one for each cause, and the rest goes on; only what
 * `checkTritonRoot` refuses throws.
 */
export async function readTritonDirectory(root: string): Promise<TritonDirectory> {
  const problems: ImportProblem[] = [];
  const models: TritonModel[] = [];
  for (const name of await checkTritonRoot(root)) {
    try {
      const model = await readModel(root, name, problems);
      if (model) models.push(model);
    } catch (error) {
      problems.push({ model: name, version: null, severity: 'error', message: (error as Error).message });
    }
  }
  return { models, problems };
}

/** Resolves with the names of the models. Throws INVALID_ARGUMENT for a root that can't be read or is a single model's directory. */
export async function checkTritonRoot(root: string): Promise<readonly string[]> {
  const names = await subdirectories(root);
  const versions = [];
  for (const name of names) if (await exists(join(root, name, MODEL_FILE))) versions.push(name);
  if (!names.length || versions.length < names.length) return names;
  throw new LeptonError('INVALID_ARGUMENT', `${root} is the directory of one model, with version ${versions.join(', ')}; give the one above, which holds a directory for each model: ${dirname(root)}`);
}

const exists = (path: string): Promise<boolean> => lstat(path).then(() => true, () => false);

async function subdirectories(root: string): Promise<string[]> {
  try {
    const names = (await readdir(root)).filter((name) => !name.startsWith('.')).sort();
    const kinds = await Promise.all(names.map(async (name) => (await stat(join(root, name)).catch(() => null))?.isDirectory() ?? false));
    return names.filter((_, index) => kinds[index]);
  } catch (cause) {
    throw new LeptonError('INVALID_ARGUMENT', `model repository ${root} can't be read: ${(cause as Error).message}`, { cause });
  }
}

/** null: none of its versions can be served, as the problems say. */
async function readModel(root: string, name: string, problems: ImportProblem[]): Promise<TritonModel | null> {
  checkName('repository', name);
  const directory = join(root, name);
  const config = await readConfig(directory, name);
  const warn = (message: string): void => void problems.push({ model: name, version: null, severity: 'warning', message });
  if (config?.ignored.length) warn(`config.pbtxt: ${config.ignored.join(', ')} has no meaning here and is ignored`);
  const versions: TritonVersion[] = [];
  const found = (await subdirectories(directory)).sort(compareVersions);
  for (const version of found) {
    try {
      versions.push({ version: checkName('version', version), directory: await artefactDirectory(directory, version) });
    } catch (error) {
      problems.push({ model: name, version, severity: 'error', message: (error as Error).message });
    }
  }
  if (!found.length) throw new LeptonError('MODEL_INVALID', `${name} has no version: no ${name}/VERSION/${MODEL_FILE}`);
  if (!versions.length) return null;
  const names = versions.map(({ version }) => version);
  const withinPolicy = versionsWithin(config?.versionPolicy ?? null, names);
  const others = names.filter((version) => !withinPolicy.includes(version));
  if (others.length) warn(`config.pbtxt: version_policy leaves out ${others.join(', ')}; ${others.length > 1 ? 'they are' : 'it is'} served to requests that name the version only`);
  return { name, directory, versions, withinPolicy, batching: config?.batching ?? null, replicas: config?.replicas ?? null, queueLengthMax: config?.queueLengthMax ?? null, labelFiles: await labelFiles(directory, config?.labelFiles ?? new Map(), warn), inputFormats: config?.inputFormats ?? {} };
}

/** Where a file can't be had, its output's classes go without labels. */
async function labelFiles(directory: string, byOutput: ReadonlyMap<string, string>, warn: (message: string) => void): Promise<LocalFile[]> {
  const files: LocalFile[] = [];
  for (const [output, file] of byOutput) {
    const source = join(directory, file);
    try {
      if (!(await stat(source)).isFile()) throw new LeptonError('MODEL_INVALID', `${source} is not a file`);
      await refuseOutside(source, await realpath(directory));
      files.push({ path: checkArtefactPath(classLabelsPath(output)), source });
    } catch (error) {
      warn(`config.pbtxt: the label_filename ${JSON.stringify(file)} of output ${output} is left out: ${(error as Error).message}`);
    }
  }
  return files;
}

async function readConfig(directory: string, name: string): Promise<TritonModelConfig | null> {
  const file = join(directory, 'config.pbtxt');
  const facts = await stat(file).catch(() => null);
  if (!facts?.isFile()) return null;
  if (facts.size > CONFIG_BYTES_MAX) throw new LeptonError('MODEL_INVALID', `config.pbtxt of ${facts.size} bytes is over the limit of ${CONFIG_BYTES_MAX}`);
  // Loaded here: a parser of protobuf text is much for the many that have no such file.
  const { parseTritonConfig } = await import('./model-config.ts');
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
