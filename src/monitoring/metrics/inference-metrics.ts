import { type OpenMetricsContentType, Registry } from 'prom-client';
import type { ErrorCode } from '../../core/index.ts';
import { EOF, toOpenMetrics } from './openmetrics.ts';
import { METRICS, type MetricName } from './descriptions.ts';

/** Counts by bucket, the last one for what lies over the highest bound. */
export interface HistogramView {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
  readonly count: number;
}

/** One version's counters, as the data plane keeps them; read only when somebody scrapes. */
export interface VersionView {
  readonly service: string;
  readonly version: string;
  readonly succeeded: number;
  readonly failuresByCode: ReadonlyMap<ErrorCode, number>;
  readonly inferences: number;
  readonly retries: number;
  readonly total: HistogramView;
  readonly queue: HistogramView;
  readonly batch: HistogramView;
  readonly run: HistogramView;
  readonly batchSize: HistogramView;
  readonly queueLength: number;
  readonly inFlight: number;
  readonly connectedReplicas: number;
  /** By bucket of `total`. */
  readonly exemplars: readonly ({ readonly predictionId: string; readonly seconds: number; readonly atMs: number } | undefined)[];
}

export interface InferenceView {
  readonly versions: Iterable<VersionView>;
  readonly generation: number;
}

interface Sample {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly exemplar?: { readonly labelSet: Readonly<Record<string, string>>; readonly value: number; readonly timestamp: number };
}

/** Both texts of one scrape have the same samples. */
type Format = 'prometheus' | 'openmetrics';

type RejectionKey = `${'http' | 'grpc'} ${ErrorCode}`;

/**
 * The gateway's metrics in Prometheus' text format, or OpenMetrics'. Nothing is copied into the registry: every metric reads the data
 * plane's own counters when it is scraped, so the hot path pays for none of this.
 */
export class InferenceMetrics {
  readonly #registries = { prometheus: new Registry(), openmetrics: new Registry<OpenMetricsContentType>() };
  readonly #rejections = new Map<RejectionKey, number>();
  readonly #view: () => InferenceView;
  readonly #startedAtSeconds: number;
  #controlUp = 0;

  constructor(view: () => InferenceView, startedAtMs: number) {
    this.#view = view;
    this.#startedAtSeconds = startedAtMs / 1000;
    this.#registries.openmetrics.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    const readers = this.#readers();
    for (const description of METRICS) {
      const { name, type, help } = description;
      for (const format of ['prometheus', 'openmetrics'] as const) this.#register(format, name, async () => ({ name: familyName(format, name, type), type, help, values: readers[name]() }));
    }
  }

  /** Counts a request that no version answers for. */
  rejected(protocol: 'http' | 'grpc', code: ErrorCode): void {
    const key: RejectionKey = `${protocol} ${code}`;
    this.#rejections.set(key, (this.#rejections.get(key) ?? 0) + 1);
  }

  /** The whole text. `control`: control's own text in Prometheus' format, null when it did not answer. */
  async text(control: string | null, openMetrics: boolean): Promise<{ readonly contentType: string; readonly text: string }> {
    this.#controlUp = control === null ? 0 : 1;
    const registry = openMetrics ? this.#registries.openmetrics : this.#registries.prometheus;
    const own = await registry.metrics();
    const { contentType } = registry;
    if (openMetrics) return { contentType, text: `${own.slice(0, -EOF.length)}${toOpenMetrics(control ?? '')}${EOF}` };
    return { contentType, text: control ? `${own}\n${control}` : own };
  }

  #register(format: Format, name: MetricName, get: () => Promise<object>): void {
    // prom-client's types ask for its own classes; its registry only calls get().
    this.#registries[format].registerMetric({ name, get } as unknown as Parameters<Registry['registerMetric']>[0]);
  }

  #readers(): Readonly<Record<MetricName, () => Sample[]>> {
    const single = (value: () => number) => (): Sample[] => [{ labels: {}, value: value() }];
    const byVersion = (samples: (version: VersionView, labels: Sample['labels']) => Sample[]) => (): Sample[] =>
      [...this.#view().versions].flatMap((version) => samples(version, { service: version.service, version: version.version }));
    const number = (value: (version: VersionView) => number) => byVersion((version, labels) => [{ labels, value: value(version) }]);
    const histogram = (name: MetricName, value: (version: VersionView) => HistogramView) => byVersion((version, labels) => histogramSamples(name, labels, value(version)));
    return {
      lepton_requests_total: byVersion(outcomes),
      lepton_requests_rejected_total: () => [...this.#rejections].map(([key, value]) => ({ labels: rejectionLabels(key), value })),
      lepton_request_duration_seconds: byVersion((version, labels) => withExemplars(histogramSamples('lepton_request_duration_seconds', labels, version.total), version.exemplars)),
      lepton_queue_duration_seconds: histogram('lepton_queue_duration_seconds', (version) => version.queue),
      lepton_batch_duration_seconds: histogram('lepton_batch_duration_seconds', (version) => version.batch),
      lepton_run_duration_seconds: histogram('lepton_run_duration_seconds', (version) => version.run),
      lepton_batch_size_rows: histogram('lepton_batch_size_rows', (version) => version.batchSize),
      lepton_inferences_total: number((version) => version.inferences),
      lepton_retries_total: number((version) => version.retries),
      lepton_queue_length: number((version) => version.queueLength),
      lepton_requests_in_flight: number((version) => version.inFlight),
      lepton_replicas_connected: number((version) => version.connectedReplicas),
      lepton_routing_generation: single(() => this.#view().generation),
      lepton_control_up: single(() => this.#controlUp),
      lepton_gateway_cpu_seconds_total: single(() => cpuSeconds()),
      lepton_gateway_resident_memory_bytes: single(() => process.memoryUsage.rss()),
      lepton_gateway_start_time_seconds: single(() => this.#startedAtSeconds),
    };
  }
}

function outcomes(version: VersionView, labels: Sample['labels']): Sample[] {
  const ok: Sample = { labels: { ...labels, outcome: 'ok', reason: '' }, value: version.succeeded };
  return [ok, ...[...version.failuresByCode].map(([reason, value]) => ({ labels: { ...labels, outcome: 'error', reason }, value }))];
}

/** Prometheus counts every bucket together with all lower ones. */
function histogramSamples(name: string, labels: Sample['labels'], { bounds, counts, sum, count }: HistogramView): Sample[] {
  let below = 0;
  const buckets = bounds.map((bound, index) => {
    below += counts[index] as number;
    return { metricName: `${name}_bucket`, labels: { ...labels, le: bound }, value: below };
  });
  return [
    ...buckets,
    { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count },
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}

/** The first samples are the buckets, in order. */
function withExemplars(samples: Sample[], exemplars: VersionView['exemplars']): Sample[] {
  return samples.map((sample, bucket) => {
    const exemplar = exemplars[bucket];
    return exemplar ? { ...sample, exemplar: { labelSet: { prediction_id: exemplar.predictionId }, value: exemplar.seconds, timestamp: exemplar.atMs / 1000 } } : sample;
  });
}

/** A counter of OpenMetrics has its suffix in its samples only. */
const familyName = (format: Format, name: MetricName, type: string): string => (format === 'openmetrics' && type === 'counter' ? name.replace(/_total$/, '') : name);

function rejectionLabels(key: RejectionKey): Sample['labels'] {
  const [protocol = '', reason = ''] = key.split(' ');
  return { protocol, reason };
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
