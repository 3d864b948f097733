import { LeptonError } from '../core/index.ts';
import type { RepositoryContext } from './context.ts';
import { findVersion, holdersOf } from './records.ts';

export async function setPins(context: RepositoryContext, holder: string, references: readonly { repository: string; version: string }[]): Promise<void> {
  const wanted = new Map(references.map(({ repository, version }) => [`${repository}:${version}`, { holder, repository, version }]));
  await context.database.immediate(async (trx) => {
    for (const { repository, version } of wanted.values()) {
      if (!(await findVersion(trx, repository, version))) throw new LeptonError('VERSION_NOT_FOUND', `${repository}:${version} does not exist, or was deleted meanwhile`);
    }
    await trx.deleteFrom('pins').where('holder', '=', holder).execute();
    if (wanted.size > 0) await trx.insertInto('pins').values([...wanted.values()]).execute();
  });
}

export async function pinsOf(context: RepositoryContext, repository: string, version: string): Promise<readonly string[]> {
  return holdersOf(context.database.db, repository, version);
}
