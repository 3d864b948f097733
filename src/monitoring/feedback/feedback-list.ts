import { type Digest, type FeedbackLabel, LeptonError } from '../../core/index.ts';
import type { Database, Row } from '../../database/index.ts';

const LIST_MAX = 1000;

export interface FeedbackFilter {
  readonly service: string;
  readonly version?: string;
  /** Only entries with a greater id. */
  readonly after?: number;
  readonly limit?: number;
}

/** One entry with the answer that it is about. */
export interface FeedbackRecord {
  /** Increasing; for paging. */
  readonly id: number;
  readonly predictionId: string;
  readonly service: string;
  readonly repository: string;
  readonly version: string;
  readonly digest: Digest;
  /** ISO 8601, UTC. */
  readonly predictedAt: string;
  readonly receivedAt: string;
  readonly reward: number | null;
  readonly label: FeedbackLabel | null;
  readonly correct: boolean | null;
  readonly comment: string | null;
  readonly metadata: Readonly<Record<string, unknown>> | null;
  /** The sender's own id. */
  readonly key: string | null;
}

export async function listFeedback(database: Database, { service, version, after, limit = 100 }: FeedbackFilter): Promise<readonly FeedbackRecord[]> {
  const sources = (await sourcesOf(database, service)).filter((source) => version === undefined || source.version === version);
  if (!sources.length) return [];
  const bySerial = new Map(sources.map((source) => [source.serial, source]));
  const query = database.db.selectFrom('feedback').selectAll().where('source', 'in', [...bySerial.keys()]).limit(Math.min(limit, LIST_MAX));
  const rows = after === undefined ? (await query.orderBy('id', 'desc').execute()).reverse() : await query.where('id', '>', after).orderBy('id', 'asc').execute();
  return rows.map((row) => recordOf(row, bySerial.get(row.source) as Row<'prediction_sources'>));
}

/** Every version that a service ever served, oldest first; also when it is gone. Rejects with SERVICE_NOT_FOUND. */
export async function sourcesOf({ db }: Database, service: string): Promise<readonly Row<'prediction_sources'>[]> {
  const sources = await db.selectFrom('prediction_sources').selectAll().where('service', '=', service).orderBy('serial').execute();
  if (sources.length) return sources;
  throw new LeptonError('SERVICE_NOT_FOUND', `no service ever had the name ${JSON.stringify(service)}; list those there are with \`lepton-ai services\``);
}

function recordOf(row: Row<'feedback'>, { service, repository, version, digest }: Row<'prediction_sources'>): FeedbackRecord {
  return {
    id: row.id,
    predictionId: row.prediction_id,
    service, repository, version,
    digest: digest as Digest,
    predictedAt: row.predicted_at,
    receivedAt: row.received_at,
    reward: row.reward,
    label: row.label === null ? null : (JSON.parse(row.label) as FeedbackLabel),
    correct: row.correct === null ? null : row.correct === 1,
    comment: row.comment,
    metadata: row.metadata === null ? null : (JSON.parse(row.metadata) as Record<string, unknown>),
    key: row.key,
  };
}
