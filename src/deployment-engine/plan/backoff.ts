import type { ReplicaReason } from '../../core/index.ts';
import type { Failure } from './model.ts';

const CRASH_DELAY_MAX_MS = 60_000;
/** A load that fails once will most likely fail again, and loading costs as much as serving. */
const LOAD_DELAY_MAX_MS = 600_000;
/** Ready for this long: earlier failures count no more. */
export const HEALTHY_MS = 20_000;

const DETERMINISTIC: ReadonlySet<ReplicaReason> = new Set(['EnvironmentFailed', 'LoadFailed', 'KnownAnswerFailed', 'SmokeRunFailed', 'ArtefactMissing']);

export const isDeterministic = (reason: ReplicaReason): boolean => DETERMINISTIC.has(reason);

/**
 * Wait before the next start: after a crash at once, then ¼, ½, 1, 2 … 60 s, since requests wait for a version that served;
 * after a failed load 1, 2, 4 … 600 s.
 */
export function restartDelayMs(failures: number, deterministic: boolean): number {
  if (deterministic) return Math.min(LOAD_DELAY_MAX_MS, 1000 * 2 ** Math.min(failures - 1, 20));
  return failures <= 1 ? 0 : Math.min(CRASH_DELAY_MAX_MS, 250 * 2 ** Math.min(failures - 2, 20));
}

/** The record of one more failure in a row. */
export function nextFailure(previous: Failure | undefined, reason: ReplicaReason, message: string, now: number): Failure {
  const failures = (previous?.failures ?? 0) + 1;
  const deterministic = isDeterministic(reason);
  return { failures, reason, message, deterministic, nextStartAt: now + restartDelayMs(failures, deterministic), at: now };
}

/**
 * Whether failures of a shape count no more, since a replica of it that became ready after them has been well for a while.
 * One that was ready all along proves nothing of a sibling that keeps failing.
 */
export const isForgiven = (failure: Failure, readySince: number, now: number): boolean => readySince > failure.at && now - readySince >= HEALTHY_MS;
