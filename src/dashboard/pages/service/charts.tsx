import { useSignal } from '@preact/signals';
import type { MetricsAnswer, ServiceStatus } from '../../../../clients/typescript/src/types.ts';
import { Chart, type ChartSeries } from '../../components/chart.tsx';
import { colourOf } from '../../components/colours.ts';
import { Command } from '../../components/command.tsx';
import { bytes, cores, milliseconds, number, percent, perSecond } from '../../format.ts';
import { type MessageKey, t } from '../../i18n/index.ts';
import { useHistory } from '../../live/history.ts';
import { query, setQuery } from '../../router.ts';
import { shellWord, visible } from '../../text.ts';

interface Metric {
  readonly title: MessageKey;
  readonly format: (value: number | null | undefined) => string;
  readonly binary?: boolean;
}

/** By their names in the history. */
const METRICS: Readonly<Record<string, Metric>> = {
  request_rate: { title: 'metric.requests', format: perSecond },
  traffic_share: { title: 'metric.share', format: percent },
  error_ratio: { title: 'metric.errorRatio', format: percent },
  latency_p50: { title: 'metric.p50', format: milliseconds },
  latency_p99: { title: 'metric.p99', format: milliseconds },
  queue_time_p95: { title: 'metric.queueTime', format: milliseconds },
  batch_size: { title: 'metric.batch', format: number },
  queue_length: { title: 'metric.queue', format: number },
  cpu: { title: 'metric.cpu', format: cores },
  memory: { title: 'metric.memory', format: bytes, binary: true },
};
const NAMES = Object.keys(METRICS);

const [MINUTE, HOUR, DAY] = [60, 3600, 86_400];
const WINDOWS = { '5m': 5 * MINUTE, '15m': 15 * MINUTE, '1h': HOUR, '24h': DAY, '7d': 7 * DAY, '30d': 30 * DAY } as const;
type Window = keyof typeof WINDOWS;
/** Lines in a chart beyond which nobody can tell them apart. */
const SHOWN_MAX = 12;
const SWITCHES_MAX = 48;

/** All versions over each other, so that one can see which is the slow one. The span of time is in the address. */
export function ServiceCharts({ service }: { readonly service: ServiceStatus }) {
  const hidden = useSignal<ReadonlySet<string>>(new Set());
  const asked = query.value.get('window') ?? '';
  const window = (Object.hasOwn(WINDOWS, asked) ? asked : '5m') as Window;
  const versions = service.versions.map(({ version }, index) => ({ version, index }));
  const shown = versions.filter(({ version }) => !hidden.value.has(version)).slice(0, SHOWN_MAX);
  const { answer, trouble } = useHistory(service.name, shown.map(({ version }) => version), NAMES, WINDOWS[window]);
  const toggle = (version: string): void => {
    const next = new Set(hidden.value);
    if (!next.delete(version)) next.add(version);
    hidden.value = next;
  };
  return (
    <section class="card">
      <header>
        <h2>{t('service.charts')}</h2>
        <fieldset class="tabs end" aria-label={t('service.window')}>
          {(Object.keys(WINDOWS) as Window[]).map((name) => <button key={name} type="button" aria-pressed={name === window} onClick={() => setQuery({ window: name === '5m' ? null : name })}>{t(`window.${name}`)}</button>)}
        </fieldset>
      </header>
      <div class="stack">
        <fieldset class="legend" aria-label={t('service.shownVersions')}>
          {versions.slice(0, SWITCHES_MAX).map(({ version, index }) => (
            <button key={version} type="button" aria-pressed={!hidden.value.has(version)} onClick={() => toggle(version)}><span class="swatch" style={{ background: colourOf(index) }} aria-hidden="true" />{visible(version)}</button>
          ))}
        </fieldset>
        {versions.length > SHOWN_MAX && <p class="muted small">{t('service.chartsShow', { count: SHOWN_MAX })}</p>}
        {trouble !== null && <p class="invalid">{visible(trouble)}</p>}
        <Charts answer={answer} shown={shown} syncKey={service.name} />
        <Command text={`curl ${shellWord(`${location.origin}/api/v1/metrics/query?service=${encodeURIComponent(service.name)}&metric=latency_p99&from=-${WINDOWS[window]}s`)}`} />
      </div>
    </section>
  );
}

interface ChartsProps {
  readonly answer: MetricsAnswer | null;
  readonly shown: readonly { readonly version: string; readonly index: number }[];
  readonly syncKey: string;
}

function Charts({ answer, shown, syncKey }: ChartsProps) {
  const starts = answer ? Array.from({ length: Math.max(0, (answer.to - answer.from) / answer.step) }, (_none, index) => answer.from + index * answer.step) : [];
  return (
    <div class="charts">
      {NAMES.map((name) => {
        const { title, format, binary = false } = METRICS[name] as Metric;
        const series = shown.map(({ version, index }): ChartSeries => ({ name: version, index, values: answer?.series.find((one) => one.metric === name && one.version === version)?.values ?? starts.map(() => null) }));
        return <Chart key={name} title={t(title)} times={starts} series={series} format={format} binary={binary} syncKey={syncKey} />;
      })}
    </div>
  );
}
