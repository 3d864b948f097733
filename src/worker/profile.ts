/** What is measured of a model at load: a steady state, whether rows may be merged, and how many are best. */
import { setImmediate as turn } from 'node:timers/promises';
import type { BatchingHint, Datatype, Signature, Tensor } from '../core/index.ts';
import { mergeInputs, rowsOf, splitOutputs } from './batch.ts';
import { describeDifference, firstDifference } from './compare.ts';
import { type LoadedModel, outputNames, runInTurn, type TensorSet } from './loaded-model.ts';

const WARM_UP_RUNS_MAX = 20;
const WARM_UP_MS_MAX = 1_000;
const BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64] as const;
const MEASURE_MS_MAX = 1_500;
const RUNS_PER_SIZE_MAX = 5;
/** A larger batch must raise the throughput by this factor to be worth its latency. */
const GAIN_MIN = 1.1;
const SAMPLE_ROWS_MAX = 3;
/** Larger batches take other kernels, which round otherwise. */
const TOLERANCE: Readonly<Partial<Record<Datatype, number>>> = { FP16: 1e-2, BF16: 3e-2 };

/** Runs until the last three latencies lie within 20 % of each other, at most 20 times or a second. Returns their median, milliseconds. */
export async function warmUp(model: LoadedModel, inputs: TensorSet): Promise<number> {
  const start = performance.now();
  const latencies: number[] = [];
  while (latencies.length < 3 || !(isSteady(latencies.slice(-3)) || latencies.length >= WARM_UP_RUNS_MAX || performance.now() - start > WARM_UP_MS_MAX)) {
    latencies.push(await timeRun(model, inputs));
    if (performance.now() - start > WARM_UP_MS_MAX) break;
  }
  return median(latencies.slice(-3));
}

const isSteady = (latencies: readonly number[]): boolean => Math.max(...latencies) <= 1.2 * Math.min(...latencies);

async function timeRun(model: LoadedModel, inputs: TensorSet): Promise<number> {
  await turn();
  const start = performance.now();
  model.run(inputs, outputNames(model));
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

/** Why merging is not worth trying, or null. A declared batch size overrules what the signature looks like. */
export function mergeObstacle(signature: Signature, hint: BatchingHint | null): string | null {
  if (hint && hint.maxBatchSize <= 1) return `declared so (maximum batch size ${hint.maxBatchSize})`;
  if (hint) return null;
  const sides = [...signature.inputs.map((spec) => ({ side: 'input', spec })), ...signature.outputs.map((spec) => ({ side: 'output', spec }))];
  if (signature.inputs.length === 0) return 'the model has no inputs';
  for (const { side, spec } of sides) {
    if (spec.shape.length === 0) return `${side} ${spec.name} is a scalar`;
    if (spec.shape[0] !== -1) return `${side} ${spec.name} has a fixed first dimension of ${spec.shape[0]}`;
  }
  const names = new Set(sides.map(({ spec }) => spec.dimensionNames?.[0] ?? '').filter((name) => name !== ''));
  return names.size > 1 ? `first dimensions have different names: ${[...names].join(', ')}` : null;
}

/** Up to three different single-row inputs out of sample inputs of any number of rows, those that fit the first one. */
export function sampleRows(samples: readonly TensorSet[]): TensorSet[] {
  const rows: TensorSet[] = [];
  for (const sample of samples) {
    if (rows.length >= SAMPLE_ROWS_MAX) break;
    for (const row of singleRows(sample)) {
      const isNew = fitsTogether(rows[0], row) && !rows.some((known) => sameBytes(known, row));
      if (isNew && rows.length < SAMPLE_ROWS_MAX) rows.push(row);
    }
  }
  return rows;
}

function singleRows(sample: TensorSet): TensorSet[] {
  try {
    return splitOutputs(sample, new Array<number>(rowsOf(sample)).fill(1));
  } catch {
    return [];
  }
}

function fitsTogether(first: TensorSet | undefined, other: TensorSet): boolean {
  const form = (inputs: TensorSet): string => inputs.map((tensor) => `${tensor.name}:${tensor.shape.slice(1).join(',')}`).sort().join(' ');
  return first === undefined || form(first) === form(other);
}

/**
 * Proves that rows answered together are answered as they are alone. Returns '' or why not. Floats may differ by 10⁻⁴,
 * those of 16 bits by more.
 */
export async function proveBatchable(model: LoadedModel, rows: readonly TensorSet[]): Promise<string> {
  const usable: { row: TensorSet; outputs: Tensor[] }[] = [];
  for (const row of rows) {
    // A made-up row that the model refuses alone proves nothing either way.
    const outputs = await runInTurn(model, row).catch(() => null);
    if (outputs) usable.push({ row, outputs });
  }
  const [first, ...others] = usable;
  if (!first || others.length === 0) return 'no two different rows to prove it with';
  try {
    const merged = await runInTurn(model, mergeInputs(usable.map(({ row }) => row)));
    return firstChange(usable.map(({ outputs }) => outputs), splitOutputs(merged, usable.map(() => 1))) ?? '';
  } catch (error) {
    return `a merged run fails: ${(error as Error).message}`;
  }
}

const sameBytes = (a: TensorSet, b: TensorSet): boolean => a.every((tensor, index) => Buffer.compare(tensor.data, (b[index] as Tensor).data) === 0);

function firstChange(alone: readonly (readonly Tensor[])[], together: readonly (readonly Tensor[])[]): string | null {
  for (const [row, outputs] of alone.entries()) {
    for (const [index, output] of outputs.entries()) {
      const difference = firstDifference(output, (together[row] as Tensor[])[index] as Tensor, TOLERANCE[output.datatype] ?? 1e-4);
      if (difference) return `a row is answered otherwise in a batch than alone: row ${row} of output ${describeDifference(difference)}`;
    }
  }
  return null;
}

/**
 * Measures batches of 1, 2, 4 … while throughput still rises by a tenth (one size that does not may be skipped), within a
 * second and a half. Returns the best and the medians seen.
 */
export async function measureBatches(model: LoadedModel, rows: readonly TensorSet[], batchMax: number): Promise<{ bestBatch: number; latencyMsByBatch: Record<string, number> }> {
  const start = performance.now();
  const latencyMsByBatch: Record<string, number> = {};
  let best = { size: 1, perSecond: 0 };
  let misses = 0;
  let last = 0;
  for (const size of BATCH_SIZES) {
    const spent = performance.now() - start;
    // Doubling may double the latency; a batch whose first run alone would overrun the budget is not tried.
    if (size > batchMax || misses > 1 || (size > 1 && spent + 2 * last > MEASURE_MS_MAX)) break;
    last = await medianLatency(model, repeatRows(rows, size), (MEASURE_MS_MAX - spent) / 4);
    latencyMsByBatch[size] = Number(last.toPrecision(4));
    const perSecond = size / last;
    if (perSecond >= GAIN_MIN * best.perSecond) [best, misses] = [{ size, perSecond }, 0];
    else misses++;
  }
  return { bestBatch: best.size, latencyMsByBatch };
}

const repeatRows = (rows: readonly TensorSet[], size: number): TensorSet => mergeInputs(Array.from({ length: size }, (_, index) => rows[index % rows.length] as TensorSet));

async function medianLatency(model: LoadedModel, inputs: TensorSet, budgetMs: number): Promise<number> {
  const start = performance.now();
  const latencies: number[] = [];
  do latencies.push(await timeRun(model, inputs));
  while (latencies.length < RUNS_PER_SIZE_MAX && performance.now() - start + (latencies.at(-1) as number) < budgetMs);
  // The first run of a size allocates; it counts only when it is the only one.
  return Math.max(median(latencies.length > 2 ? latencies.slice(1) : latencies), 1e-3);
}
