import { type FeedbackEntry, LeptonError, type PredictionKey, readPredictionId } from '../../core/index.ts';
import type { Row } from '../../database/index.ts';

/** How far the clocks of gateways may be ahead of control's. */
const CLOCKS_APART_MS = 60_000;

/** What the id of an entry says. Too late is decided when it is stored: a repetition of what is there already is never late. */
export interface Accepted {
  /** With the id in lower case. */
  readonly entry: FeedbackEntry;
  readonly serial: number;
  readonly predictedAt: string;
  readonly late: LeptonError | null;
}
export interface Refused {
  readonly entry: FeedbackEntry;
  readonly refusal: LeptonError;
}
export type Judgement = Accepted | Refused;
export type Judged = (Accepted & { readonly source: Row<'prediction_sources'> }) | Refused;

export interface JudgeLimits {
  readonly key: PredictionKey;
  readonly now: number;
  readonly windowMs: number;
}

/** Reads the id of an entry. Pure. */
export function judge(entry: FeedbackEntry, { key, now, windowMs }: JudgeLimits): Judgement {
  const facts = readPredictionId(key, entry.predictionId);
  const shown = entry.predictionId.slice(0, 100);
  if (!facts) return { entry, refusal: new LeptonError('FEEDBACK_UNKNOWN', `'${shown}' is not the id of a prediction of this platform; send it as it was in lepton-prediction-id`) };
  const ageMs = now - facts.atMs;
  if (ageMs < -CLOCKS_APART_MS) return { entry, refusal: new LeptonError('FEEDBACK_UNKNOWN', `the prediction id '${shown}' says ${timeOf(facts.atMs)}, which is to come`) };
  if (facts.source === 0) return { entry, refusal: new LeptonError('FEEDBACK_UNKNOWN', `the prediction '${shown}' was made while the database could not note its version, so that it takes no feedback`) };
  const late = ageMs > windowMs ? new LeptonError('FEEDBACK_TOO_LATE', `the prediction '${shown}' was answered at ${timeOf(facts.atMs)}; feedback is taken for ${windowMs / 1000} s (feedback.windowMs)`) : null;
  return { entry: { ...entry, predictionId: facts.id }, serial: facts.source, predictedAt: timeOf(facts.atMs), late };
}

const timeOf = (atMs: number): string => new Date(atMs).toISOString();
