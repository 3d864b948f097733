import type { SchedulerNode, SchedulerVersion } from '../deployment-engine/scheduler/index.ts';

/** Requests per second over time, before chance. */
export type ArrivalPattern =
  | { readonly kind: 'poisson'; readonly rate: number }
  /** `rate`, and `burstRate` in bursts that come at random, every `everySeconds` on average, for `lengthSeconds` on average. */
  | { readonly kind: 'bursts'; readonly rate: number; readonly burstRate: number; readonly everySeconds: number; readonly lengthSeconds: number }
  /** A day's curve around `rate`: `swing` 0.8 is from 0.2 to 1.8 times, highest at `peakHour`. */
  | { readonly kind: 'day'; readonly rate: number; readonly swing: number; readonly peakHour: number }
  /** `rate` times `factor` from `atSeconds` on. */
  | { readonly kind: 'step'; readonly rate: number; readonly atSeconds: number; readonly factor: number }
  /** As it was recorded: requests by tick. */
  | { readonly kind: 'recorded'; readonly counts: ReadonlyMap<number, number> };

export interface SimulatedVersion extends Omit<SchedulerVersion, 'demand' | 'current'> {
  /** Requests that name this version; null: none. */
  readonly arrivals: ArrivalPattern | null;
}

/** A version as the scheduler sees it, before anybody asks for it. */
export const unasked = (version: SimulatedVersion, current: SchedulerVersion['current'] = {}): SchedulerVersion => ({ ...version, demand: 0, current });

/** A service whose policy lets the scheduler choose the version. */
export interface SimulatedService {
  readonly name: string;
  readonly arrivals: ArrivalPattern;
  readonly ranges: Readonly<Record<string, { readonly min: number; readonly max: number }>>;
}

export interface Trace {
  readonly name: string;
  readonly seed: number;
  readonly durationSeconds: number;
  readonly tickSeconds: number;
  /** How often the solving policies plan. */
  readonly planSeconds: number;
  readonly nodes: readonly SchedulerNode[];
  readonly versions: readonly SimulatedVersion[];
  readonly services: readonly SimulatedService[];
  /** What is paid: for each core and each GiB that is reserved for an hour. */
  readonly costs: { readonly coreHour: number; readonly gibHour: number };
  /** A request that waited longer is lost. */
  readonly timeoutSeconds: number;
}
