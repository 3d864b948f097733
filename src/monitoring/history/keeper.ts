import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Clock, PlatformEvent } from '../../core/index.ts';
import type { AnswerCall } from '../../wire/index.ts';
import { Sample } from '../samples/index.ts';
import { type HistoryStatus, MetricsHistory } from './history.ts';
import { HISTORY_METRIC_NAMES, HISTORY_METRICS, type HistoryMetric, type HistoryMetricName } from './metrics.ts';
import type { HistoryAnswer, HistoryQuery, TotalsQuery } from './query.ts';
import { receiveSamples } from './receive.ts';
import { ResourceSampler, type ResourceView } from './resource-sampler.ts';

/** The history's own file in the data directory. */
const FILE = 'history.sqlite';
/** A limit below this would not hold an hour. */
const BYTES_MIN = 16 * 2 ** 20;
const SAMPLE_INTERVAL_MS = 2_000;

export interface HistoryKeeperOptions {
  readonly dataDirectory: string;
  readonly bytesMax: number;
  readonly threadFile: string;
  readonly clock: Clock;
  readonly onProblem: (message: string, cause?: unknown) => void;
}

/** The history of metrics as the platform has it: gateways report to it, the engine is sampled for it. */
export class HistoryKeeper {
  readonly #history: MetricsHistory;
  readonly #sampler = new ResourceSampler(`control-${randomUUID()}`);
  readonly #clock: Clock;
  #timer: NodeJS.Timeout | null = null;

  constructor({ dataDirectory, bytesMax, threadFile, clock, onProblem }: HistoryKeeperOptions) {
    this.#clock = clock;
    this.#history = new MetricsHistory({ file: join(dataDirectory, FILE), bytesMax: Math.max(BYTES_MIN, bytesMax), threadFile, onProblem });
  }

  /** What can be asked for. */
  readonly metrics: readonly Pick<HistoryMetric & { readonly name: HistoryMetricName }, 'name' | 'unit' | 'help'>[] = HISTORY_METRIC_NAMES.map((name) => ({ name, unit: HISTORY_METRICS[name].unit, help: HISTORY_METRICS[name].help }));

  get status(): HistoryStatus {
    return this.#history.status;
  }

  /** Rejects with INVALID_ARGUMENT or DATABASE_UNAVAILABLE. */
  query(query: HistoryQuery): Promise<HistoryAnswer> {
    return this.#history.query(query, this.#clock.now() / 1000);
  }

  /** All that versions did in a window, as one sample each; of none of which nothing is known. Rejects as `query`. */
  async totals(query: TotalsQuery): Promise<{ readonly from: number; readonly to: number; readonly samples: ReadonlyMap<string, Sample> }> {
    const { from, to, samples } = await this.#history.totals(query, this.#clock.now() / 1000);
    return { from, to, samples: new Map([...samples].map(([version, bytes]) => [version, sampleOf(bytes)])) };
  }

  /** What gateways ask, without what they report. */
  answerCall(next: AnswerCall): AnswerCall {
    return receiveSamples(this.#history, next);
  }

  /** Samples what `services` tells until it is closed. */
  start(services: () => Promise<readonly ResourceView[]>, events: { subscribe(listener: (event: PlatformEvent) => void): unknown }): void {
    events.subscribe((event) => this.#sampler.note(event));
    this.#timer = setInterval(() => void this.#sample(services), SAMPLE_INTERVAL_MS);
    this.#timer.unref();
  }

  async close(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer);
    await this.#history.close();
  }

  async #sample(services: () => Promise<readonly ResourceView[]>): Promise<void> {
    const report = this.#sampler.sample(await services(), this.#clock.now());
    if (report) await this.#history.record(report).catch(() => this.#history.dropped(1));
  }
}

function sampleOf(bytes: Uint8Array): Sample {
  const sample = new Sample();
  sample.addEncoded(bytes);
  return sample;
}
