/**
 * What one version did since this gateway learnt of it. Counting is a few array increments per request; metrics,
 * statistics and demand are read from here when somebody asks.
 */
import { type ErrorCode, LogLinearHistogram } from '../../../core/index.ts';
import type { WorkDone } from '../../../wire/index.ts';

/** Upper bounds in seconds: 100 µs to 100 s, about 2.5 apart. */
export const DURATION_BOUNDS: readonly number[] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 100];
/** Rows of a run. */
export const BATCH_BOUNDS: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128];

/** Counts by bucket; the last count is what lies over the highest bound. */
export class Histogram {
  readonly bounds: readonly number[];
  readonly counts: number[];
  sum = 0;
  count = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Array<number>(bounds.length + 1).fill(0);
  }

  /** Answers the bucket that it fell into. */
  observe(value: number): number {
    let bucket = 0;
    while (bucket < this.bounds.length && value > (this.bounds[bucket] as number)) bucket++;
    this.counts[bucket] = (this.counts[bucket] as number) + 1;
    this.sum += value;
    this.count++;
    return bucket;
  }
}

/** One request of a bucket, to look it up by. */
export interface Exemplar {
  readonly predictionId: string;
  readonly seconds: number;
  readonly atMs: number;
}

/** How often, and how many nanoseconds in all. */
export interface DurationSum {
  count: number;
  ns: number;
}

interface BatchSums {
  readonly input: DurationSum;
  readonly infer: DurationSum;
  readonly output: DurationSum;
}

/** One run as the worker reported it. */
export interface RunReport {
  readonly rows: number;
  readonly requests: number;
  readonly inputNs: number;
  readonly runNs: number;
  readonly outputNs: number;
  /** Tensors of its requests and answers. */
  readonly inputBytes: number;
  readonly outputBytes: number;
}

/** Refusals that say something of the request or of the load, not of the version. */
const CLIENT_CODES: ReadonlySet<ErrorCode> = new Set(['INVALID_ARGUMENT', 'CANCELLED', 'QUEUE_FULL', 'UNSUPPORTED', 'SHUTTING_DOWN']);

/** A run that took so many times what runs take lately was held up by the machine; it counts for just that. */
const OUTLIER = 10;
const LATELY_RUNS = 16;

/** Answers over which the latency quantiles of demand are taken. */
const LATENCIES = 1024;

/** Finer than what is scraped: microseconds, and rows of a run. Whoever reports it takes it away. */
export class StatisticsWindow {
  readonly total = new LogLinearHistogram();
  readonly queue = new LogLinearHistogram();
  readonly run = new LogLinearHistogram();
  readonly batchRows = new LogLinearHistogram();

  reset(): void {
    for (const histogram of [this.total, this.queue, this.run, this.batchRows]) histogram.reset();
  }
}

export class VersionStatistics {
  readonly window = new StatisticsWindow();
  readonly failuresByCode = new Map<ErrorCode, number>();
  readonly total = new Histogram(DURATION_BOUNDS);
  /** By bucket of `total`: a recent request, one of sixteen. */
  readonly exemplars: (Exemplar | undefined)[] = [];
  readonly queue = new Histogram(DURATION_BOUNDS);
  readonly batch = new Histogram(DURATION_BOUNDS);
  readonly run = new Histogram(DURATION_BOUNDS);
  readonly batchSize = new Histogram(BATCH_BOUNDS);
  readonly success: DurationSum = { count: 0, ns: 0 };
  readonly failure: DurationSum = { count: 0, ns: 0 };
  readonly queued: DurationSum = { count: 0, ns: 0 };
  readonly input: DurationSum = { count: 0, ns: 0 };
  readonly infer: DurationSum = { count: 0, ns: 0 };
  readonly output: DurationSum = { count: 0, ns: 0 };
  /** By rows of the run; at most BATCH_SIZES_MAX sizes are told apart. */
  readonly batches = new Map<number, BatchSums>();
  /** Rows answered. */
  inferences = 0;
  retries = 0;
  #runSeconds = 0;
  #runSecondsSquared = 0;
  /** Smoothed. */
  #latelySeconds = 0;
  #inputBytes = 0;
  #outputBytes = 0;
  lastInferenceAtMs = 0;
  readonly #latencies = new Float64Array(LATENCIES);
  #quantiles: { readonly at: number; readonly p50: number; readonly p99: number } | null = null;

  /** A request was answered. */
  answered(rows: number, queueMs: number, totalMs: number, nowMs: number, predictionId: string): void {
    this.inferences += Math.max(1, rows);
    this.lastInferenceAtMs = nowMs;
    this.#latencies[this.success.count % LATENCIES] = totalMs;
    add(this.success, totalMs * 1e6);
    add(this.queued, queueMs * 1e6);
    this.queue.observe(queueMs / 1e3);
    const bucket = this.total.observe(totalMs / 1e3);
    if (((this.total.counts[bucket] as number) & 15) === 1) this.exemplars[bucket] = { predictionId, seconds: totalMs / 1e3, atMs: nowMs };
    this.window.queue.observe(queueMs * 1e3);
    this.window.total.observe(totalMs * 1e3);
  }

  /** Requests that failed through no fault of their client: what a version must answer for. */
  get faults(): number {
    let faults = 0;
    for (const [code, count] of this.failuresByCode) if (!CLIENT_CODES.has(code)) faults += count;
    return faults;
  }

  failed(code: ErrorCode, totalMs: number): void {
    this.failuresByCode.set(code, (this.failuresByCode.get(code) ?? 0) + 1);
    add(this.failure, totalMs * 1e6);
  }

  ran(report: RunReport): void {
    this.run.observe(report.runNs / 1e9);
    this.batch.observe((report.inputNs + report.outputNs) / 1e9);
    this.batchSize.observe(report.rows);
    this.#addSeconds((report.runNs + report.inputNs + report.outputNs) / 1e9);
    this.#inputBytes += report.inputBytes;
    this.#outputBytes += report.outputBytes;
    this.window.run.observe(report.runNs / 1e3);
    this.window.batchRows.observe(report.rows);
    this.#addRun(this, report, report.requests);
    const sums = this.#batchSums(report.rows);
    if (sums) this.#addRun(sums, report, 1);
  }

  #addSeconds(seconds: number): void {
    const runs = this.run.count;
    const counted = runs > LATELY_RUNS ? Math.min(seconds, OUTLIER * this.#latelySeconds) : seconds;
    this.#latelySeconds += (seconds - this.#latelySeconds) / Math.min(LATELY_RUNS, runs);
    this.#runSeconds += counted;
    this.#runSecondsSquared += counted ** 2;
  }

  get executions(): number {
    return this.run.count;
  }

  /** What runs cost, for control. */
  get work(): WorkDone {
    return {
      requests: this.infer.count, rows: this.batchSize.sum, runs: this.run.count,
      runSeconds: this.#runSeconds, runSecondsSquared: this.#runSecondsSquared,
      inputBytes: this.#inputBytes, outputBytes: this.#outputBytes,
    };
  }

  /** Median and 99th percentile, milliseconds, over the last 1,024 answers; null before the first. */
  latencyQuantiles(): { readonly p50: number; readonly p99: number } | null {
    const { count } = this.success;
    if (count === 0) return null;
    if (this.#quantiles?.at !== count) {
      const sorted = this.#latencies.slice(0, Math.min(count, LATENCIES)).sort();
      const at = (quantile: number): number => sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))] as number;
      this.#quantiles = { at: count, p50: at(0.5), p99: at(0.99) };
    }
    return this.#quantiles;
  }

  /** As in Triton's statistics, the sums count every request of a run, the sums by batch size every run. */
  #addRun(sums: BatchSums, report: RunReport, times: number): void {
    add(sums.input, report.inputNs * times, times);
    add(sums.infer, report.runNs * times, times);
    add(sums.output, report.outputNs * times, times);
  }

  #batchSums(rows: number): BatchSums | undefined {
    let sums = this.batches.get(rows);
    if (!sums && this.batches.size < BATCH_SIZES_MAX) {
      sums = { input: { count: 0, ns: 0 }, infer: { count: 0, ns: 0 }, output: { count: 0, ns: 0 } };
      this.batches.set(rows, sums);
    }
    return sums;
  }
}

const BATCH_SIZES_MAX = 256;

function add(sum: DurationSum, ns: number, times = 1): void {
  sum.count += times;
  sum.ns += ns;
}
