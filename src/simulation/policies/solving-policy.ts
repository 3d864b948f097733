import { DEFAULT_PRICES, DemandForecast, schedule, type SchedulerInput, type Solver, Standby } from '../../deployment-engine/scheduler/index.ts';
import type { Trace } from '../trace.ts';
import type { ClusterView, Policy, Reservation } from './policy.ts';

/** Standard deviations of the forecast's error that are planned for. */
const SIGMAS = 2;
/** A version that nobody asked for so long goes. */
const IDLE_SECONDS = 900;
/** For what waits, rates are raised so that it is gone by then. */
const DRAIN_SECONDS = 30;
const UTILISATION_MAX = 0.8;
/** So long a replica stays that was wanted for a surge. */
const HOLD_SECONDS = 300;
/** Time stands still for the solver, so that the same trace has the same plans on any machine. */
const CLOCK = { now: () => 0, monotonic: () => 0 };

/** The platform's own scheduler: forecast, then the program (`lp`), or without solver the greedy plan. */
export class SolvingPolicy implements Policy {
  readonly name: string;
  readonly everySeconds: number;
  readonly wakes = true;
  readonly #trace: Trace;
  readonly #solver: Solver | null;
  readonly #forecasts = new Map<string, DemandForecast>();
  readonly #lastAsked = new Map<string, number>();
  readonly #standby = new Standby(HOLD_SECONDS);

  constructor(trace: Trace, solver: Solver | null) {
    this.name = solver ? 'lp' : 'greedy';
    this.everySeconds = trace.planSeconds;
    this.#trace = trace;
    this.#solver = solver;
  }

  decide(view: ClusterView): Reservation {
    const input = this.#input(view);
    const options = { solver: this.#solver, clock: CLOCK, deadlineMs: 60_000, exactPairsMax: 12, exactMsMax: 60_000 };
    const standing = schedule(this.#standby.with(input, view.seconds), options);
    const plan = standing.conflicts.length > 0 ? schedule(input, options) : standing;
    const own = new Map(input.versions.map(({ id, demand }) => [id, demand]));
    const shares = new Map<string, number>();
    for (const { ranges, demand } of input.services) {
      for (const id of Object.keys(ranges)) {
        const planned = plan.versions.find((one) => one.id === id);
        shares.set(id, demand > 0 && planned ? Math.max(0, planned.demand - (own.get(id) ?? 0)) / demand : (ranges[id]?.min ?? 0));
      }
    }
    return { assignments: plan.assignments, shares, gap: Number.isFinite(plan.gap) ? plan.gap : 0 };
  }

  #input(view: ClusterView): SchedulerInput {
    const { nodes, versions, services } = this.#trace;
    return {
      nodes,
      versions: versions.map((version) => {
        const { arrivals: _, ...rest } = version;
        const rate = view.versionRate(version.id);
        const demand = version.arrivals ? this.#demand(version.id, rate, view.seconds) : 0;
        return { ...rest, demand: demand > 0 ? demand + view.backlog(version.id) / DRAIN_SECONDS : 0, current: view.current(version.id) };
      }),
      services: services.map(({ name, ranges }) => ({ name, ranges, demand: this.#demand(`service ${name}`, view.serviceRate(name), view.seconds) + Object.keys(ranges).reduce((sum, id) => sum + view.backlog(id), 0) / DRAIN_SECONDS })),
      prices: DEFAULT_PRICES,
      utilisationMax: UTILISATION_MAX,
    };
  }

  #demand(key: string, rate: number, seconds: number): number {
    const forecast = this.#forecasts.get(key) ?? new DemandForecast();
    this.#forecasts.set(key, forecast);
    forecast.observe(rate, this.everySeconds);
    if (rate > 0) this.#lastAsked.set(key, seconds);
    if (seconds - (this.#lastAsked.get(key) ?? Number.NEGATIVE_INFINITY) >= IDLE_SECONDS) return 0;
    return forecast.upper(this.everySeconds * 1.5, SIGMAS);
  }
}
