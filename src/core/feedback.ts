import type { ErrorCode } from './errors.ts';

type Scalar = string | number | boolean;
/** The true label that a prediction should have had: one, or a list. */
export type FeedbackLabel = Scalar | readonly Scalar[];

/** What somebody says about one prediction, checked and bounded: at least one of reward, label and correct. */
export interface FeedbackContent {
  /** Finite. */
  readonly reward?: number;
  readonly label?: FeedbackLabel;
  /** Whether the answer was right. */
  readonly correct?: boolean;
  readonly comment?: string;
  readonly metadata?: Readonly<Record<string, Scalar | null>>;
}

export interface FeedbackEntry extends FeedbackContent {
  readonly predictionId: string;
  /** The sender's own id: the same again for the same prediction is a repetition, whatever else it says. */
  readonly key?: string;
}

/** What became of one entry. Duplicate: it, or another with its key, was stored before. */
export type FeedbackOutcome =
  | { readonly predictionId: string; readonly outcome: 'accepted' | 'duplicate'; readonly service: string; readonly version: string }
  | { readonly predictionId: string; readonly outcome: 'refused'; readonly code: ErrorCode; readonly error: string };

/** Entries of one request. */
export const FEEDBACK_ENTRIES_MAX = 1000;
