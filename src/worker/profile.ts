/** What is found out about a model at load before it is timed: a steady state, and whether rows may be merged. */
import type { BatchingHint, Datatype, Signature, Tensor } from '../core/index.ts';
import { mergeInputs, rowsOf, splitOutputs } from './batch.ts';
import { describeDifference, firstDifference } from './compare.ts';
import { type LoadedModel, runInTurn, type TensorSet } from './loaded-model.ts';
import { type RunTime, timeRun } from './time-run.ts';

const WARM_UP_RUNS_MAX = 20;
const WARM_UP_MS_MAX = 1_000;
/** Beside an earlier start's median, of a run that needs no more warming up. */
const AS_FAST = 1.5;
const SAMPLE_ROWS_MAX = 3;
/** Larger batches take other kernels, which round otherwise. */
const TOLERANCE: Readonly<Partial<Record<Datatype, number>>> = { FP16: 1e-2, BF16: 3e-2 };

/**
 * Runs until the last three latencies lie within 20 % of each other, at most 20 times or a second. With a latency that is
 * known from an earlier start, one run that is about as fast is enough. Resolves with the last run.
 */
export async function warmUp(model: LoadedModel, inputs: TensorSet, knownMs?: number): Promise<RunTime> {
  const start = performance.now();
  const latencies: number[] = [];
  for (;;) {
    const run = await timeRun(model, inputs);
    latencies.push(run.ms);
    const asFast = knownMs !== undefined && run.ms <= AS_FAST * knownMs;
    if (asFast || isSteady(latencies.slice(-3)) || latencies.length >= WARM_UP_RUNS_MAX || performance.now() - start > WARM_UP_MS_MAX) return run;
  }
}

const isSteady = (latencies: readonly number[]): boolean => latencies.length === 3 && Math.max(...latencies) <= 1.2 * Math.min(...latencies);

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
