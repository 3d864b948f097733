export type { FeedbackFilter, FeedbackRecord } from './feedback-list.ts';
export { FEEDBACK_METRICS, FeedbackMetrics } from './feedback-metrics.ts';
export { FeedbackStore, type FeedbackStoreOptions } from './feedback-store.ts';
export type { FeedbackSummary, VersionFeedback } from './feedback-summary.ts';
