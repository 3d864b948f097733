import { type BatchingHint, type Digest, INPUT_FORMATS_KEY } from '../../core/index.ts';
import { listLocalFiles, publishLocalFiles } from '../publish-directory.ts';
import type { ModelRepository } from '../types.ts';
import { type ImportProblem, readTritonDirectory, type TritonModel, type TritonVersion } from './triton-directory.ts';

export interface ImportedVersion {
  readonly version: string;
  readonly digest: Digest;
  /** false: was there already with the same content. */
  readonly created: boolean;
}
export interface ImportedModel {
  readonly name: string;
  /** Ascending; the last is the newest. */
  readonly versions: readonly ImportedVersion[];
  /** Who shall answer requests that name no version: the newest that version_policy allows; null: none of those could be published. */
  readonly answering: string | null;
  readonly batching: BatchingHint | null;
  /** Replicas asked for by instance_group; null: not said. */
  readonly replicas: number | null;
  /** Most requests that may wait for a version; null: not said. */
  readonly queueLengthMax: number | null;
}
export interface ImportReport {
  readonly models: readonly ImportedModel[];
  readonly problems: readonly ImportProblem[];
}

export interface ImportOptions {
  readonly by: string;
  /** Ends the import between two versions; rejects with its reason. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { done: number; total: number; model: string; version: string }) => void;
}

/**
 * Publishes every version of a Triton-style directory. Running it again changes nothing; a version whose files changed under the same
 * name is a problem, never overwritten; a broken model is a problem and the rest goes on.
 */
export async function importTritonDirectory(repository: ModelRepository, root: string, options: ImportOptions): Promise<ImportReport> {
  const { models, problems } = await readTritonDirectory(root);
  const total = models.reduce((sum, model) => sum + model.versions.length, 0);
  const found = [...problems];
  const imported: ImportedModel[] = [];
  let done = 0;
  for (const model of models) {
    const versions: ImportedVersion[] = [];
    for (const version of model.versions) {
      options.signal?.throwIfAborted();
      options.onProgress?.({ done: done++, total, model: model.name, version: version.version });
      try {
        versions.push(await publish(repository, model, version, options.by));
      } catch (error) {
        found.push({ model: model.name, version: version.version, severity: 'error', message: (error as Error).message });
      }
    }
    const { name, batching, replicas, queueLengthMax, withinPolicy } = model;
    const answering = versions.findLast(({ version }) => withinPolicy.includes(version))?.version ?? null;
    if (versions.length) imported.push({ name, versions, answering, batching, replicas, queueLengthMax });
  }
  return { models: imported, problems: found };
}

/** Links may lead to other versions of the model (`2/model.onnx` → `../1/model.onnx`), not further. */
async function publish(repository: ModelRepository, model: TritonModel, { version, directory }: TritonVersion, by: string): Promise<ImportedVersion> {
  const own = await listLocalFiles(directory, model.directory);
  const labels = new Set(model.labelFiles.map(({ path }) => path));
  const files = [...own.filter(({ path }) => !labels.has(path)), ...model.labelFiles];
  const result = await publishLocalFiles(repository, files, { repository: model.name, version, batching: model.batching, metadata: Object.keys(model.inputFormats).length ? { [INPUT_FORMATS_KEY]: model.inputFormats } : {}, by, createRepository: true });
  return { version, digest: result.version.digest, created: result.created };
}
