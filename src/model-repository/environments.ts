import { canonicalJson, type EnvironmentSpec, environmentOf, type VersionManifest } from '../core/index.ts';
import type { RepositoryContext } from './context.ts';

/** By what versions need; a manifest that names requirements has the word. */
export async function requiredEnvironments({ database }: RepositoryContext): Promise<{ spec: EnvironmentSpec; versions: string[] }[]> {
  const rows = await database.db.selectFrom('versions').select(['repository', 'version', 'manifest']).where('manifest', 'like', '%"requirements"%').orderBy('sequence').execute();
  const found = new Map<string, { spec: EnvironmentSpec; versions: string[] }>();
  for (const { repository, version, manifest } of rows) {
    const spec = environmentOf(JSON.parse(manifest) as VersionManifest);
    if (!spec) continue;
    const key = canonicalJson(spec);
    const entry = found.get(key) ?? { spec, versions: [] };
    entry.versions.push(`${repository}:${version}`);
    found.set(key, entry);
  }
  return [...found.values()];
}
