import { logLinearQuantile } from '../../core/index.ts';
import { type Field, HISTOGRAM_NUMBERS, type HistogramName, type Sample } from '../samples/index.ts';

export type Unit = '1' | 'requests' | 'requests/s' | 'rows' | 'ms' | 's' | 'cores' | 'bytes' | 'replicas' | 'ratio';

/** One period of what is asked about. */
export interface Period {
  readonly sample: Sample;
  /** Length of the step, seconds. */
  readonly seconds: number;
  /** Versions that it is of: means of gauges add up over them. */
  readonly members: number;
  /** Requests of the whole service in this period. */
  readonly serviceRequests: number;
}

export interface HistoryMetric {
  readonly unit: Unit;
  readonly help: string;
  readonly histogram?: HistogramName;
  /** Sampled by the engine every other second: holds until the next. */
  readonly sampled?: true;
  /** null: nothing is known. */
  readonly value: (period: Period) => number | null;
}

const ratio = (part: number, whole: number): number | null => (whole > 0 ? part / whole : null);
const requests = (sample: Sample): number => sample.get('succeeded') + sample.get('failed');

const count = (help: string, unit: Unit, value: (sample: Sample) => number): HistoryMetric => ({ help, unit, value: ({ sample }) => (sample.get('seconds') ? value(sample) : null) });
const gauge = (help: string, field: Field, unit: Unit): HistoryMetric => ({ help, unit, value: ({ sample, members }) => scaled(ratio(sample.get(field), sample.get('seconds')), members) });
const resource = (help: string, unit: Unit, value: (sample: Sample, members: number) => number | null): HistoryMetric => ({ help, unit, sampled: true, value: ({ sample, members }) => (sample.get('resourceSamples') ? value(sample, members) : null) });
const total = (help: string, unit: Unit, field: Field): HistoryMetric => ({ help, unit, value: ({ sample }) => (sample.get('resourceSamples') || sample.get('seconds') ? sample.get(field) : null) });
const quantile = (help: string, histogram: HistogramName, share: number, unit: Unit = 'ms'): HistoryMetric => ({
  help, unit, histogram,
  value: ({ sample }) => {
    const found = logLinearQuantile(sample.distribution(histogram)?.counts ?? [], share);
    return unit === 'ms' ? scaled(found, 1 / 1000) : found;
  },
});
const mean = (help: string, histogram: HistogramName, of: (sample: Sample) => number, unit: Unit = 'ms'): HistoryMetric => ({
  help, unit, histogram,
  value: ({ sample }) => scaled(ratio(sample.distribution(histogram)?.sum ?? 0, of(sample)), unit === 'ms' ? 1 / 1000 : 1),
});
const scaled = (value: number | null, factor: number): number | null => (value === null ? null : value * factor);

/** What the history answers, by name. */
export const HISTORY_METRICS = {
  requests: count('Requests that reached the version and ended.', 'requests', requests),
  request_rate: { unit: 'requests/s', help: 'Requests a second.', value: ({ sample, seconds }) => ratio(requests(sample), sample.get('seconds') && Math.min(seconds, sample.get('seconds'))) },
  errors: count('Requests that failed, for whatever reason.', 'requests', (sample) => sample.get('failed')),
  error_ratio: { unit: 'ratio', help: 'Share of requests that failed, 0 to 1.', value: ({ sample }) => ratio(sample.get('failed'), requests(sample)) },
  faults: count('Requests that failed through no fault of client or load: what the version answers for.', 'requests', (sample) => sample.get('faults')),
  retries: count('Requests given to another replica.', 'requests', (sample) => sample.get('retries')),
  rows: count('Rows answered.', 'rows', (sample) => sample.get('rows')),
  runs: count('Runs of the model.', '1', (sample) => sample.get('runs')),
  latency_mean: mean('From a request’s arrival at the data plane to its answer, of answered requests.', 'total', (sample) => sample.get('succeeded')),
  latency_p50: quantile('Median latency of answered requests.', 'total', 0.5),
  latency_p90: quantile('90th percentile.', 'total', 0.9),
  latency_p95: quantile('95th percentile.', 'total', 0.95),
  latency_p99: quantile('99th percentile.', 'total', 0.99),
  queue_time: mean('Mean wait for a replica.', 'queue', (sample) => sample.get('succeeded')),
  queue_time_p95: quantile('95th percentile of the wait for a replica.', 'queue', 0.95),
  run_time: mean('Mean time inside the runtime, of runs.', 'run', (sample) => sample.get('runs')),
  run_time_p95: quantile('95th percentile of the time inside the runtime.', 'run', 0.95),
  batch_time: { unit: 'ms', help: 'Mean time for merging and splitting, of runs.', value: ({ sample }) => scaled(ratio(sample.get('batchUs'), sample.get('runs')), 1 / 1000) },
  batch_size: mean('Mean rows of a run.', 'batchRows', (sample) => sample.get('runs'), 'rows'),
  batch_size_p95: quantile('95th percentile of the rows of a run.', 'batchRows', 0.95, 'rows'),
  queue_length: gauge('Mean number of requests that wait for a replica.', 'queueLength', 'requests'),
  queue_length_max: count('Most requests that were seen waiting.', 'requests', (sample) => sample.get('queueLengthMax')),
  in_flight: gauge('Mean number of requests that replicas work on.', 'inFlight', 'requests'),
  in_flight_max: count('Most requests that were seen in work.', 'requests', (sample) => sample.get('inFlightMax')),
  replicas_connected: gauge('Mean number of replicas that the gateway is connected to.', 'replicas', 'replicas'),
  busy_share: { unit: 'ratio', help: 'Share of the replicas’ time in which they ran something, 0 to 1; a run counts when it ends.', histogram: 'run', value: ({ sample }) => atMostOne(ratio((sample.distribution('run')?.sum ?? 0) + sample.get('batchUs'), sample.get('replicas') * 1e6)) },
  cpu: resource('Mean number of cores that its workers used.', 'cores', (sample, members) => scaled(ratio(sample.get('cpuUs'), sample.get('cpuElapsedUs')), members)),
  memory: resource('Mean resident memory of its workers.', 'bytes', (sample, members) => scaled(ratio(sample.get('memoryKiB') * 1024, sample.get('resourceSamples')), members)),
  memory_max: resource('Most resident memory of its workers at one time.', 'bytes', (sample) => sample.get('memoryMaxKiB') * 1024),
  cpu_per_1000_requests: { unit: 's', help: 'CPU seconds of its workers for 1,000 answered requests.', value: ({ sample }) => scaled(ratio(sample.get('cpuUs'), sample.get('succeeded')), 1 / 1000) },
  replicas: resource('Mean number of replicas that are ready.', 'replicas', (sample, members) => scaled(ratio(sample.get('replicasReady'), sample.get('resourceSamples')), members)),
  traffic_share: { unit: 'ratio', help: 'Share of the service’s requests that reached it, 0 to 1.', value: ({ sample, serviceRequests }) => ratio(requests(sample), serviceRequests) },
  traffic_share_wanted: resource('Share of version-less requests that the policy in force gives it, 0 to 1.', 'ratio', (sample, members) => scaled(ratio(sample.get('weight') / 10_000, sample.get('resourceSamples')), members)),
  cold_starts: total('Replicas that became ready.', 'replicas', 'loads'),
  load_time: { unit: 'ms', help: 'Mean time from a replica’s start until it is ready.', value: ({ sample }) => scaled(ratio(sample.get('loadUs'), sample.get('loads')), 1 / 1000) },
  replica_failures: total('Replicas that failed.', 'replicas', 'replicaFailures'),
  oom_kills: total('Replicas that were killed since memory ran out.', 'replicas', 'oomKills'),
} as const satisfies Readonly<Record<string, HistoryMetric>>;

export type HistoryMetricName = keyof typeof HISTORY_METRICS;
export const HISTORY_METRIC_NAMES = Object.keys(HISTORY_METRICS) as readonly HistoryMetricName[];

export const metricOf = (name: HistoryMetricName): HistoryMetric => HISTORY_METRICS[name];

/** The histograms that these metrics are read from, by number. */
export function histogramsOf(names: readonly HistoryMetricName[]): ReadonlySet<number> {
  return new Set(names.flatMap((name) => metricOf(name).histogram ?? []).map((histogram) => HISTOGRAM_NUMBERS[histogram]));
}

const atMostOne = (value: number | null): number | null => (value === null ? null : Math.min(1, value));
