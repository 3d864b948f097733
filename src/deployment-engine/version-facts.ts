import { type DeploymentSpec, formatReference, LeptonError, parseReference, type ServiceSpec } from '../core/index.ts';
import type { ModelRepository } from '../model-repository/index.ts';
import type { ManifestFacts } from './plan/index.ts';
import type { Resolve, ResolvedVersion } from './spec/deployment-spec.ts';

/** What the engine knows of repositories' versions and labels, kept so that decisions need no I/O. */
export class VersionFacts {
  readonly #repository: ModelRepository;
  readonly #manifests = new Map<string, ManifestFacts>();
  readonly #labels = new Map<string, ReadonlyMap<string, string>>();

  constructor(repository: ModelRepository) {
    this.#repository = repository;
  }

  manifest(digest: string): ManifestFacts | undefined {
    return this.#manifests.get(digest);
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

  /** Learns what routes of a spec need. A version that can't be read is skipped: its replicas will say why. */
  async learn(spec: ServiceSpec): Promise<void> {
    for (const { repository, version, digest } of spec.deployments) {
      if (!this.#manifests.has(digest)) await this.#learn(repository, version).catch(() => undefined);
      if (!this.#labels.has(repository)) await this.refreshLabels(repository);
    }
  }

  async refreshLabels(repository: string): Promise<void> {
    const labels = await this.#repository.listLabels(repository).catch(() => []);
    this.#labels.set(repository, new Map(labels.map((label) => [label.label, label.version])));
  }

  async #learn(repository: string, versionOrLabel: string): Promise<ResolvedVersion> {
    const { version, digest, manifest } = await this.#repository.getVersion(repository, versionOrLabel);
    const { format, signature, metadata, batching } = manifest;
    this.#manifests.set(digest, { format, signature, metadata, batching });
    return { repository, version, digest };
  }
}
