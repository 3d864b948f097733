/** Rows of the database as the nouns of core, and the look-ups that everything starts with. */
import { type Digest, type HistoryEntry, LeptonError, nearest, type RepositoryInfo, type Version, type VersionManifest } from '../core/index.ts';
import type { Row } from '../database/index.ts';
import type { Queries } from './context.ts';

const NAMES_SHOWN_MAX = 20;

export function toVersion(row: Row<'versions'>): Version {
  return {
    repository: row.repository,
    version: row.version,
    digest: row.digest as Digest,
    manifest: JSON.parse(row.manifest) as VersionManifest,
    parentVersion: row.parent_version,
    sizeBytes: row.size_bytes,
    createdAt: row.created_at,
    createdBy: row.created_by,
  };
}

export async function requireRepository(db: Queries, name: string): Promise<Row<'repositories'>> {
  const row = await db.selectFrom('repositories').selectAll().where('name', '=', name).executeTakeFirst();
  if (row) return row;
  const names = await db.selectFrom('repositories').select('name').orderBy('name').limit(1000).execute();
  const meant = nearest(name, names.map((other) => other.name));
  throw new LeptonError('REPOSITORY_NOT_FOUND', `repository ${name} does not exist${meant ? `; did you mean ${meant}?` : ''}`);
}

export async function findVersion(db: Queries, repository: string, version: string): Promise<Row<'versions'> | undefined> {
  return db.selectFrom('versions').selectAll().where('repository', '=', repository).where('version', '=', version).executeTakeFirst();
}

/** By version name or label. Throws REPOSITORY_NOT_FOUND or VERSION_NOT_FOUND with the names that there are. */
export async function requireVersion(db: Queries, repository: string, versionOrLabel: string): Promise<Row<'versions'>> {
  const named = await findVersion(db, repository, versionOrLabel);
  if (named) return named;
  const label = await db.selectFrom('labels').select('version').where('repository', '=', repository).where('label', '=', versionOrLabel).executeTakeFirst();
  const labelled = label && (await findVersion(db, repository, label.version));
  if (labelled) return labelled;
  await requireRepository(db, repository);
  throw new LeptonError('VERSION_NOT_FOUND', `${repository} has no version or label ${versionOrLabel}; it has ${await namesOf(db, repository)}`);
}

async function namesOf(db: Queries, repository: string): Promise<string> {
  const versions = await db.selectFrom('versions').select('version as name').where('repository', '=', repository).orderBy('sequence', 'desc').limit(NAMES_SHOWN_MAX).execute();
  const labels = await db.selectFrom('labels').select('label as name').where('repository', '=', repository).limit(NAMES_SHOWN_MAX).execute();
  return [...versions, ...labels].map((row) => row.name).join(', ') || 'none yet';
}

export async function newestVersion(db: Queries, repository: string): Promise<Row<'versions'> | undefined> {
  return db.selectFrom('versions').selectAll().where('repository', '=', repository).orderBy('sequence', 'desc').limit(1).executeTakeFirst();
}

export async function repositoryInfo(db: Queries, row: Row<'repositories'>): Promise<RepositoryInfo> {
  const [info] = await repositoryInfos(db, [row], [row.name]);
  return info as RepositoryInfo;
}

/** In the order of the rows, with two statements however many they are. `only`: their names, if they are not all that there are. */
export async function repositoryInfos(db: Queries, rows: readonly Row<'repositories'>[], only?: readonly string[]): Promise<RepositoryInfo[]> {
  const newest = await db
    .with('counts', (counts) => counts.selectFrom('versions').select((e) => ['repository', e.fn.countAll<number>().as('count'), e.fn.max('sequence').as('newest')]).$if(only !== undefined, (some) => some.where('repository', 'in', only ?? [])).groupBy('repository'))
    .selectFrom('counts').innerJoin('versions', 'versions.sequence', 'counts.newest').select(['counts.repository', 'count', 'version']).execute();
  const counted = new Map(newest.map(({ repository, count, version }) => [repository, { count, version }]));
  const pointers = await db.selectFrom('labels').select(['repository', 'label', 'version']).$if(only !== undefined, (some) => some.where('repository', 'in', only ?? [])).execute();
  const labels = new Map<string, Record<string, string>>();
  for (const { repository, label, version } of pointers.sort((a, b) => (a.label < b.label ? -1 : 1))) labels.set(repository, { ...labels.get(repository), [label]: version });
  return rows.map((row) => ({
    name: row.name,
    description: row.description,
    createdAt: row.created_at,
    createdBy: row.created_by,
    versionCount: counted.get(row.name)?.count ?? 0,
    latestVersion: counted.get(row.name)?.version ?? null,
    labels: labels.get(row.name) ?? {},
  }));
}

export async function writeHistory(db: Queries, repository: string, entry: HistoryEntry): Promise<void> {
  const { at, by, action, version, label, before, digest } = entry;
  await db.insertInto('repository_history').values({ repository, at, actor: by, action, version, label, before, digest }).execute();
}

export async function readHistory(db: Queries, repository: string, limit: number): Promise<HistoryEntry[]> {
  const rows = await db.selectFrom('repository_history').selectAll().where('repository', '=', repository).orderBy('id', 'desc').limit(limit).execute();
  return rows.map((row) => ({ at: row.at, by: row.actor, action: row.action as HistoryEntry['action'], version: row.version, label: row.label, before: row.before, digest: row.digest as Digest | null }));
}

/** Holders of one version, or of any version of a repository. */
export async function holdersOf(db: Queries, repository: string, version?: string): Promise<string[]> {
  let query = db.selectFrom('pins').select('holder').distinct().where('repository', '=', repository);
  if (version !== undefined) query = query.where('version', '=', version);
  return (await query.execute()).map((row) => row.holder).sort();
}

/** Versions and labels of a repository share one space of names, so that `repository:name` means one thing. */
export async function refuseNameClash(db: Queries, repository: string, name: string, as: 'version' | 'label'): Promise<void> {
  if (as === 'label') {
    if (await findVersion(db, repository, name)) throw new LeptonError('PRECONDITION_FAILED', `${name} is a version of ${repository}, so that no label can have this name; choose another`);
    return;
  }
  const label = await db.selectFrom('labels').select('label').where('repository', '=', repository).where('label', '=', name).executeTakeFirst();
  if (label) throw new LeptonError('PRECONDITION_FAILED', `${name} is a label of ${repository}, so that no version can have this name; choose another, or delete the label`);
}
