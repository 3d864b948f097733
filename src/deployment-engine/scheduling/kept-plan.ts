import type { SchedulerInput } from '../scheduler/index.ts';
import type { DecidedPlan } from './solver-thread.ts';

/** A plan with what it was decided from. */
export interface KeptPlan {
  /** Grows with each plan that was executed; null: not executed. */
  readonly id: number | null;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Why it was made. */
  readonly trigger: string;
  /** What it changed, in words; empty: nothing. */
  readonly changes: readonly string[];
  readonly input: SchedulerInput;
  readonly plan: DecidedPlan;
}
