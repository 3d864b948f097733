import type { SchedulerInput, SchedulerVersion } from './input.ts';

/**
 * How many requests a replica may be given, linear in its CPU share:
 *
 *   rate ≤ usable × cpus / cpuSecondsPerRequest − spare
 *
 * `spare` comes from the latency objective: with Poisson arrivals a replica's wait exceeds t with a probability of at most
 * exp(−(μ − λ) t / k), k = (1 + c²)/2 for a service time with coefficient of variation c (Kingman's bound in heavy traffic, exact
 * for M/M/1; Kleinrock, Queueing Systems II, 2.1). So the wait keeps to t = objective − service time if μ − λ ≥ k ln(1/(1−q))/t.
 * Each replica counts as a queue of its own, which is worse than the shared queue that it has.
 */
export interface ServiceRate {
  /** Share of the CPU that may be busy. */
  readonly usable: number;
  /** Requests per second that each replica keeps free. */
  readonly spare: number;
  /** Requests per second of one replica with all the cores that it can use. */
  readonly perReplica: number;
  /** The objective is below what one request takes on a free replica, so it is planned without. */
  readonly unreachable: boolean;
}

export function serviceRate(version: SchedulerVersion, { utilisationMax }: Pick<SchedulerInput, 'utilisationMax'>): ServiceRate {
  const { cpuSecondsPerRequest: seconds, serviceVariation: variation } = version.profile;
  const full = version.threads / seconds;
  const plain = { usable: utilisationMax, spare: 0, perReplica: utilisationMax * full };
  if (!version.latency) return { ...plain, unreachable: false };
  // A request runs on one core, however many its replica has.
  const wait = version.latency.seconds - seconds;
  const spare = wait > 0 ? (((1 + variation ** 2) / 2) * Math.log(1 / (1 - version.latency.quantile))) / wait : Number.POSITIVE_INFINITY;
  if (spare >= full) return { ...plain, unreachable: true };
  return { usable: 1, spare, perReplica: full - spare, unreachable: false };
}
