export { CaptureBuffer } from './capture-buffer.ts';
export { CaptureStore, type CaptureOverview } from './capture-store.ts';
export type { DriftReport } from './drift.ts';
export { CAPTURE_PATH, type CaptureReport, type CaptureRule } from './rule.ts';
