import type { AlertMetricName, AlertSource, Reading } from './metrics.ts';

/** What is true of a version at one time. Counters may begin anew when a gateway does. */
export interface VersionSample {
  readonly atMs: number;
  readonly requests: number;
  readonly faults: number;
  readonly latencyP50Ms: number | null;
  readonly latencyP99Ms: number | null;
  readonly queueLength: number;
  readonly inFlight: number;
  readonly memoryBytes: number;
  readonly restarts: number;
  readonly replicasMissing: number;
  /** 0 to 1. */
  readonly weight: number;
  readonly judged: number;
  readonly correct: number;
  readonly rewards: number;
  readonly rewardSum: number;
  readonly driftPsi: number | null;
  readonly driftSamples: number;
}
export interface SampledVersion extends VersionSample {
  readonly service: string;
  readonly version: string;
}

type Series = Map<string, { readonly service: string; readonly version: string; readonly samples: readonly VersionSample[] }>;
type Take = (metrics: ReadonlySet<AlertMetricName>) => Promise<readonly SampledVersion[]>;

/** Samples of every version, kept in memory for as long as a rule looks back. */
export class VersionSamples implements AlertSource {
  readonly #take: Take;
  #series: Series = new Map();

  /** `take`: what is true now. */
  constructor(take: Take) {
    this.#take = take;
  }

  async sample(metrics: ReadonlySet<AlertMetricName>, windowMs: number): Promise<void> {
    const taken = await this.#take(metrics);
    const series: Series = new Map();
    for (const { service, version, ...sample } of taken) {
      const key = `${service} ${version}`;
      const before = this.#series.get(key)?.samples ?? [];
      // One from before the window is where its differences start.
      const first = before.findLastIndex(({ atMs }) => atMs <= sample.atMs - windowMs);
      series.set(key, { service, version, samples: [...(first > 0 ? before.slice(first) : before), sample] });
    }
    this.#series = series;
  }

  read(metric: AlertMetricName, windowMs: number): readonly Reading[] {
    const windows = [...this.#series.values()].map(({ service, version, samples }) => ({ service, version, window: within(samples, windowMs) }));
    const ofService = new Map<string, number>();
    for (const { service, window } of windows) ofService.set(service, (ofService.get(service) ?? 0) + gained(window, 'requests'));
    return windows.map(({ service, version, window }) => ({ service, version, ...VALUES[metric](window, ofService.get(service) ?? 0) }));
  }
}

type Value = Pick<Reading, 'value' | 'samples'>;
type Counter = 'requests' | 'faults' | 'restarts' | 'judged' | 'correct' | 'rewards' | 'rewardSum';
type Gauge = 'queueLength' | 'inFlight' | 'memoryBytes' | 'replicasMissing';

const VALUES: Readonly<Record<AlertMetricName, (window: readonly VersionSample[], serviceRequests: number) => Value>> = {
  request_rate: (window) => ({ value: seconds(window) ? gained(window, 'requests') / seconds(window) : null, samples: gained(window, 'requests') }),
  fault_ratio: (window) => ratio(gained(window, 'faults'), gained(window, 'requests')),
  latency_p50: (window) => ({ value: window.at(-1)?.latencyP50Ms ?? null, samples: gained(window, 'requests') }),
  latency_p99: (window) => ({ value: window.at(-1)?.latencyP99Ms ?? null, samples: gained(window, 'requests') }),
  queue_length: (window) => gauge(window, 'queueLength', mean),
  in_flight: (window) => gauge(window, 'inFlight', mean),
  memory: (window) => gauge(window, 'memoryBytes', (values) => Math.max(...values)),
  replica_failures: (window) => ({ value: window.length > 1 ? gained(window, 'restarts') : null, samples: window.length }),
  replicas_missing: (window) => gauge(window, 'replicasMissing', (values) => Math.min(...values)),
  traffic_share: (window, whole) => ({ ...ratio(gained(window, 'requests'), whole), samples: whole }),
  traffic_share_wanted: (window) => ({ value: window.at(-1)?.weight ?? null, samples: window.length }),
  traffic_share_gap: (window, whole) => ({ value: whole ? Math.abs(gained(window, 'requests') / whole - mean(window.map(({ weight }) => weight))) : null, samples: whole }),
  feedback_accuracy: (window) => ratio(gained(window, 'correct'), gained(window, 'judged')),
  feedback_reward: (window) => ratio(gained(window, 'rewardSum', true), gained(window, 'rewards')),
  drift_psi: (window) => ({ value: window.at(-1)?.driftPsi ?? null, samples: window.at(-1)?.driftSamples ?? 0 }),
};

/** From the newest sample that is as old as the window on; all, while there are none as old. */
function within(samples: readonly VersionSample[], windowMs: number): readonly VersionSample[] {
  const start = (samples.at(-1)?.atMs ?? 0) - windowMs;
  return samples.slice(Math.max(0, samples.findLastIndex(({ atMs }) => atMs <= start)));
}

/** What a counter has grown by; one that is smaller than before has begun anew at 0. A sum may also shrink. */
function gained(window: readonly VersionSample[], counter: Counter, sum = false): number {
  let total = 0;
  for (let index = 1; index < window.length; index++) {
    const [before, now] = [(window[index - 1] as VersionSample)[counter], (window[index] as VersionSample)[counter]];
    total += sum || now >= before ? now - before : now;
  }
  return total;
}

const seconds = (window: readonly VersionSample[]): number => ((window.at(-1)?.atMs ?? 0) - (window[0]?.atMs ?? 0)) / 1000;
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const ratio = (part: number, whole: number): Value => ({ value: whole > 0 ? part / whole : null, samples: whole });

function gauge(window: readonly VersionSample[], name: Gauge, combine: (values: readonly number[]) => number): Value {
  return { value: window.length ? combine(window.map((sample) => sample[name])) : null, samples: window.length };
}
