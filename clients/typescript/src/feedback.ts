type Scalar = string | number | boolean;

/** What is said of one answer: at least one of reward, label and correct. */
export interface FeedbackInput {
  /** `InferenceResult.predictionId` */
  readonly predictionId: string;
  readonly reward?: number;
  /** The true label. */
  readonly label?: Scalar | readonly Scalar[];
  /** Whether the answer was right. */
  readonly correct?: boolean;
  /** At most 1 KiB. */
  readonly comment?: string;
  readonly metadata?: Readonly<Record<string, Scalar | null>>;
  /** Your own id: the same again for the same prediction is a repetition, whatever else it says. */
  readonly id?: string;
}

export interface FeedbackReceipt {
  readonly predictionId: string;
  /** It was stored before. */
  readonly duplicate: boolean;
  /** Whose answer it is about. */
  readonly service: string;
  readonly version: string;
}

/** What became of one of many. */
export type FeedbackResult = (FeedbackReceipt & { readonly status: 200 }) | { readonly predictionId: string; readonly status: number; readonly code: string; readonly error: string };

type Wire<T> = Omit<T, 'predictionId'> & { readonly prediction_id: string };
export interface WireResults {
  readonly results: readonly Wire<FeedbackResult>[];
}

export const feedbackToWire = ({ predictionId, ...rest }: FeedbackInput): Wire<FeedbackInput> => ({ prediction_id: predictionId, ...rest });
export const fromWire = <T extends { readonly predictionId: string }>({ prediction_id: predictionId, ...rest }: Wire<T>): T => ({ predictionId, ...rest }) as unknown as T;
