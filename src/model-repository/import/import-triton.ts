import { asLeptonError, type BatchingHint } from '../../core/index.ts';
import { storeLocalFiles } from '../publish-directory.ts';
import type { ModelRepository } from '../types.ts';
import { listTritonVersion, readTritonDirectory, type TritonModel, type TritonVersion } from './triton-directory.ts';

export interface ImportedVersion {
  readonly version: string;
  readonly outcome: 'created' | 'unchanged' | 'failed';
  /** Why it failed; '' otherwise. */
  readonly message: string;
}

export interface ImportedTritonModel {
  /** Of the directory, and of the repository that its versions are in. */
  readonly name: string;
  readonly versions: readonly ImportedVersion[];
  /** Replicas that the configuration asks for; null: nothing said. */
  readonly instanceCount: number | null;
  readonly batching: BatchingHint | null;
  /** Versions that an explicit `version_policy` wants served; null: all. */
  readonly policyVersions: readonly string[] | null;
}

export interface TritonImport {
  readonly models: readonly ImportedTritonModel[];
  /** Everything that could not be imported, one sentence each with the model's name; the rest was. */
  readonly problems: readonly string[];
}

export interface ImportProgress {
  readonly model: string;
  readonly version: string;
  readonly done: number;
  readonly total: number;
}

export interface ImportOptions {
  readonly by: string;
  readonly onProgress?: (progress: ImportProgress) => void;
}

/**
 * Publishes every version of a Triton-style directory, each model as a repository of its name. The same directory again
 * changes nothing; a version whose files changed under its old name is a problem, since versions never change; what is
 * broken is reported and the rest goes on. Throws only if the directory cannot be read.
 */
export async function importTritonDirectory(repository: ModelRepository, directory: string, options: ImportOptions): Promise<TritonImport> {
  const models = await readTritonDirectory(directory);
  const total = models.reduce((sum, model) => sum + model.versions.length, 0);
  const problems = models.flatMap((model) => model.problems);
  const imported: ImportedTritonModel[] = [];
  let done = 0;
  for (const model of models) {
    const versions: ImportedVersion[] = [];
    for (const version of model.versions) {
      const result = await importVersion(repository, model, version, options.by);
      if (result.outcome === 'failed') problems.push(`${model.name}:${version.version}: ${result.message}`);
      versions.push(result);
      options.onProgress?.({ model: model.name, version: version.version, done: ++done, total });
    }
    const { name, instanceCount, batching, policyVersions } = model;
    imported.push({ name, versions, instanceCount, batching, policyVersions });
  }
  return { models: imported, problems };
}

async function importVersion(repository: ModelRepository, model: TritonModel, version: TritonVersion, by: string): Promise<ImportedVersion> {
  const name = version.version;
  try {
    const files = await storeLocalFiles(repository, await listTritonVersion(model, version));
    const { created } = await repository.publish({ repository: model.name, version: name, files, batching: model.batching, by, createRepository: true });
    return { version: name, outcome: created ? 'created' : 'unchanged', message: '' };
  } catch (error) {
    return { version: name, outcome: 'failed', message: asLeptonError(error).message };
  }
}
