import { checkSchedulerInput, DEFAULT_PRICES } from '../deployment-engine/scheduler/index.ts';
import { ArrivalStream } from './arrivals.ts';
import { Cluster } from './cluster.ts';
import type { ClusterView, Policy } from './policies/policy.ts';
import { type Trace, unasked } from './trace.ts';
import { VersionQueue } from './version-queue.ts';

export interface SimulationResult {
  readonly policy: string;
  readonly requests: number;
  readonly served: number;
  readonly lost: number;
  /** Lost, or answered later than the version's latency objective. */
  readonly violations: number;
  readonly coreHours: number;
  readonly gibHours: number;
  readonly cost: number;
  readonly starts: number;
  readonly stops: number;
  readonly plans: number;
  /** Worst distance to the bound of any plan; 0 for policies without one. */
  readonly gapMax: number;
  /** Real time; the only figures that differ from run to run. */
  readonly solveMsMean: number;
  readonly solveMsMax: number;
  readonly series: readonly SeriesPoint[];
  readonly versions: readonly { readonly id: string; readonly requests: number; readonly served: number; readonly violations: number }[];
}

/** Means over a part of the time. */
export interface SeriesPoint {
  readonly seconds: number;
  readonly arrivals: number;
  readonly served: number;
  /** Share of the requests. */
  readonly violations: number;
  readonly cpus: number;
}

export interface SimulationOptions {
  /** Real milliseconds, to say how long plans take. */
  readonly stopwatch: () => number;
  readonly onProgress?: (share: number) => void;
}

const SERIES_POINTS = 240;
/** Part of the time that isn't counted, in which every policy gets to know the trace, at most ten minutes. */
const WARM_UP_SHARE = 0.1;
const WARM_UP_SECONDS_MAX = 600;
const GIB = 2 ** 30;

/** Replays a trace under one policy, in virtual time. Throws INVALID_ARGUMENT for a trace that makes no sense, under whatever policy. */
export function simulate(trace: Trace, policy: Policy, options: SimulationOptions): SimulationResult {
  const { nodes, versions, services } = trace;
  checkSchedulerInput({ nodes, versions: versions.map((version) => unasked(version)), services: services.map((service) => ({ ...service, demand: 0 })), prices: DEFAULT_PRICES, utilisationMax: 1 });
  return new Simulation(trace, policy, options).run();
}

/** What came and went in a tick, and what is reserved. */
interface TickSum {
  readonly arrivals: number;
  readonly served: number;
  readonly violations: number;
  readonly cpus: number;
  readonly memoryBytes: number;
}

class Simulation {
  readonly #trace: Trace;
  readonly #policy: Policy;
  readonly #options: SimulationOptions;
  readonly #cluster: Cluster;
  readonly #queues: readonly VersionQueue[];
  readonly #streams: readonly (ArrivalStream | null)[];
  readonly #serviceStreams: readonly ArrivalStream[];
  readonly #index: ReadonlyMap<string, number>;
  #shares: ReadonlyMap<string, number> = new Map();
  /** Since the policy was last asked. */
  readonly #seen: { seconds: number; readonly versions: Float64Array; readonly services: Float64Array; readonly used: Float64Array; readonly reserved: Float64Array };
  readonly #byVersion: { requests: number; served: number; violations: number }[];
  readonly #carry: Float64Array;
  readonly #total = { requests: 0, served: 0, lost: 0, violations: 0, coreHours: 0, gibHours: 0, starts: 0, stops: 0, plans: 0, gapMax: 0, solveMs: 0, solveMsMax: 0 };
  readonly #series: SeriesPoint[] = [];

  constructor(trace: Trace, policy: Policy, options: SimulationOptions) {
    this.#trace = trace;
    this.#policy = policy;
    this.#options = options;
    this.#cluster = new Cluster(trace);
    this.#queues = trace.versions.map((version) => new VersionQueue(version));
    // Each stream has chance of its own, so that a trace is the same under every policy.
    this.#streams = trace.versions.map(({ arrivals }, index) => arrivals && new ArrivalStream(arrivals, trace.seed * 1_000_003 + index, trace.tickSeconds));
    this.#serviceStreams = trace.services.map(({ arrivals }, index) => new ArrivalStream(arrivals, trace.seed * 1_000_003 + 500_000 + index, trace.tickSeconds));
    this.#index = new Map(trace.versions.map(({ id }, index) => [id, index]));
    const zeros = (): Float64Array => new Float64Array(trace.versions.length);
    this.#seen = { seconds: 0, versions: zeros(), services: new Float64Array(trace.services.length), used: zeros(), reserved: zeros() };
    this.#byVersion = trace.versions.map(() => ({ requests: 0, served: 0, violations: 0 }));
    this.#carry = zeros();
  }

  run(): SimulationResult {
    const { durationSeconds, tickSeconds, versions } = this.#trace;
    const ticks = Math.round(durationSeconds / tickSeconds);
    const warmUp = Math.min(WARM_UP_SECONDS_MAX, durationSeconds * WARM_UP_SHARE);
    let askAt = 0;
    const every = Math.max(1, Math.floor(ticks / SERIES_POINTS));
    let sum = { arrivals: 0, served: 0, violations: 0, cpus: 0, ticks: 0 };
    for (let tick = 0; tick < ticks; tick++) {
      const now = tick * tickSeconds;
      if (now >= askAt - 1e-9) {
        this.#ask(now);
        askAt = now + Math.max(tickSeconds, this.#policy.everySeconds);
      }
      const { arrivals, served, violations, cpus } = this.#tick(tick, now, now >= warmUp);
      sum = { arrivals: sum.arrivals + arrivals, served: sum.served + served, violations: sum.violations + violations, cpus: sum.cpus + cpus, ticks: sum.ticks + 1 };
      if (sum.ticks === every || tick === ticks - 1) {
        const span = sum.ticks * tickSeconds;
        this.#series.push({ seconds: now, arrivals: sum.arrivals / span, served: sum.served / span, violations: sum.arrivals > 0 ? Math.min(1, sum.violations / sum.arrivals) : 0, cpus: sum.cpus / sum.ticks });
        sum = { arrivals: 0, served: 0, violations: 0, cpus: 0, ticks: 0 };
        this.#options.onProgress?.((tick + 1) / ticks);
      }
    }
    const { solveMs, solveMsMax, ...total } = this.#total;
    const { coreHour, gibHour } = this.#trace.costs;
    return {
      policy: this.#policy.name,
      ...total,
      cost: total.coreHours * coreHour + total.gibHours * gibHour,
      solveMsMean: solveMs / Math.max(1, total.plans),
      solveMsMax,
      series: this.#series,
      versions: versions.map(({ id }, index) => ({ id, requests: 0, served: 0, violations: 0, ...this.#byVersion[index] })),
    };
  }

  #ask(now: number): void {
    const started = this.#options.stopwatch();
    const reservation = this.#policy.decide(this.#view(now));
    const took = this.#options.stopwatch() - started;
    const { starts, stops } = this.#cluster.apply(reservation, now);
    this.#shares = reservation.shares;
    const total = this.#total;
    // The first plan finds an empty cluster; what it starts are no moves.
    if (now > 0) [total.starts, total.stops] = [total.starts + starts, total.stops + stops];
    [total.plans, total.solveMs, total.solveMsMax, total.gapMax] = [total.plans + 1, total.solveMs + took, Math.max(total.solveMsMax, took), Math.max(total.gapMax, reservation.gap)];
    this.#seen.seconds = 0;
    for (const field of ['versions', 'services', 'used', 'reserved'] as const) this.#seen[field].fill(0);
  }

  /** For one decision: what was seen since is counted anew after it. */
  #view(now: number): ClusterView {
    const seen = this.#seen;
    const at = (id: string): number => this.#index.get(id) ?? 0;
    const services = new Map(this.#trace.services.map(({ name }, index) => [name, index]));
    return {
      seconds: now,
      versionRate: (id) => (seen.versions[at(id)] ?? 0) / Math.max(1e-9, seen.seconds),
      serviceRate: (name) => (seen.services[services.get(name) ?? 0] ?? 0) / Math.max(1e-9, seen.seconds),
      utilisation: (id) => ((seen.reserved[at(id)] ?? 0) > 0 ? (seen.used[at(id)] ?? 0) / (seen.reserved[at(id)] ?? 1) : 0),
      backlog: (id) => this.#queues[at(id)]?.backlog ?? 0,
      current: (id) => this.#cluster.current(at(id)),
    };
  }

  #tick(tick: number, now: number, counted: boolean): TickSum {
    const { tickSeconds, timeoutSeconds, versions } = this.#trace;
    const arrivals = this.#arrivals(tick);
    const needs = new Float64Array(versions.length);
    versions.forEach(({ profile }, index) => {
      const waiting = (arrivals[index] ?? 0) + (this.#queues[index]?.backlog ?? 0);
      if (waiting > 0 && this.#policy.wakes && this.#cluster.replicas(index) === 0 && this.#cluster.wake(index, now)) this.#total.starts++;
      needs[index] = (waiting * profile.cpuSecondsPerRequest) / tickSeconds;
    });
    const sum = { arrivals: 0, served: 0, violations: 0, ...this.#cluster.totals() };
    this.#cluster.share(needs, now).forEach((power, index) => {
      const came = arrivals[index] ?? 0;
      const result = this.#queues[index]?.tick(now, tickSeconds, came, power, timeoutSeconds) ?? { served: 0, lost: 0, violations: 0 };
      this.#seen.used[index] = (this.#seen.used[index] ?? 0) + result.served * (versions[index]?.profile.cpuSecondsPerRequest ?? 0);
      this.#seen.reserved[index] = (this.#seen.reserved[index] ?? 0) + this.#cluster.reserved(index) * tickSeconds;
      [sum.arrivals, sum.served, sum.violations] = [sum.arrivals + came, sum.served + result.served, sum.violations + result.violations];
      const own = this.#byVersion[index];
      if (!counted || !own) return;
      [own.requests, own.served, own.violations] = [own.requests + came, own.served + result.served, own.violations + result.violations];
      this.#total.lost += result.lost;
    });
    this.#seen.seconds += tickSeconds;
    if (counted) this.#count(sum, tickSeconds);
    return sum;
  }

  #count(sum: TickSum, seconds: number): void {
    const total = this.#total;
    [total.requests, total.served, total.violations] = [total.requests + sum.arrivals, total.served + sum.served, total.violations + sum.violations];
    total.coreHours += (sum.cpus * seconds) / 3600;
    total.gibHours += ((sum.memoryBytes / GIB) * seconds) / 3600;
  }

  /** Requests by version: those that name it, and its share of its service's. */
  #arrivals(tick: number): Float64Array {
    const arrivals = new Float64Array(this.#trace.versions.length);
    this.#streams.forEach((stream, index) => {
      const count = stream?.next(tick) ?? 0;
      arrivals[index] = count;
      this.#seen.versions[index] = (this.#seen.versions[index] ?? 0) + count;
    });
    this.#trace.services.forEach(({ ranges }, index) => {
      const count = this.#serviceStreams[index]?.next(tick) ?? 0;
      this.#seen.services[index] = (this.#seen.services[index] ?? 0) + count;
      const ids = Object.keys(ranges);
      const shares = ids.map((id) => this.#shares.get(id) ?? 0);
      const whole = shares.reduce((sum, share) => sum + share, 0);
      ids.forEach((id, at) => {
        const version = this.#index.get(id) ?? 0;
        // Whole requests; what is left over goes to the next tick.
        const due = (this.#carry[version] ?? 0) + count * (whole > 0 ? (shares[at] ?? 0) / whole : 1 / ids.length);
        const sent = Math.floor(due + 1e-9);
        this.#carry[version] = due - sent;
        arrivals[version] = (arrivals[version] ?? 0) + sent;
      });
    });
    return arrivals;
  }
}
