/** Reading of a Triton-style model repository: `NAME/VERSION/model.onnx`, with or without `NAME/config.pbtxt`. */
import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type BatchingHint, checkName, LeptonError } from '../../core/index.ts';
import { listLocalFiles, type LocalFile, refuseOutside } from '../publish-directory.ts';
import { type ModelConfig, parseModelConfig } from './config-pbtxt.ts';

const CONFIG_BYTES_MAX = 2 ** 20;
const MODEL_FILE = 'model.onnx';

export interface TritonVersion {
  readonly version: string;
  readonly directory: string;
}

export interface TritonModel {
  readonly name: string;
  /** In order of publication: by number, then other names. */
  readonly versions: readonly TritonVersion[];
  /** From `max_batch_size` and `dynamic_batching`; null: nothing said, measured at load. */
  readonly batching: BatchingHint | null;
  /** Copies that the configuration asks for; null: nothing said. */
  readonly instanceCount: number | null;
  /** Versions that an explicit `version_policy` wants served; null: all. */
  readonly policyVersions: readonly string[] | null;
  readonly config: ModelConfig | null;
  /** What is wrong with the model as a whole; with problems it has no versions. */
  readonly problems: readonly string[];
}

/** Reads the layout, not the models. Throws INVALID_ARGUMENT if the directory itself cannot be read. */
export async function readTritonDirectory(directory: string): Promise<TritonModel[]> {
  const names = await readdir(directory).catch((cause: unknown) => {
    throw new LeptonError('INVALID_ARGUMENT', `the model repository ${directory} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  });
  const root = await realpath(directory);
  const models: TritonModel[] = [];
  for (const name of names.sort()) {
    if (name.startsWith('.')) continue;
    const path = join(root, name);
    if (await isDirectory(path)) models.push(await readModel(name, path, root));
  }
  return models;
}

const nothing = (name: string, problem: string): TritonModel => ({ name, versions: [], batching: null, instanceCount: null, policyVersions: null, config: null, problems: [problem] });

async function readModel(name: string, directory: string, root: string): Promise<TritonModel> {
  try {
    checkName('repository', name);
    await refuseOutside(directory, root);
    const config = await readConfig(directory);
    refuseOtherRuntimes(config);
    const versions = await readVersions(directory, config);
    if (versions.length === 0) return nothing(name, `${name} has no version: expected ${name}/1/${config?.defaultModelFilename ?? MODEL_FILE}`);
    return { name, versions, batching: batchingOf(config), instanceCount: config?.instanceCount ?? null, policyVersions: policyVersions(config, versions), config, problems: [] };
  } catch (error) {
    return nothing(name, `${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function readConfig(directory: string): Promise<ModelConfig | null> {
  const file = join(directory, 'config.pbtxt');
  const facts = await lstat(file).catch(() => undefined);
  if (!facts) return null;
  await refuseOutside(file, await realpath(directory));
  if ((await stat(file)).size > CONFIG_BYTES_MAX) throw new LeptonError('INVALID_ARGUMENT', `config.pbtxt is larger than ${CONFIG_BYTES_MAX} bytes`);
  return parseModelConfig(await readFile(file, 'utf8'));
}

function refuseOtherRuntimes(config: ModelConfig | null): void {
  const platform = config?.platform || 'onnxruntime_onnx';
  const backend = config?.backend || 'onnxruntime';
  if (platform !== 'onnxruntime_onnx') throw new LeptonError('INVALID_ARGUMENT', `platform ${JSON.stringify(platform)} is not supported; supported: onnxruntime_onnx`);
  if (backend !== 'onnxruntime') throw new LeptonError('INVALID_ARGUMENT', `backend ${JSON.stringify(backend)} is not supported; supported: onnxruntime`);
}

/** Directories with a number for a name are versions; others are if they hold a model. */
async function readVersions(directory: string, config: ModelConfig | null): Promise<TritonVersion[]> {
  const versions: TritonVersion[] = [];
  for (const version of await readdir(directory)) {
    const path = join(directory, version);
    if (version.startsWith('.') || !(await isDirectory(path))) continue;
    const numbered = /^[1-9]\d*$/.test(version);
    if (numbered || (await exists(join(path, config?.defaultModelFilename ?? MODEL_FILE)))) versions.push({ version, directory: path });
  }
  return versions.sort((a, b) => byNumberThenName(a.version, b.version));
}

/** Numbers first, in their order, then names in theirs. */
export function byNumberThenName(a: string, b: string): number {
  const [numberA, numberB] = [a, b].map((name) => (/^\d+$/.test(name) ? Number(name) : Number.POSITIVE_INFINITY)) as [number, number];
  if (numberA !== numberB) return numberA < numberB ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

function batchingOf(config: ModelConfig | null): BatchingHint | null {
  if (config?.maxBatchSize === null || config?.maxBatchSize === undefined) return null;
  const dynamic = config.dynamicBatching;
  return {
    maxBatchSize: Math.min(config.maxBatchSize, 65536),
    ...(dynamic?.preferredBatchSizes.length ? { preferred: dynamic.preferredBatchSizes } : {}),
    ...(dynamic && dynamic.maxQueueDelayMs > 0 ? { maxDelayMs: dynamic.maxQueueDelayMs } : {}),
  };
}

function policyVersions(config: ModelConfig | null, versions: readonly TritonVersion[]): string[] | null {
  const policy = config?.versionPolicy;
  const names = versions.map(({ version }) => version);
  if (policy?.kind === 'specific') return names.filter((name) => policy.versions.includes(name));
  if (policy?.kind === 'latest') return names.slice(-Math.max(1, policy.count));
  return null;
}

/**
 * The files of one version as an artefact. Triton's model file may have another name (`default_model_filename`), or be a
 * directory with the model and its external data; either way the artefact's entry is `model.onnx`.
 */
export async function listTritonVersion(model: TritonModel, { version, directory }: TritonVersion): Promise<LocalFile[]> {
  checkName('version', version);
  const within = await realpath(join(directory, '..'));
  await refuseOutside(directory, within);
  const modelFile = model.config?.defaultModelFilename ?? MODEL_FILE;
  if (/[/\\\u0000]|^\.\.?$/.test(modelFile)) throw new LeptonError('INVALID_ARGUMENT', `default_model_filename ${JSON.stringify(modelFile)} is not the name of a file`);
  const path = join(directory, modelFile);
  const facts = await lstat(path).catch(() => undefined);
  if (!facts) throw new LeptonError('MODEL_INVALID', `${version}/${modelFile} is missing`);
  await refuseOutside(path, within);
  if (await isDirectory(path)) return listLocalFiles(path, within);
  const files = await listLocalFiles(directory, within);
  return files.map((file) => (file.path === modelFile ? { ...file, path: MODEL_FILE } : file));
}

const isDirectory = (path: string): Promise<boolean> => stat(path).then((facts) => facts.isDirectory(), () => false);
const exists = (path: string): Promise<boolean> => lstat(path).then(() => true, () => false);
