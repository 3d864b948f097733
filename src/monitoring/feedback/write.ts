import { type Transaction, sql } from 'kysely';
import { canonicalJson, type FeedbackEntry, type FeedbackOutcome, LeptonError } from '../../core/index.ts';
import type { Database, NewRow, Row, Schema } from '../../database/index.ts';
import type { Accepted, Judged } from './judge.ts';
import { addToTotals } from './totals.ts';

/** Rows of one INSERT, ids of one SELECT. */
const ROWS_MAX = 500;
const REMOVED = 'feedback-removed';

type Content = Pick<Row<'feedback'>, 'reward' | 'label' | 'correct' | 'comment' | 'metadata' | 'key'>;

export interface Written {
  /** In the order of the entries. */
  readonly outcomes: readonly FeedbackOutcome[];
  /** Rows removed since there are more than may be kept. */
  readonly removed: number;
}

/** Writes what can be accepted in one transaction: entries, totals, and the removal of the oldest. Durable when it resolves. */
export async function writeFeedback(database: Database, judged: readonly Judged[], { rowsMax, now }: { readonly rowsMax: number; readonly now: string }): Promise<Written> {
  const known = judged.filter((one) => !('refusal' in one));
  if (!known.length) return { outcomes: judged.map((one) => outcomeOf(one, null)), removed: 0 };
  return database.immediate(async (trx) => {
    const stored = await storedContents(trx, known.map(({ entry }) => entry.predictionId));
    const rows: NewRow<'feedback'>[] = [];
    const outcomes = judged.map((one) => {
      if ('refusal' in one) return outcomeOf(one, null);
      const before = stored.get(one.entry.predictionId) ?? null;
      if (before || one.late) return outcomeOf(one, before);
      const content = contentOf(one.entry);
      stored.set(one.entry.predictionId, content);
      rows.push({ prediction_id: one.entry.predictionId, source: one.serial, predicted_at: one.predictedAt, received_at: now, ...content });
      return outcomeOf(one, null);
    });
    return { outcomes, removed: rows.length ? await insert(trx, rows, rowsMax) : 0 };
  });
}

async function storedContents(trx: Transaction<Schema>, ids: readonly string[]): Promise<Map<string, Content>> {
  const stored = new Map<string, Content>();
  for (let at = 0; at < ids.length; at += ROWS_MAX) {
    const found = await trx.selectFrom('feedback').select(['prediction_id', 'reward', 'label', 'correct', 'comment', 'metadata', 'key']).where('prediction_id', 'in', ids.slice(at, at + ROWS_MAX)).execute();
    for (const { prediction_id: id, ...content } of found) stored.set(id, content);
  }
  return stored;
}

function contentOf({ reward, label, correct, comment, metadata, key }: FeedbackEntry): Content {
  return {
    reward: reward ?? null,
    label: label === undefined ? null : JSON.stringify(label),
    correct: correct === undefined ? null : Number(correct),
    comment: comment ?? null,
    metadata: metadata === undefined ? null : canonicalJson(metadata),
    key: key ?? null,
  };
}

/** `before`: what this prediction has already. */
function outcomeOf(judged: Judged, before: Content | null): FeedbackOutcome {
  const { predictionId } = judged.entry;
  const refused = ({ code, message }: LeptonError): FeedbackOutcome => ({ predictionId, outcome: 'refused', code, error: message });
  if ('refusal' in judged) return refused(judged.refusal);
  const { source: { service, version }, late } = judged;
  if (!before) return late ? refused(late) : { predictionId, outcome: 'accepted', service, version };
  if (repeats(judged, before)) return { predictionId, outcome: 'duplicate', service, version };
  return refused(new LeptonError('FEEDBACK_DUPLICATE', `the prediction '${predictionId}' has other feedback already (${describe(before)}); the first one counts`));
}

/** The same key says that the same is meant; otherwise the content must be the same. */
function repeats({ entry }: Accepted, before: Content): boolean {
  const { key, ...content } = contentOf(entry);
  if (key !== null && key === before.key) return true;
  return Object.entries(content).every(([name, value]) => value === before[name as keyof Content]);
}

function describe({ reward, label, correct }: Content): string {
  const parts = [reward !== null && `reward ${reward}`, label !== null && `label ${label.slice(0, 100)}`, correct !== null && (correct ? 'correct' : 'not correct')];
  return parts.filter(Boolean).join(', ');
}

/** Returns how many of the oldest had to go. */
async function insert(trx: Transaction<Schema>, rows: readonly NewRow<'feedback'>[], rowsMax: number): Promise<number> {
  let newest = 0;
  for (let at = 0; at < rows.length; at += ROWS_MAX) {
    const inserted = await trx.insertInto('feedback').values(rows.slice(at, at + ROWS_MAX)).returning('id').execute();
    newest = inserted.reduce((most, { id }) => Math.max(most, id), newest);
  }
  await addToTotals(trx, rows);
  const { numDeletedRows } = await trx.deleteFrom('feedback').where('id', '<=', newest - rowsMax).executeTakeFirstOrThrow();
  const removed = Number(numDeletedRows);
  if (removed) await trx.insertInto('counters').values({ name: REMOVED, value: removed }).onConflict((conflict) => conflict.column('name').doUpdateSet({ value: sql<number>`counters.value + excluded.value` })).execute();
  return removed;
}

/** Entries that were removed ever. */
export async function removedEver({ db }: Database): Promise<number> {
  return (await db.selectFrom('counters').select('value').where('name', '=', REMOVED).executeTakeFirst())?.value ?? 0;
}
