import type { Digest } from '../../core/index.ts';
import type { Database, Row } from '../../database/index.ts';
import { sourcesOf } from './feedback-list.ts';
import { removedEver } from './write.ts';

/** What was said of one version's answers, ever. */
export interface VersionFeedback {
  readonly repository: string;
  readonly version: string;
  readonly digest: Digest;
  readonly count: number;
  /** null: nobody gave one. `deviation`: sample standard deviation, null below two. */
  readonly reward: { readonly count: number; readonly sum: number; readonly mean: number; readonly deviation: number | null } | null;
  /** Of those that say whether the answer was right. */
  readonly correct: { readonly count: number; readonly correct: number; readonly accuracy: number } | null;
  readonly labels: number;
  /** ISO 8601, UTC. */
  readonly firstAt: string;
  readonly lastAt: string;
}

export interface FeedbackSummary {
  readonly service: string;
  /** Those that have any, in the order in which they came into the service. */
  readonly versions: readonly VersionFeedback[];
  /** Entries of all services that can't be listed any more, since only so many are kept. */
  readonly removed: number;
}

export async function summariseFeedback(database: Database, service: string): Promise<FeedbackSummary> {
  const sources = await sourcesOf(database, service);
  const rows = await database.db.selectFrom('feedback_totals').selectAll().where('source', 'in', sources.map(({ serial }) => serial)).execute();
  const totals = new Map(rows.map((row) => [row.source, row]));
  return { service, versions: sources.flatMap((source) => versionFeedback(source, totals.get(source.serial)) ?? []), removed: await removedEver(database) };
}

function versionFeedback({ repository, version, digest }: Row<'prediction_sources'>, totals: Row<'feedback_totals'> | undefined): VersionFeedback | null {
  if (!totals) return null;
  const { entries, labels, judged, correct, first_at: firstAt, last_at: lastAt } = totals;
  return { repository, version, digest: digest as Digest, count: entries, reward: rewardOf(totals), correct: judged ? { count: judged, correct, accuracy: correct / judged } : null, labels, firstAt, lastAt };
}

function rewardOf({ rewards: count, reward_sum: sum, reward_squares: squares }: Row<'feedback_totals'>): VersionFeedback['reward'] {
  if (!count) return null;
  return { count, sum, mean: sum / count, deviation: count < 2 ? null : Math.sqrt(squares / (count - 1)) };
}
