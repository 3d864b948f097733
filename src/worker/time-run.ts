import { setImmediate as turn } from 'node:timers/promises';
import { type LoadedModel, outputNames, type TensorSet } from './loaded-model.ts';

/** One run, or the median of several: how long it took, and what CPU over all threads. */
export interface RunTime {
  readonly ms: number;
  readonly cpuMs: number;
}

const RUNS_MAX = 5;
/** No run is instant, whatever the clock says. */
const MS_MIN = 1e-3;

/** One run after whatever else waits: pings are to be answered while a model is measured. */
export async function timeRun(model: LoadedModel, inputs: TensorSet): Promise<RunTime> {
  await turn();
  const cpu = process.cpuUsage();
  const start = performance.now();
  model.run(inputs, outputNames(model));
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return { ms, cpuMs: (user + system) / 1000 };
}

/** The median of up to five runs within the budget, which the first may overrun; it allocates, and counts only when it is one of few. */
export async function medianRun(model: LoadedModel, inputs: TensorSet, budgetMs: number): Promise<RunTime> {
  const start = performance.now();
  const runs: RunTime[] = [];
  do runs.push(await timeRun(model, inputs));
  while (runs.length < RUNS_MAX && performance.now() - start + (runs.at(-1) as RunTime).ms < budgetMs);
  const counted = runs.length > 2 ? runs.slice(1) : runs;
  return { ms: significant(Math.max(MS_MIN, median(counted.map(({ ms }) => ms)))), cpuMs: significant(Math.max(MS_MIN, median(counted.map(({ cpuMs }) => cpuMs)))) };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

const significant = (value: number): number => Number(value.toPrecision(4));
