import type { Signal } from '@preact/signals';
import type { ServiceStatus } from '../../../../clients/typescript/src/types.ts';
import { Chart, type ChartSeries } from '../../components/chart.tsx';
import { colourOf } from '../../components/colours.ts';
import { bytes, milliseconds, number, perSecond } from '../../format.ts';
import { type MessageKey, t } from '../../i18n/index.ts';
import { ring } from '../../live/live.ts';
import { ratesBetween, type Sample } from '../../live/samples.ts';
import { visible } from '../../text.ts';

interface Metric {
  readonly title: MessageKey;
  readonly format: (value: number | null | undefined) => string;
  readonly binary?: boolean;
  /** From a look and the one before. */
  readonly value: (last: Sample, before: Sample) => number | null;
}

const METRICS: readonly Metric[] = [
  { title: 'metric.requests', format: perSecond, value: (last, before) => ratesBetween(before, last).requestsPerSecond },
  { title: 'metric.errors', format: perSecond, value: (last, before) => ratesBetween(before, last).errorsPerSecond },
  { title: 'metric.p50', format: milliseconds, value: (last) => last.p50Ms },
  { title: 'metric.p99', format: milliseconds, value: (last) => last.p99Ms },
  { title: 'metric.batch', format: number, value: (last, before) => ratesBetween(before, last).requestsPerBatch },
  { title: 'metric.queue', format: number, value: (last) => last.queueLength },
  { title: 'metric.cpu', format: number, value: (last, before) => ratesBetween(before, last).cores },
  { title: 'metric.memory', format: bytes, binary: true, value: (last) => last.residentBytes },
];
/** Lines in a chart beyond which nobody can tell them apart. */
const SHOWN_MAX = 12;

/** All versions over each other, so that one can see which is the slow one. */
export function ServiceCharts({ service, hidden }: { readonly service: ServiceStatus; readonly hidden: Signal<ReadonlySet<string>> }) {
  const versions = service.versions.map(({ version }, index) => ({ version, index }));
  const shown = versions.filter(({ version }) => !hidden.value.has(version)).slice(0, SHOWN_MAX);
  const samples = shown.map(({ version }) => ring.samples(service.name, version));
  const longest = samples.reduce<readonly Sample[]>((long, one) => (one.length > long.length ? one : long), []);
  const times = longest.slice(1).map(({ at }) => at / 1000);
  const toggle = (version: string): void => {
    const next = new Set(hidden.value);
    if (!next.delete(version)) next.add(version);
    hidden.value = next;
  };
  return (
    <section class="card">
      <header><h2>{t('service.charts')}</h2></header>
      <div class="stack">
        <fieldset class="legend" aria-label={t('service.shownVersions')}>
          {versions.slice(0, SHOWN_MAX * 4).map(({ version, index }) => (
            <button key={version} type="button" aria-pressed={!hidden.value.has(version)} onClick={() => toggle(version)}><span class="swatch" style={{ background: colourOf(index) }} aria-hidden="true" />{visible(version)}</button>
          ))}
        </fieldset>
        {versions.length > SHOWN_MAX && <p class="muted small">{t('service.chartsShow', { count: SHOWN_MAX })}</p>}
        <div class="charts">
          {METRICS.map((metric) => <Chart key={metric.title} title={t(metric.title)} times={times} series={seriesOf(metric, shown, samples, times.length)} format={metric.format} binary={metric.binary ?? false} syncKey={service.name} />)}
        </div>
      </div>
    </section>
  );
}

function seriesOf(metric: Metric, shown: readonly { readonly version: string; readonly index: number }[], samples: readonly (readonly Sample[])[], length: number): ChartSeries[] {
  return shown.map(({ version, index }, position) => {
    const own = samples[position] ?? [];
    const values = own.slice(1).map((sample, at) => metric.value(sample, own[at] as Sample));
    // A version that came later has no values before.
    return { name: version, index, values: [...Array<null>(Math.max(0, length - values.length)).fill(null), ...values] };
  });
}
