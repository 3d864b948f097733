import { checkName, type Digest, type Label, LeptonError } from '../core/index.ts';
import { Mutex } from '../database/index.ts';
import { announce, nowText, type Queries, type RepositoryContext } from './context.ts';
import { findVersion, refuseNameClash, requireRepository, requireVersion, writeHistory } from './records.ts';
import type { LabelGuard } from './types.ts';

export interface MoveLabelOptions {
  readonly by: string;
  readonly expect?: string | null;
}

/** Labels move one at a time, so that what the guard found is still so when the label moves. */
export class Labels {
  readonly #context: RepositoryContext;
  readonly #moves = new Mutex();
  #guard: LabelGuard = async () => {};
  readonly #listeners: ((repository: string, label: string) => void)[] = [];

  constructor(context: RepositoryContext) {
    this.#context = context;
  }

  setGuard(guard: LabelGuard): void {
    this.#guard = guard;
  }

  onChange(listener: (repository: string, label: string) => void): void {
    this.#listeners.push(listener);
  }

  async list(repository: string): Promise<Label[]> {
    const { db } = this.#context.database;
    await requireRepository(db, repository);
    const rows = await db
      .selectFrom('labels')
      .innerJoin('versions', (join) => join.onRef('versions.repository', '=', 'labels.repository').onRef('versions.version', '=', 'labels.version'))
      .select(['labels.repository', 'label', 'labels.version', 'digest', 'moved_at', 'moved_by'])
      .where('labels.repository', '=', repository)
      .execute();
    return rows
      .map((row) => ({ repository: row.repository, label: row.label, version: row.version, digest: row.digest as Digest, movedAt: row.moved_at, movedBy: row.moved_by }))
      .sort((a, b) => (a.label < b.label ? -1 : 1));
  }

  async move(repository: string, label: string, version: string, options: MoveLabelOptions): Promise<Label> {
    checkName('label', label);
    checkName('version', version);
    const { moved, before } = await this.#moves.run(async () => {
      const target = await requireVersion(this.#context.database.db, repository, version);
      await this.#guard(repository, label, target.version);
      return this.#context.database.immediate((trx) => this.#write(trx, repository, label, target.version, options));
    });
    if (before !== moved.version) {
      announce(this.#context, { reason: 'LabelMoved', message: `label ${label} of ${repository} moved ${before === null ? '' : `from ${before} `}to ${moved.version}`, actor: options.by, repository, version: moved.version, before, after: moved.version });
      this.#tell(repository, label);
    }
    return moved;
  }

  async delete(repository: string, label: string, by: string): Promise<void> {
    const before = await this.#moves.run(async () => {
      const { version } = await this.#require(this.#context.database.db, repository, label);
      await this.#guard(repository, label, null);
      await this.#context.database.immediate(async (trx) => {
        await trx.deleteFrom('labels').where('repository', '=', repository).where('label', '=', label).execute();
        await writeHistory(trx, repository, { at: nowText(this.#context), by, action: 'label-deleted', version: null, label, before: version, digest: null });
      });
      return version;
    });
    announce(this.#context, { reason: 'LabelDeleted', message: `label ${label} of ${repository} deleted; it pointed to ${before}`, actor: by, repository, before });
    this.#tell(repository, label);
  }

  /** The label already there: nothing is written, since nothing changed. */
  async #write(trx: Queries, repository: string, label: string, version: string, options: MoveLabelOptions): Promise<{ moved: Label; before: string | null }> {
    await refuseNameClash(trx, repository, label, 'label');
    const row = await findVersion(trx, repository, version);
    if (!row) throw new LeptonError('VERSION_NOT_FOUND', `${repository} has no version ${version} any more`);
    const current = await trx.selectFrom('labels').selectAll().where('repository', '=', repository).where('label', '=', label).executeTakeFirst();
    const before = current?.version ?? null;
    if (options.expect !== undefined && options.expect !== before) throw new LeptonError('CONFLICT', `label ${label} of ${repository} ${before === null ? 'does not exist' : `points to ${before}`}, expected was ${options.expect ?? 'that it does not exist'}`);
    const digest = row.digest as Digest;
    if (current && before === version) return { moved: { repository, label, version, digest, movedAt: current.moved_at, movedBy: current.moved_by }, before };
    const at = nowText(this.#context);
    const values = { version, moved_at: at, moved_by: options.by };
    await trx.insertInto('labels').values({ repository, label, ...values }).onConflict((c) => c.columns(['repository', 'label']).doUpdateSet(values)).execute();
    await writeHistory(trx, repository, { at, by: options.by, action: 'label-moved', version, label, before, digest });
    return { moved: { repository, label, version, digest, movedAt: at, movedBy: options.by }, before };
  }

  async #require(db: Queries, repository: string, label: string): Promise<{ version: string }> {
    const row = await db.selectFrom('labels').select('version').where('repository', '=', repository).where('label', '=', label).executeTakeFirst();
    if (row) return row;
    await requireRepository(db, repository);
    throw new LeptonError('LABEL_NOT_FOUND', `${repository} has no label ${label}`);
  }

  #tell(repository: string, label: string): void {
    for (const listener of this.#listeners) listener(repository, label);
  }
}
