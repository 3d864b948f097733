import { availableParallelism } from 'node:os';
import type { ThreadMeasurement } from '../core/index.ts';
import type { LoadedModel, TensorSet } from './loaded-model.ts';
import type { BatchTimes } from './measure-batches.ts';
import { medianRun } from './time-run.ts';

/** Of all that is measured with other numbers of threads. */
const MEASURE_MS_MAX = 2_000;
const RUN_SHARE = 1 / 8;
/** Beside the model's own memory, what must be free for a second one: of the machine, and of a declared limit. */
const ROOM = 2;
const THREADS_MAX = 64;

export interface ThreadTrial {
  /** Its own number, with which it was timed already. */
  readonly threads: number;
  readonly times: BatchTimes;
  /** Opens it once more. */
  readonly open: (threads: number) => Promise<LoadedModel>;
  /** What opening took, and the memory that it took. */
  readonly openMs: number;
  readonly openBytes: number;
  /** Declared; null: none. */
  readonly memoryBytes: number | null;
  /** A single row and the best batch, by number of rows. */
  readonly batches: ReadonlyMap<number, TensorSet>;
}

/**
 * Times 1, 2, 4 … threads up to the host's cores, for as long as two seconds may suffice and a second model fits in memory.
 * Empty where the host has one core or nothing else could be opened.
 */
export async function measureThreads(trial: ThreadTrial): Promise<readonly ThreadMeasurement[]> {
  const cores = Math.min(THREADS_MAX, availableParallelism());
  if (cores < 2 || !hasRoom(trial)) return [];
  const deadline = performance.now() + MEASURE_MS_MAX;
  const others: ThreadMeasurement[] = [];
  for (const threads of threadCounts(cores)) {
    if (threads === trial.threads || performance.now() + 2 * trial.openMs > deadline) continue;
    const model = await trial.open(threads).catch(() => null);
    if (model) others.push(...(await timeBatches(model, threads, trial, deadline)));
    model?.close();
  }
  return others.length ? [...ownTimes(trial), ...others].sort((a, b) => a.threads - b.threads || a.batch - b.batch) : [];
}

async function timeBatches(model: LoadedModel, threads: number, { batches, times }: ThreadTrial, deadline: number): Promise<ThreadMeasurement[]> {
  const found: ThreadMeasurement[] = [];
  for (const [batch, inputs] of batches) {
    const leftMs = deadline - performance.now();
    // No run is begun that would not end in time, should it take as long as with its own threads.
    if ((times.latencyMsByBatch[batch] ?? 0) > leftMs) break;
    const { ms, cpuMs } = await medianRun(model, inputs, Math.min(leftMs, MEASURE_MS_MAX * RUN_SHARE));
    found.push({ threads, batch, latencyMs: ms, cpuMs });
  }
  return found;
}

const ownTimes = ({ threads, batches, times }: ThreadTrial): ThreadMeasurement[] => [...batches.keys()].map((batch) => ({ threads, batch, latencyMs: times.latencyMsByBatch[batch] ?? 0, cpuMs: times.cpuMsByBatch[batch] ?? 0 }));

function hasRoom({ openBytes, memoryBytes }: ThreadTrial): boolean {
  const needed = ROOM * openBytes;
  return needed < process.availableMemory() && (memoryBytes === null || process.memoryUsage.rss() + needed < memoryBytes);
}

/** 1, 2, 4 … below the cores, and the cores. */
function threadCounts(cores: number): readonly number[] {
  const counts = new Set([cores]);
  for (let count = 1; count < cores; count *= 2) counts.add(count);
  return [...counts].sort((a, b) => a - b);
}
