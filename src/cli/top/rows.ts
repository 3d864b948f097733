import type { MetricsAnswer, ServiceStatus } from '../../../clients/typescript/src/index.ts';

/** What is asked of the history for one picture. */
export const TOP_METRICS = ['request_rate', 'error_ratio', 'latency_p50', 'latency_p99', 'queue_length', 'batch_size', 'busy_share', 'traffic_share', 'cpu', 'memory'] as const;
type TopMetric = (typeof TOP_METRICS)[number];

/** One version now. null: nothing is known. */
export interface TopRow extends Readonly<Record<TopMetric, number | null>> {
  readonly service: string;
  readonly version: string;
  readonly phase: string;
  /** Percent of version-less traffic that it is to get. */
  readonly weight: number;
  readonly replicasReady: number;
  readonly replicasDesired: number;
}

export const SORTS = {
  n: { name: 'name', key: null },
  r: { name: 'requests', key: 'request_rate' },
  e: { name: 'errors', key: 'error_ratio' },
  l: { name: 'latency', key: 'latency_p99' },
  u: { name: 'queue', key: 'queue_length' },
  c: { name: 'CPU', key: 'cpu' },
  m: { name: 'memory', key: 'memory' },
} as const satisfies Readonly<Record<string, { readonly name: string; readonly key: TopMetric | null }>>;
export type SortKey = keyof typeof SORTS;

/** Every version of the services with what the history knows of the last moments. */
export function topRows(services: readonly ServiceStatus[], { series }: Pick<MetricsAnswer, 'series'>): TopRow[] {
  const values = new Map<string, number | null>();
  for (const one of series) values.set(JSON.stringify([one.service, one.version, one.metric]), one.values.at(-1) ?? null);
  return services.flatMap(({ name, versions }) => versions.map((version) => {
    const known = Object.fromEntries(TOP_METRICS.map((metric) => [metric, values.get(JSON.stringify([name, version.version, metric])) ?? null])) as Record<TopMetric, number | null>;
    const ready = version.replicas.filter(({ phase }) => phase === 'ready');
    return { ...known, service: name, version: version.version, phase: version.phase, weight: version.weight, replicasReady: ready.length, replicasDesired: version.replicasDesired };
  }));
}

/** The largest first; what is not known last, then by name. */
export function sorted(rows: readonly TopRow[], sort: SortKey): TopRow[] {
  const { key } = SORTS[sort];
  const byName = (a: TopRow, b: TopRow): number => compareTexts(a.service, b.service) || compareTexts(a.version, b.version);
  return rows.toSorted((a, b) => (key === null ? 0 : (b[key] ?? -1) - (a[key] ?? -1)) || byName(a, b));
}

const compareTexts = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });
