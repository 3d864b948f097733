import type { LoadProfile } from '../core/index.ts';
import type { WorkerConfig } from '../wire/index.ts';
import type { LoadedModel, TensorSet } from './loaded-model.ts';
import { type BatchTimes, batchTimes, measureBatches, repeatRows } from './measure-batches.ts';
import { measureThreads, type ThreadTrial } from './measure-threads.ts';
import { mergeObstacle, proveBatchable, sampleRows, warmUp } from './profile.ts';
import { medianRun, type RunTime } from './time-run.ts';

/** What a load finds out of a model that answers. */
export type Measured = Pick<LoadProfile, 'origin' | 'batchable' | 'batchableReason' | 'bestBatch' | 'latencyMsByBatch' | 'cpuMsByBatch' | 'byThreads' | 'peakBytes'>;

/** Of the runs whose median is asked for, when rows are not merged. */
const SINGLE_MS_MAX = 500;
/** A merged run that is known to take longer than this is not made only to warm up. */
const WARM_BATCH_MS_MAX = 200;
const KIB = 1024;

/** Warm-up → proof of batchability → best batch → numbers of threads; of what an earlier start has measured, the warm-up alone. */
export async function measure(model: LoadedModel, config: WorkerConfig, samples: readonly TensorSet[], opened: Pick<ThreadTrial, 'open' | 'openMs' | 'openBytes'>): Promise<Measured> {
  if (config.profile) return takeOver(model, config.profile, samples);
  const [first] = samples;
  if (!first) return { origin: 'measured', batchable: false, batchableReason: 'no inputs to prove it with', bestBatch: 1, latencyMsByBatch: {}, cpuMsByBatch: {}, byThreads: [], peakBytes: peakBytes() };
  const warm = await warmUp(model, first);
  const obstacle = mergeObstacle(model.signature, config.batching);
  const rows = obstacle === null ? sampleRows(samples) : [];
  const reason = obstacle ?? (await proveBatchable(model, rows));
  const times = reason ? await timeSingle(model, first, warm) : await measureBatches(model, rows, config.batching?.maxBatchSize ?? Number.POSITIVE_INFINITY);
  // What follows needs memory that serving does not.
  const peak = peakBytes();
  const batches = new Map([1, ...(reason ? [] : [times.bestBatch])].map((size) => [size, reason ? first : repeatRows(rows, size)]));
  const { threads, memoryBytes } = config.resources;
  const byThreads = await measureThreads({ ...opened, threads, memoryBytes, batches, times });
  return { origin: 'measured', batchable: !reason, batchableReason: reason && withHint(reason, config), ...times, byThreads, peakBytes: peak };
}

/** A long run is not made once more: its warm-up says enough. */
async function timeSingle(model: LoadedModel, inputs: TensorSet, warm: RunTime): Promise<BatchTimes> {
  return batchTimes(1, new Map([[1, warm.ms > SINGLE_MS_MAX / 2 ? warm : await medianRun(model, inputs, SINGLE_MS_MAX)]]));
}

/** Runs what serving will run once, so that the first request does not pay for it. */
async function takeOver(model: LoadedModel, known: LoadProfile, samples: readonly TensorSet[]): Promise<Measured> {
  const [first] = samples;
  if (first) await warmUp(model, first, known.latencyMsByBatch['1']);
  const rows = known.batchable && known.bestBatch > 1 && (known.latencyMsByBatch[known.bestBatch] ?? 0) <= WARM_BATCH_MS_MAX ? sampleRows(samples) : [];
  if (rows.length) await medianRun(model, repeatRows(rows, known.bestBatch), 0);
  const { batchable, batchableReason, bestBatch, latencyMsByBatch, cpuMsByBatch, byThreads } = known;
  return { origin: 'kept', batchable, batchableReason, bestBatch, latencyMsByBatch, cpuMsByBatch, byThreads, peakBytes: peakBytes() };
}

const peakBytes = (): number => process.resourceUsage().maxRSS * KIB;

/** The measurement wins over the declaration, and says so. */
function withHint(reason: string, config: WorkerConfig): string {
  const declared = config.batching?.maxBatchSize ?? 0;
  return declared > 1 ? `${reason} (although batches of ${declared} are declared)` : reason;
}
