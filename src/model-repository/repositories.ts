import { checkName, type HistoryEntry, LeptonError, type RepositoryInfo, type Version, type VersionDiff } from '../core/index.ts';
import { announce, nowText, type Queries, type RepositoryContext } from './context.ts';
import { diffVersions } from './diff.ts';
import { holdersOf, readHistory, repositoryInfo, repositoryInfos, requireRepository, requireVersion, toVersion, writeHistory } from './records.ts';
import type { RepositoryPage, VersionPage } from './types.ts';

const DESCRIPTION_LENGTH_MAX = 4096;
const HISTORY_LIMIT_MAX = 10_000;
const PAGE_MAX = 1_000;

export interface CreateRepositoryOptions {
  readonly by: string;
  readonly description?: string;
  readonly ifNotExists?: boolean;
}

export async function createRepository(context: RepositoryContext, name: string, options: CreateRepositoryOptions): Promise<RepositoryInfo> {
  checkName('repository', name);
  const description = options.description ?? '';
  if (description.length > DESCRIPTION_LENGTH_MAX) throw new LeptonError('INVALID_ARGUMENT', `the description has ${description.length} characters, the most allowed are ${DESCRIPTION_LENGTH_MAX}`);
  const { info, created } = await context.database.immediate(async (trx) => {
    const existing = await trx.selectFrom('repositories').selectAll().where('name', '=', name).executeTakeFirst();
    if (existing && !options.ifNotExists) throw new LeptonError('REPOSITORY_EXISTS', `repository ${name} exists already, since ${existing.created_at}`);
    const row = existing ?? (await insertRepository(context, trx, name, options.by, description));
    return { info: await repositoryInfo(trx, row), created: !existing };
  });
  if (created) announceRepository(context, name, options.by);
  return info;
}

/** Adds the row and its history; the caller announces it after the commit. */
export async function insertRepository(context: RepositoryContext, trx: Queries, name: string, by: string, description = ''): Promise<{ name: string; description: string; created_at: string; created_by: string }> {
  const row = { name, description, created_at: nowText(context), created_by: by };
  await trx.insertInto('repositories').values(row).execute();
  await writeHistory(trx, name, { at: row.created_at, by, action: 'repository-created', version: null, label: null, before: null, digest: null });
  return row;
}

export function announceRepository(context: RepositoryContext, name: string, by: string): void {
  announce(context, { reason: 'RepositoryCreated', message: `repository ${name} created`, actor: by, repository: name });
}

/** By name. */
export async function listRepositories(context: RepositoryContext, { after, limit }: RepositoryPage = {}): Promise<RepositoryInfo[]> {
  const { db } = context.database;
  // Sorted here: engines differ in how they compare text.
  const rows = (await db.selectFrom('repositories').selectAll().execute()).sort((a, b) => (a.name < b.name ? -1 : 1));
  if (after === undefined && limit === undefined) return repositoryInfos(db, rows);
  const page = rows.filter(({ name }) => after === undefined || name > after).slice(0, checkLimit(limit, PAGE_MAX));
  return page.length ? repositoryInfos(db, page, page.map(({ name }) => name)) : [];
}

/** How many there are of each. */
export async function countRepositories(context: RepositoryContext): Promise<{ repositories: number; versions: number }> {
  const { db } = context.database;
  const count = async (table: 'repositories' | 'versions'): Promise<number> => (await db.selectFrom(table).select((e) => e.fn.countAll<number>().as('count')).executeTakeFirstOrThrow()).count;
  return { repositories: await count('repositories'), versions: await count('versions') };
}

function checkLimit(limit: number | undefined, max: number): number {
  if (limit === undefined) return max;
  if (Number.isInteger(limit) && limit >= 1 && limit <= max) return limit;
  throw new LeptonError('INVALID_ARGUMENT', `limit ${limit} is not a whole number from 1 to ${max}`);
}

export async function deleteRepository(context: RepositoryContext, name: string, by: string): Promise<void> {
  await context.database.immediate(async (trx) => {
    await requireRepository(trx, name);
    const holders = await holdersOf(trx, name);
    if (holders.length > 0) throw new LeptonError('IN_USE', `repository ${name} is used by ${holders.join(', ')}; undeploy its versions there first`);
    for (const table of ['labels', 'version_files', 'versions', 'repository_history'] as const) await trx.deleteFrom(table).where('repository', '=', name).execute();
    await trx.deleteFrom('repositories').where('name', '=', name).execute();
  });
  announce(context, { reason: 'RepositoryDeleted', message: `repository ${name} deleted with all its versions`, actor: by, repository: name });
}

/** Oldest first; with `limit` the newest of those that are asked for, or with `after` the oldest. */
export async function listVersions(context: RepositoryContext, repository: string, { after, before, limit }: VersionPage = {}): Promise<Version[]> {
  const { db } = context.database;
  await requireRepository(db, repository);
  let query = db.selectFrom('versions').selectAll().where('repository', '=', repository);
  if (after !== undefined) query = query.where('sequence', '>', (await requireVersion(db, repository, after)).sequence);
  if (before !== undefined) query = query.where('sequence', '<', (await requireVersion(db, repository, before)).sequence);
  const forwards = limit === undefined || after !== undefined;
  if (limit !== undefined) query = query.limit(checkLimit(limit, PAGE_MAX));
  const rows = await query.orderBy('sequence', forwards ? 'asc' : 'desc').execute();
  return (forwards ? rows : rows.reverse()).map(toVersion);
}

/** Refused while pinned or labelled; children lose the name of their parent, not its digest. */
export async function deleteVersion(context: RepositoryContext, repository: string, version: string, by: string): Promise<void> {
  const digest = await context.database.immediate(async (trx) => {
    const row = await requireVersion(trx, repository, version);
    if (row.version !== version) throw new LeptonError('INVALID_ARGUMENT', `${version} is a label of ${repository}; delete the version ${row.version} by its own name`);
    const holders = await holdersOf(trx, repository, version);
    const labels = await trx.selectFrom('labels').select('label').where('repository', '=', repository).where('version', '=', version).execute();
    const users = [...holders, ...labels.map(({ label }) => `label ${label}`)];
    if (users.length > 0) throw new LeptonError('IN_USE', `${repository}:${version} is used by ${users.join(', ')}; remove it there first`, { details: { holders: users } });
    await trx.updateTable('versions').set({ parent_version: null }).where('repository', '=', repository).where('parent_version', '=', version).execute();
    for (const table of ['version_files', 'versions'] as const) await trx.deleteFrom(table).where('repository', '=', repository).where('version', '=', version).execute();
    await writeHistory(trx, repository, { at: nowText(context), by, action: 'version-deleted', version, label: null, before: null, digest: row.digest as Version['digest'] });
    return row.digest;
  });
  announce(context, { reason: 'VersionDeleted', message: `${repository}:${version} deleted`, actor: by, repository, version, before: digest });
}

export async function historyOf(context: RepositoryContext, repository: string, limit = 1000): Promise<HistoryEntry[]> {
  checkLimit(limit, HISTORY_LIMIT_MAX);
  await requireRepository(context.database.db, repository);
  return readHistory(context.database.db, repository, limit);
}

export async function diffOf(context: RepositoryContext, repository: string, from: string, to: string): Promise<VersionDiff> {
  const { db } = context.database;
  return diffVersions(toVersion(await requireVersion(db, repository, from)), toVersion(await requireVersion(db, repository, to)));
}
