export { busyShareOf } from './busy-share.ts';
export type { Explanation } from './explanation.ts';
export type { PlanDetails } from './plan-details.ts';
export type { PlanSummary } from './plan-store.ts';
export { Scheduling, type SchedulingSettings } from './scheduling.ts';
