import { mergeInputs } from './batch.ts';
import type { LoadedModel, TensorSet } from './loaded-model.ts';
import { medianRun, type RunTime } from './time-run.ts';

const BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64] as const;
const MEASURE_MS_MAX = 1_500;
/** A larger batch must raise the throughput by this factor to be worth its latency. */
const GAIN_MIN = 1.1;

/** What runs of each size took. */
export interface BatchTimes {
  readonly bestBatch: number;
  readonly latencyMsByBatch: Readonly<Record<string, number>>;
  readonly cpuMsByBatch: Readonly<Record<string, number>>;
}

/**
 * Measures batches of 1, 2, 4 … while throughput still rises by a tenth (one size that does not may be skipped), within a
 * second and a half.
 */
export async function measureBatches(model: LoadedModel, rows: readonly TensorSet[], batchMax: number): Promise<BatchTimes> {
  const start = performance.now();
  const times = new Map<number, RunTime>();
  let best = { size: 1, perSecond: 0 };
  let misses = 0;
  let last = 0;
  for (const size of BATCH_SIZES) {
    const spent = performance.now() - start;
    // Doubling may double the latency; a batch whose first run alone would overrun the budget is not tried.
    if (size > batchMax || misses > 1 || (size > 1 && spent + 2 * last > MEASURE_MS_MAX)) break;
    const time = await medianRun(model, repeatRows(rows, size), (MEASURE_MS_MAX - spent) / 4);
    times.set(size, time);
    last = time.ms;
    const perSecond = size / last;
    if (perSecond >= GAIN_MIN * best.perSecond) [best, misses] = [{ size, perSecond }, 0];
    else misses++;
  }
  return batchTimes(best.size, times);
}

export function batchTimes(bestBatch: number, times: ReadonlyMap<number, RunTime>): BatchTimes {
  return {
    bestBatch,
    latencyMsByBatch: Object.fromEntries([...times].map(([size, { ms }]) => [size, ms])),
    cpuMsByBatch: Object.fromEntries([...times].map(([size, { cpuMs }]) => [size, cpuMs])),
  };
}

/** A batch of so many rows out of a few. */
export const repeatRows = (rows: readonly TensorSet[], size: number): TensorSet => mergeInputs(Array.from({ length: size }, (_, index) => rows[index % rows.length] as TensorSet));
