import type { SimulatedVersion } from './trace.ts';
import { waitTail } from './waiting.ts';

export interface Served {
  readonly served: number;
  /** Waited longer than the trace's timeout, or found nothing that would ever serve them. */
  readonly lost: number;
  /** Served later than the latency objective, and lost. */
  readonly violations: number;
}

/** What a version can do in a tick. */
export interface Power {
  /** Cores that it can have. */
  readonly cpus: number;
  readonly ready: number;
  /** Replicas, ready or loading. */
  readonly replicas: number;
}

/** Requests of one version that wait, oldest first, by the tick in which they came. */
export class VersionQueue {
  readonly #version: SimulatedVersion;
  readonly #cohorts: { readonly at: number; count: number }[] = [];
  #backlog = 0;

  constructor(version: SimulatedVersion) {
    this.#version = version;
  }

  get backlog(): number {
    return this.#backlog;
  }

  /** One tick from `now` on: serves what waits, then what comes. */
  tick(now: number, seconds: number, arrivals: number, { cpus, ready, replicas }: Power, timeoutSeconds: number): Served {
    const { cpuSecondsPerRequest: service, serviceVariation } = this.#version.profile;
    const capacity = (cpus / service) * seconds;
    const patience = this.#version.latency ? this.#version.latency.seconds - service : Number.POSITIVE_INFINITY;
    let [left, served, late] = [capacity, 0, 0];
    while (left > 0 && this.#cohorts[0]) {
      const [cohort] = this.#cohorts;
      const count = Math.min(left, cohort.count);
      // On average they came in the middle of their tick.
      const wait = now - cohort.at - seconds / 2 + ((capacity - left + count / 2) / capacity) * seconds;
      if (wait > patience) late += count;
      cohort.count -= count;
      left -= count;
      served += count;
      if (cohort.count <= 1e-9) this.#cohorts.shift();
    }
    const fresh = Math.min(left, arrivals);
    if (fresh > 0) {
      const queueing = served > 0 || arrivals > left;
      const rate = cpus / service;
      const wait = queueing ? served / rate + Math.max(0, arrivals / seconds - rate) * (seconds / 2 / rate) : 0;
      late += wait > patience ? fresh : fresh * (Number.isFinite(patience) ? waitTail(arrivals / seconds, rate / Math.max(1, ready), Math.max(1, ready), serviceVariation, patience - wait) : 0);
    }
    served += fresh;
    if (arrivals > fresh) this.#cohorts.push({ at: now, count: arrivals - fresh });
    const lost = this.#lose(now + seconds, timeoutSeconds, replicas === 0);
    this.#backlog = this.#cohorts.reduce((sum, { count }) => sum + count, 0);
    return { served, lost, violations: late + lost };
  }

  #lose(now: number, timeoutSeconds: number, all: boolean): number {
    let lost = 0;
    while (this.#cohorts[0] && (all || now - this.#cohorts[0].at > timeoutSeconds)) lost += this.#cohorts.shift()?.count ?? 0;
    return lost;
  }
}
