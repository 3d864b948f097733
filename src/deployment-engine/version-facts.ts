import { type DeploymentSpec, formatReference, LeptonError, parseReference, type ServiceSpec, storageBytes } from '../core/index.ts';
import { type ModelRepository, readClassLabels } from '../model-repository/index.ts';
import type { Log } from './log.ts';
import type { ManifestFacts, RouteFacts } from './plan/index.ts';
import type { PredictionSources } from './prediction-sources.ts';
import type { Resolve, ResolvedVersion } from './spec/deployment-spec.ts';

/** What the engine knows of repositories' versions and labels, kept so that decisions need no I/O. */
export class VersionFacts implements RouteFacts {
  readonly #repository: ModelRepository;
  readonly #sources: PredictionSources;
  readonly #manifests = new Map<string, ManifestFacts>();
  readonly #labels = new Map<string, ReadonlyMap<string, string>>();
  /** Repositories whose labels could not be read since they may have moved; what was known of them holds until they are. */
  readonly #stale = new Set<string>();
  readonly #log: Log | null;

  constructor(repository: ModelRepository, sources: PredictionSources, log: Log | null = null) {
    this.#repository = repository;
    this.#sources = sources;
    this.#log = log;
  }

  manifest(digest: string): ManifestFacts | undefined {
    return this.#manifests.get(digest);
  }

  predictionSource(service: string, deployment: DeploymentSpec): number {
    return this.#sources.serial(service, deployment);
  }

  /** `repository:label` → version, of the repositories of a service's versions. */
  labelsFor(deployments: Iterable<DeploymentSpec>): ReadonlyMap<string, string> {
    const found = new Map<string, string>();
    for (const { repository } of deployments) for (const [label, version] of this.#labels.get(repository) ?? []) found.set(formatReference(repository, label), version);
    return found;
  }

  /** Looks references up; the answer resolves exactly these. Rejects with REPOSITORY_NOT_FOUND or VERSION_NOT_FOUND. */
  async resolve(references: Iterable<string>): Promise<Resolve> {
    const found = new Map<string, ResolvedVersion>();
    for (const reference of new Set(references)) {
      const { repository, version } = parseReference(reference);
      found.set(reference, await this.#learn(repository, version));
    }
    return (reference) => {
      const resolved = found.get(reference);
      if (!resolved) throw new LeptonError('INTERNAL', `reference ${reference} was not resolved`);
      return resolved;
    };
  }

  /** Learns what routes of a spec need and is not known yet. Never rejects: what can't be read now is left to the next call. */
  async learn(spec: ServiceSpec): Promise<void> {
    await this.#sources.learn(spec).catch((error) => this.#log?.warn({ err: error, service: spec.name }, 'prediction sources could not be read; trying again'));
    for (const { repository, version, digest } of spec.deployments) {
      if (!this.#manifests.has(digest)) await this.#learn(repository, version).catch((error) => this.#log?.warn({ err: error, repository, version }, 'version could not be read; trying again'));
      if (!this.#labels.has(repository) || this.#stale.has(repository)) await this.refreshLabels(repository);
    }
  }

  /** Reads a repository's labels again. Never rejects: while they can't be read, those known before hold. */
  async refreshLabels(repository: string): Promise<void> {
    try {
      this.#labels.set(repository, await this.#readLabels(repository));
      this.#stale.delete(repository);
    } catch (error) {
      this.#stale.add(repository);
      this.#log?.warn({ err: error, repository }, 'labels could not be read; trying again');
    }
  }

  async #readLabels(repository: string): Promise<ReadonlyMap<string, string>> {
    try {
      return new Map((await this.#repository.listLabels(repository)).map(({ label, version }) => [label, version]));
    } catch (error) {
      if (error instanceof LeptonError && error.code === 'REPOSITORY_NOT_FOUND') return new Map();
      throw error;
    }
  }

  async #learn(repository: string, versionOrLabel: string): Promise<ResolvedVersion> {
    const { version, digest, manifest } = await this.#repository.getVersion(repository, versionOrLabel);
    if (!this.#manifests.has(digest)) {
      const { format, signature, metadata, batching } = manifest;
      const classLabels = await readClassLabels(this.#repository, manifest);
      this.#manifests.set(digest, { format, storageBytes: storageBytes(manifest.files), signature, metadata, batching, ...(classLabels && { classLabels }) });
    }
    return { repository, version, digest };
  }
}
