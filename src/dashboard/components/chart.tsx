import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import UPlot from 'uplot';
import { clockTime } from '../format.ts';
import { language, t } from '../i18n/index.ts';
import { theme } from '../theme.ts';
import { visible } from '../text.ts';
import { canvasColourOf, colourOf, dashOf, tokenValue } from './colours.ts';

export interface ChartSeries {
  readonly name: string;
  /** Which colour and dash. */
  readonly index: number;
  /** One for each time; null: not known. */
  readonly values: readonly (number | null)[];
}

interface ChartProps {
  readonly title: string;
  /** Seconds since the epoch, rising. */
  readonly times: readonly number[];
  readonly series: readonly ChartSeries[];
  readonly format: (value: number | null | undefined) => string;
  /** Ticks at powers of two. */
  readonly binary?: boolean;
  /** Charts with the same key show the same moment. */
  readonly syncKey: string;
}

const HEIGHT = 170;
const AXIS_WIDTH = 62;
const BINARY_STEPS = Array.from({ length: 44 }, (_none, power) => 2 ** power);

/** Lines over time, one a version. Its figures are in words too, for who can't see a canvas. */
export function Chart({ title, times, series, format, syncKey, binary = false }: ChartProps) {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const moment = useSignal<number | null>(null);
  const shape = JSON.stringify([theme.value, language.value, series.map(({ name, index }) => [name, index])]);
  const data = [[...times], ...series.map(({ values }) => [...values])] as UPlot.AlignedData;

  useEffect(() => {
    const element = holder.current as HTMLDivElement;
    const made = new UPlot(optionsOf(element.clientWidth, { title, times, series, format, syncKey, binary }, (index) => (moment.value = index)), data, element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [shape]);
  useEffect(() => plot.current?.setData(data), [times, series]);

  // The newest step may not be over.
  const newest = times.findLastIndex((_time, index) => series.some(({ values }) => values[index] != null));
  const at = moment.value ?? newest;
  const summary = series.slice(0, 20).map(({ name, values }) => `${visible(name)} ${format(values[newest])}`).join(', ');
  return (
    <figure class="chart">
      <h3>{title}</h3>
      <div ref={holder} class="plot" role="img" aria-label={t('chart.summary', { title, summary: summary || t('state.none') })} />
      <figcaption class="readout numbers">
        {times[at] !== undefined && <span>{clockTime((times[at] as number) * 1000)}</span>}
        {series.slice(0, 8).map(({ name, index, values }) => (
          <span key={name} class="choice"><span class="swatch" style={{ background: colourOf(index) }} aria-hidden="true" />{visible(name)} {format(values[at])}</span>
        ))}
      </figcaption>
    </figure>
  );
}

function optionsOf(width: number, { series, format, syncKey, binary }: ChartProps, onMoment: (index: number | null) => void): UPlot.Options {
  const [grid, text] = [tokenValue('--line'), tokenValue('--muted')];
  const axis = { stroke: text, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 }, font: '11px system-ui, sans-serif' };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { sync: { key: syncKey }, drag: { x: false, y: false }, points: { size: 6 } },
    scales: { x: { time: true }, y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.1 : 1] } },
    axes: [
      { ...axis, size: 30, values: (_plot, splits) => splits.map((at, index) => (index % 2 ? '' : timeLabel(at, (splits.at(-1) ?? 0) - (splits[0] ?? 0)))) },
      { ...axis, size: AXIS_WIDTH, ...(binary && { incrs: BINARY_STEPS }), values: (_plot, splits) => splits.map((value) => format(value)) },
    ],
    series: [{}, ...series.map(({ index }) => ({ stroke: canvasColourOf(index), width: 1.75, dash: [...dashOf(index)], points: { show: false }, spanGaps: false }))],
    hooks: { setCursor: [({ cursor }) => onMoment(cursor.idx ?? null)] },
  };
}

const DAY_SECONDS = 86_400;
function timeLabel(at: number, spanSeconds: number): string {
  const date = new Date(at * 1000);
  if (spanSeconds > 2 * DAY_SECONDS) return date.toLocaleDateString(language.value === 'zh' ? 'zh-CN' : 'en', { month: 'short', day: 'numeric' });
  return clockTime(date.getTime()).slice(0, spanSeconds > 1200 ? 5 : 8);
}
