import type { Reading } from './metrics.ts';
import { type AlertRule, compare } from './rule.ts';

/**
 *   inactive ──true──▶ pending ──true for `for`──▶ firing ──false──▶ resolved ──true──▶ pending
 *      ▲                  │
 *      └──────false───────┘         with `for: 0`, true leads to firing at once
 */
export type AlertState = 'inactive' | 'pending' | 'firing' | 'resolved';

/** What a rule says of one version. */
export interface AlertStatus {
  readonly rule: string;
  readonly service: string;
  readonly version: string;
  readonly state: AlertState;
  /** When the state began, milliseconds. */
  readonly sinceMs: number;
  /** The newest, or for `resolved` and `inactive` the last; null: nothing was known. */
  readonly value: number | null;
}

/** The next status. No data, too few samples: the condition does not hold. The same object where nothing has changed. */
export function step(rule: AlertRule, before: AlertStatus | undefined, { service, version, value, samples }: Reading, nowMs: number): AlertStatus {
  const known = value !== null && samples >= rule.minSamples;
  const holds = known && compare(value, rule.op, rule.threshold);
  const current: AlertStatus = before ?? { rule: rule.name, service, version, state: 'inactive', sinceMs: nowMs, value: null };
  const state = next(rule, current, holds, nowMs);
  const shown = known ? value : current.value;
  if (state === current.state) return shown === current.value ? current : { ...current, value: shown };
  return { ...current, state, sinceMs: nowMs, value: shown };
}

function next({ forMs }: AlertRule, { state, sinceMs }: AlertStatus, holds: boolean, nowMs: number): AlertState {
  if (!holds) return state === 'firing' ? 'resolved' : state === 'pending' ? 'inactive' : state;
  if (state === 'firing') return 'firing';
  if (state === 'pending') return nowMs - sinceMs >= forMs ? 'firing' : 'pending';
  return forMs === 0 ? 'firing' : 'pending';
}
