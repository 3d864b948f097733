import type { VersionDemand } from '../../wire/index.ts';
import { DemandForecast } from '../scheduler/index.ts';

/** What is asked of one version, as the scheduler plans for it. */
export interface ObservedDemand {
  /** Requests that came per second since the last plan, refused ones too. */
  readonly rate: number;
  /** What the forecast expects without its error. */
  readonly level: number;
  /** Requests per second to plan for: the forecast with its error on top, and what waits. */
  readonly planned: number;
  /** Requests that wait for a replica. */
  readonly backlog: number;
  /** Refused since the last plan because the queue was full. */
  readonly refused: number;
}

export const NO_DEMAND: ObservedDemand = Object.freeze({ rate: 0, level: 0, planned: 0, backlog: 0, refused: 0 });

/** Standard deviations of the forecast's error that are planned for. */
const SIGMAS = 2;
/** For what waits, rates are raised so that it is gone by then: clients that wait for answers ask no more, so their queue alone tells what they want. */
const DRAIN_SECONDS = 1;
/** Arrivals over less say little. */
const WINDOW_MS = 2_000;
/** What counts as now. */
const RECENT_MS = 1_000;
const RECENT_MIN_MS = 400;
const KEPT_MS = 10_000;
const STEP_FACTOR = 3;
const STEP_ARRIVALS_MIN = 8;
/** Of the deviation that a steady stream of independent requests has. */
const STEP_SIGMAS = 4;
const STEP_WAIT_SECONDS = 0.25;

interface Sample {
  readonly atMs: number;
  /** Since this process began to look. */
  readonly arrived: number;
  readonly refused: number;
}

class VersionSeries {
  readonly forecast = new DemandForecast();
  readonly samples: Sample[] = [];
  #totals = { arrived: 0, refused: 0 };
  backlog = 0;
  lastArrivalMs = Number.NEGATIVE_INFINITY;
  /** As they were at the last plan. */
  planned = { atMs: Number.NEGATIVE_INFINITY, arrived: 0, refused: 0, backlog: 0, rate: 0 };

  add(totals: { readonly arrived: number; readonly refused: number; readonly backlog: number }, atMs: number): void {
    const before = this.samples.at(-1);
    // A gateway that was started anew counts from zero; what it has seen by now came since.
    const since = (now: number, then: number): number => (now >= then ? now - then : now);
    const arrived = before ? before.arrived + since(totals.arrived, this.#totals.arrived) : 0;
    const refused = before ? before.refused + since(totals.refused, this.#totals.refused) : 0;
    if (before && arrived > before.arrived) this.lastArrivalMs = atMs;
    if (!before) this.planned = { atMs, arrived: 0, refused: 0, backlog: 0, rate: 0 };
    this.#totals = totals;
    this.backlog = totals.backlog;
    this.samples.push({ atMs, arrived, refused });
    while (this.samples.length > 2 && (this.samples[1] as Sample).atMs <= atMs - KEPT_MS) this.samples.shift();
  }

  /** Arrivals and seconds from the newest sample that is at least so old (or the oldest there is) up to the last. */
  since(windowMs: number): { readonly count: number; readonly seconds: number } {
    const last = this.samples.at(-1);
    const first = last && (this.samples.findLast(({ atMs }) => atMs <= last.atMs - windowMs) ?? this.samples[0]);
    return last && first ? { count: last.arrived - first.arrived, seconds: (last.atMs - first.atMs) / 1000 } : { count: 0, seconds: 0 };
  }
}

/** Turns the gateways' counters into rates, forecasts and alarms, by `service:version`. It is told the time. */
export class DemandMonitor {
  readonly #series = new Map<string, VersionSeries>();
  readonly #idleMs: number;

  /** `idleMs`: a version that nobody asked for so long has no demand, whatever its forecast's error. */
  constructor(idleMs: number) {
    this.#idleMs = idleMs;
  }

  /** The gateways' newest counts. */
  observe(demands: readonly VersionDemand[], nowMs: number): void {
    const totals = new Map<string, { arrived: number; refused: number; backlog: number }>();
    for (const { service, version, requests, refused = 0, queueLength, inFlight = 0 } of demands) {
      const sum = totals.get(`${service}:${version}`) ?? { arrived: 0, refused: 0, backlog: 0 };
      totals.set(`${service}:${version}`, { arrived: sum.arrived + requests + queueLength + inFlight, refused: sum.refused + refused, backlog: sum.backlog + queueLength });
    }
    for (const [id, sum] of totals) {
      const series = this.#series.get(id) ?? new VersionSeries();
      this.#series.set(id, series);
      series.add(sum, nowMs);
    }
    for (const [id, series] of this.#series) if (!totals.has(id) && nowMs - (series.samples.at(-1)?.atMs ?? 0) > KEPT_MS) this.#series.delete(id);
  }

  /** Versions of which far more is asked than was planned for, or whose queue grows: they can't wait for the next plan. */
  steps(): readonly string[] {
    return [...this.#series].filter(([, series]) => isStep(series)).map(([id]) => id);
  }

  /** Demand by version at a plan; the forecasts learn what came since the plan before. */
  take(nowMs: number): ReadonlyMap<string, ObservedDemand> {
    return new Map([...this.#series].map(([id, series]) => [id, taken(series, nowMs, this.#idleMs)]));
  }

  /** The same without learning: for a look at the next plan. */
  peek(nowMs: number): ReadonlyMap<string, ObservedDemand> {
    return new Map([...this.#series].map(([id, series]) => [id, demandOf(series, rateNow(series), nowMs, this.#idleMs)]));
  }
}

function isStep(series: VersionSeries): boolean {
  const { count, seconds } = series.since(RECENT_MS);
  const { refused: refusedNow } = series.samples.at(-1) ?? { refused: 0 };
  if (refusedNow > series.planned.refused) return true;
  if (seconds * 1000 < RECENT_MIN_MS) return false;
  const expected = Math.max(series.forecast.level, series.planned.rate) * seconds;
  if (count >= STEP_ARRIVALS_MIN && count > STEP_FACTOR * expected && count > expected + STEP_SIGMAS * Math.sqrt(expected + 1)) return true;
  return series.backlog >= STEP_ARRIVALS_MIN && series.backlog > 2 * series.planned.backlog && series.backlog > STEP_WAIT_SECONDS * (count / seconds);
}

/** Since the last plan, over a window that says something; at a step what came in the last second alone. */
function rateNow(series: VersionSeries): number {
  const last = series.samples.at(-1);
  const { count, seconds } = series.since(isStep(series) ? RECENT_MS : Math.max(WINDOW_MS, (last?.atMs ?? 0) - series.planned.atMs));
  return seconds > 0 ? count / seconds : 0;
}

function taken(series: VersionSeries, nowMs: number, idleMs: number): ObservedDemand {
  const rate = rateNow(series);
  const last = series.samples.at(-1);
  const seconds = ((last?.atMs ?? 0) - series.planned.atMs) / 1000;
  if (seconds > 0) series.forecast.observe(rate, seconds);
  const demand = demandOf(series, rate, nowMs, idleMs);
  series.planned = { atMs: last?.atMs ?? nowMs, arrived: last?.arrived ?? 0, refused: last?.refused ?? 0, backlog: series.backlog, rate };
  return demand;
}

const HORIZON_SECONDS = 5;

function demandOf(series: VersionSeries, rate: number, nowMs: number, idleMs: number): ObservedDemand {
  const { forecast, backlog, lastArrivalMs } = series;
  const refused = (series.samples.at(-1)?.refused ?? 0) - series.planned.refused;
  const asked = backlog > 0 || nowMs - lastArrivalMs < idleMs;
  return { rate, level: forecast.level, planned: asked ? Math.max(rate, forecast.upper(HORIZON_SECONDS, SIGMAS)) + backlog / DRAIN_SECONDS : 0, backlog, refused };
}
