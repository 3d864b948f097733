import type { VersionLane } from '../api/inference/index.ts';
import { LeptonError } from '../core/index.ts';
import { DROPPED_HEADER, encodeReport, type ReportedSample, Sample, SAMPLES_PATH } from '../monitoring/samples/index.ts';
import type { ControlCalls } from './control-calls.ts';

/** Reports that wait for control: some minutes without it. */
const WAITING_MAX = 600;
const WAITING_BYTES_MAX = 8 * 2 ** 20;
const ANSWER_TIMEOUT_MS = 5_000;
const SECOND_MS = 1_000;

/** A version's totals when they were reported last. */
interface Totals {
  succeeded: number;
  failures: Map<string, number>;
  faults: number;
  rows: number;
  retries: number;
  batchUs: number;
}

export interface SampleReporterOptions {
  /** This gateway's id. */
  readonly source: string;
  readonly calls: ControlCalls;
  /** Lanes of the table in force. */
  readonly lanes: () => Iterable<VersionLane>;
  readonly now: () => number;
}

/**
 * Tells control each second what every version did in it, for the history of metrics. A report is kept until control has
 * committed it, so none is missing when control was killed; while control is away they wait, the oldest are given up and counted.
 */
export class SampleReporter {
  readonly #options: SampleReporterOptions;
  readonly #lanes = new Map<VersionLane, Totals>();
  readonly #sample = new Sample();
  readonly #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #dropped = 0;
  #droppedEver = 0;
  #sequence = 0;
  #reportedAt: number;
  #sending: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(options: SampleReporterOptions) {
    this.#options = options;
    this.#reportedAt = Math.floor(options.now() / SECOND_MS);
  }

  /** Reports that were given up since the start. */
  get droppedEver(): number {
    return this.#droppedEver;
  }

  /** From now until nothing of it is left to count. */
  watch(lane: VersionLane): void {
    this.#lanes.set(lane, { succeeded: 0, failures: new Map(), faults: 0, rows: 0, retries: 0, batchUs: 0 });
  }

  /** Reports just after each full second. */
  start(): void {
    this.#timer = setTimeout(() => {
      this.report();
      this.start();
    }, SECOND_MS - (this.#options.now() % SECOND_MS) + 1);
  }

  /** The last report; waits for control to take what waits, but not longer than `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.report();
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([this.#sending, new Promise((resolve) => (timer = setTimeout(resolve, graceMs)))]);
    clearTimeout(timer);
  }

  /** What was done since the last report. */
  report(): void {
    const at = Math.floor(this.#options.now() / SECOND_MS);
    const seconds = Math.max(1, at - this.#reportedAt);
    this.#reportedAt = at;
    const current = new Set(this.#options.lanes());
    const samples: ReportedSample[] = [];
    for (const [lane, totals] of this.#lanes) {
      const bytes = this.#take(lane, totals, current.has(lane) ? seconds : 0);
      if (bytes.length) samples.push({ service: lane.service, version: lane.route.version, bytes });
      if (!current.has(lane) && lane.queueLength === 0 && lane.replicasInFlight().next().done) this.#lanes.delete(lane);
    }
    if (samples.length) this.#enqueue(encodeReport({ source: this.#options.source, sequence: ++this.#sequence, at: at - 1, samples }));
    this.#sending ??= this.#send().finally(() => (this.#sending = null));
  }

  #take(lane: VersionLane, totals: Totals, seconds: number): Uint8Array {
    const { statistics } = lane;
    const sample = this.#sample;
    sample.reset();
    for (const name of ['total', 'queue', 'run', 'batchRows'] as const) sample.addCounts(name, statistics.window[name]);
    sample.add('runs', statistics.window.run.count);
    statistics.window.reset();
    const now = { succeeded: statistics.success.count, faults: statistics.faults, rows: statistics.inferences, retries: statistics.retries, batchUs: statistics.batch.sum * 1e6 };
    for (const field of ['succeeded', 'faults', 'rows', 'retries', 'batchUs'] as const) {
      sample.add(field, now[field] - totals[field]);
      totals[field] = now[field];
    }
    for (const [code, count] of statistics.failuresByCode) {
      const more = count - (totals.failures.get(code) ?? 0);
      if (more === 0) continue;
      sample.add('failed', more);
      sample.addError(code, more);
      totals.failures.set(code, count);
    }
    if (seconds) addGauges(sample, lane, seconds);
    return sample.encode();
  }

  #enqueue(report: Uint8Array): void {
    this.#waiting.push(report);
    this.#waitingBytes += report.length;
    while (this.#waiting.length > WAITING_MAX || this.#waitingBytes > WAITING_BYTES_MAX) this.#giveUp();
  }

  #giveUp(): void {
    this.#waitingBytes -= this.#waiting.shift()?.length ?? 0;
    this.#dropped++;
    this.#droppedEver++;
  }

  /** Oldest first, one after the other, until none is left or control does not take one: the next second tries again. */
  async #send(): Promise<void> {
    for (let report = this.#waiting[0]; report; report = this.#waiting[0]) {
      const dropped = this.#dropped;
      const outcome = await this.#sendOne(report, dropped);
      if (outcome === 'later') return;
      if (outcome === 'taken') this.#dropped -= dropped;
      if (this.#waiting[0] !== report) continue;
      if (outcome === 'refused') this.#giveUp();
      else {
        this.#waiting.shift();
        this.#waitingBytes -= report.length;
      }
    }
  }

  async #sendOne(report: Uint8Array, dropped: number): Promise<'taken' | 'refused' | 'later'> {
    try {
      const { status } = await this.#options.calls.ask({ method: 'POST', url: SAMPLES_PATH, headers: dropped ? { [DROPPED_HEADER]: String(dropped) } : {}, own: true }, [report], ANSWER_TIMEOUT_MS);
      return status < 300 ? 'taken' : status < 500 ? 'refused' : 'later';
    } catch (error) {
      if (error instanceof LeptonError) return 'later';
      throw error;
    }
  }
}

function addGauges(sample: Sample, lane: VersionLane, seconds: number): void {
  const { queueLength, inFlight, connectedReplicas } = lane;
  sample.add('seconds', seconds);
  sample.add('queueLength', queueLength * seconds);
  sample.add('queueLengthMax', queueLength);
  sample.add('inFlight', inFlight * seconds);
  sample.add('inFlightMax', inFlight);
  sample.add('replicas', connectedReplicas * seconds);
}
