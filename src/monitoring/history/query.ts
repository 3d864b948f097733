import { LeptonError } from '../../core/index.ts';
import type { HistoryMetricName, Unit } from './metrics.ts';
import { HOUR, MINUTE } from './open-minutes.ts';
import { MINUTES_KEPT, SECONDS_KEPT } from './store.ts';

/** What is asked. Times are seconds since the epoch. */
export interface HistoryQuery {
  /** null: all. */
  readonly service: string | null;
  /** null: all of the service. */
  readonly versions: readonly string[] | null;
  readonly metrics: readonly HistoryMetricName[];
  readonly by: 'version' | 'service';
  /** null: 15 minutes before `to`. */
  readonly from: number | null;
  /** null: now. */
  readonly to: number | null;
  /** null: one that gives at most 300 points; 0: the whole window is one. */
  readonly step: number | null;
}

/** All that versions did in a window, as one. */
export interface TotalsQuery extends Pick<HistoryQuery, 'from' | 'to'> {
  readonly service: string;
  readonly versions: readonly string[];
}

/** Checked and aligned. */
export interface QueryPlan {
  /** Multiples of `step`, unless there is one step only; `to` is the first second after the last. */
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly points: number;
  readonly tier: 'seconds' | 'minutes' | 'hours';
}

export interface HistorySeries {
  readonly service: string;
  /** null: of the service as a whole. */
  readonly version: string | null;
  readonly metric: HistoryMetricName;
  readonly unit: Unit;
  /** One a step; null: nothing is known of it. */
  readonly values: readonly (number | null)[];
}

export interface HistoryAnswer {
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly series: readonly HistorySeries[];
}

const POINTS_DEFAULT = 300;
export const POINTS_MAX = 3000;
/** Numbers in one answer. */
export const VALUES_MAX = 500_000;
const WINDOW_DEFAULT = 15 * MINUTE;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR];

/** Decides step and tier. Throws INVALID_ARGUMENT saying what would do. Pure. */
export function planQuery(query: Pick<HistoryQuery, 'from' | 'to' | 'step'>, now: number): QueryPlan {
  const to = Math.min(query.to ?? now, now);
  const from = Math.max(query.from ?? to - WINDOW_DEFAULT, now - MINUTES_KEPT);
  if (from >= to) throw new LeptonError('INVALID_ARGUMENT', `the window from ${timeOf(query.from ?? from)} to ${timeOf(query.to ?? to)} has nothing in it: from must be before to, and both in the last 30 days`);
  const finest = from < now - SECONDS_KEPT ? MINUTE : 1;
  if (query.step === 0) return wholeWindow(from, to, finest);
  const step = query.step ?? (STEPS.find((candidate) => candidate >= finest && (to - from) / candidate <= POINTS_DEFAULT) ?? (STEPS.at(-1) as number));
  if (step % finest !== 0) throw new LeptonError('INVALID_ARGUMENT', `step ${step} is too fine for a window that begins more than an hour ago: give a multiple of ${MINUTE} seconds`);
  const aligned = { from: Math.floor(from / step) * step, to: Math.ceil(to / step) * step };
  const points = (aligned.to - aligned.from) / step;
  if (points > POINTS_MAX) throw new LeptonError('INVALID_ARGUMENT', `step ${step} would make ${points} points, at most ${POINTS_MAX} are answered: give a step of ${STEPS.find((candidate) => candidate >= finest && (to - from) / candidate < POINTS_MAX)} or more`);
  return { ...aligned, step, points, tier: step % HOUR === 0 ? 'hours' : step % MINUTE === 0 ? 'minutes' : 'seconds' };
}

function wholeWindow(from: number, to: number, finest: number): QueryPlan {
  const aligned = { from: Math.floor(from / finest) * finest, to: Math.ceil(to / finest) * finest };
  return { ...aligned, step: aligned.to - aligned.from, points: 1, tier: finest === 1 ? 'seconds' : 'minutes' };
}

const timeOf = (seconds: number): string => (Math.abs(seconds) < 8e12 / 1000 ? new Date(seconds * 1000).toISOString() : String(seconds));
