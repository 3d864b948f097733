export { BatchTuner } from './batch-tuner.ts';
export { Deadlines, type Expiring } from './deadlines.ts';
export { type BatchingRules, type Pull, PullBatcher } from './pull-batcher.ts';
export { LOWEST_PRIORITY, QueueEntry, RequestQueue } from './queue.ts';
