import type { Transaction } from 'kysely';
import type { NewRow, Row, Schema } from '../../database/index.ts';

type Totals = Row<'feedback_totals'>;

/** Adds entries that are new to the totals of their sources. */
export async function addToTotals(trx: Transaction<Schema>, rows: readonly NewRow<'feedback'>[]): Promise<void> {
  const groups = Map.groupBy(rows, ({ source }) => source);
  const stored = await trx.selectFrom('feedback_totals').selectAll().where('source', 'in', [...groups.keys()]).execute();
  const before = new Map(stored.map((totals) => [totals.source, totals]));
  for (const [source, group] of groups) {
    const known = before.get(source);
    const added = totalsOf(source, group);
    const totals = known ? merged(known, added) : added;
    await trx.insertInto('feedback_totals').values(totals).onConflict((conflict) => conflict.column('source').doUpdateSet(totals)).execute();
  }
}

function totalsOf(source: number, rows: readonly NewRow<'feedback'>[]): Totals {
  const rewards = rows.flatMap(({ reward }) => reward ?? []);
  const sum = rewards.reduce((total, reward) => total + reward, 0);
  const mean = sum / Math.max(1, rewards.length);
  const count = (test: (row: NewRow<'feedback'>) => boolean): number => rows.filter(test).length;
  const { received_at: at } = rows[0] as NewRow<'feedback'>;
  return {
    source,
    entries: rows.length,
    rewards: rewards.length,
    reward_sum: sum,
    reward_squares: rewards.reduce((total, reward) => total + (reward - mean) ** 2, 0),
    labels: count(({ label }) => label !== null),
    judged: count(({ correct }) => correct !== null),
    correct: count(({ correct }) => correct === 1),
    first_at: at,
    last_at: at,
  };
}

/** Squared distances are merged as Chan, Golub and LeVeque do (1979), which loses no digits where the mean is large. */
function merged(a: Totals, b: Totals): Totals {
  const apart = a.rewards && b.rewards ? b.reward_sum / b.rewards - a.reward_sum / a.rewards : 0;
  return {
    source: a.source,
    entries: a.entries + b.entries,
    rewards: a.rewards + b.rewards,
    reward_sum: a.reward_sum + b.reward_sum,
    reward_squares: a.reward_squares + b.reward_squares + (apart ? (apart ** 2 * a.rewards * b.rewards) / (a.rewards + b.rewards) : 0),
    labels: a.labels + b.labels,
    judged: a.judged + b.judged,
    correct: a.correct + b.correct,
    first_at: a.first_at,
    last_at: b.last_at,
  };
}
