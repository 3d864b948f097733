import { type Line, Sheet } from '../plot/index.ts';
import type { SeriesPoint, SimulationResult } from './simulate.ts';
import type { Trace } from './trace.ts';

const COLOURS: Readonly<Record<string, string>> = { lp: '#2f6fb7', greedy: '#2a8c5a', equal: '#9a6a1f', threshold: '#c4453c' };
const colourOf = (policy: string): string => COLOURS[policy] ?? '#7a869a';
const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;

/** The results of one trace as a picture. */
export function plotResults(trace: Trace, results: readonly SimulationResult[]): string {
  const sheet = new Sheet();
  const hours = trace.durationSeconds >= 7200;
  const line = (result: SimulationResult, value: (point: SeriesPoint) => number): Line => ({ label: result.policy, colour: colourOf(result.policy), points: result.series.map((point) => [hours ? point.seconds / 3600 : point.seconds, value(point)]) });
  const xUnit = hours ? 'h' : 's';
  const [first] = results;
  sheet.heading('Requests per second: demand, and what was served');
  if (first) sheet.lines([{ ...line(first, ({ arrivals }) => arrivals), label: 'demand', colour: '#1d2430' }, ...results.map((result) => line(result, ({ served }) => served))], { unit: '/s', xUnit });
  sheet.heading('Requests that missed their latency objective or were lost');
  sheet.lines(results.map((result) => line(result, ({ violations }) => violations * 100)), { unit: '%', xUnit });
  sheet.heading('Cores reserved');
  sheet.lines(results.map((result) => line(result, ({ cpus }) => cpus)), { unit: 'cores', xUnit });
  const bars = (title: string, value: (result: SimulationResult) => number, shown: (result: SimulationResult) => string): void => {
    sheet.heading(title);
    const most = Math.max(1e-12, ...results.map(value));
    for (const result of results) sheet.row(result.policy, value(result) / most, shown(result), colourOf(result.policy));
  };
  bars('Missed or lost, of all requests', ({ violations }) => violations, ({ violations, requests }) => percent(violations / Math.max(1, requests)));
  bars('Cost', ({ cost }) => cost, ({ cost }) => cost.toFixed(1));
  bars('Replicas started', ({ starts }) => starts, ({ starts }) => String(starts));
  sheet.note(`${trace.name}: ${trace.versions.length} versions on ${trace.nodes.length} nodes, ${trace.durationSeconds} s in ticks of ${trace.tickSeconds} s, seed ${trace.seed}`);
  return sheet.toString();
}
