/** Most rows that a batch is ever tried with; the load's measurement ends there too. */
const ROWS_MAX = 64;
/** A larger batch must raise the throughput by this factor to be worth its latency, and by less to stay chosen. */
const GAIN_MIN = 1.1;
const GAIN_TO_STAY = 1.08;
/** CPU that a run costs besides the time that its worker reports: a frame there and back, and a wake-up at each end. */
const RUN_OVERHEAD_MS = 0.08;
/** Runs of one size whose median counts, and how many there must be before it does. */
const SAMPLES = 9;
const SAMPLES_MIN = 3;
/** One run in so many tries another size; more while smaller ones are unknown, which delay nobody, or the next larger one. */
const TRIAL_EVERY = 64;
const SMALLER_EVERY = 4;
const LARGER_EVERY = 16;
/** Inputs of a batch larger than the best that is tried: what a model needs besides grows with them, and must not end its worker. */
const LARGER_BYTES_MAX = 4 * 2 ** 20;
/** The best is chosen anew after so many runs. */
const CHOOSE_EVERY = 8;

/**
 * Which batch of one version has the best throughput, learnt from the runs that serving makes anyway. What a worker measures
 * as it loads is where this begins: the load may have seen only the smallest inputs that the model takes, and a model that
 * gains from batches of 1 × 1 pixels may lose from real images. So rows of different sizes are told apart, to a power of two.
 *
 *    run (rows, bytes of a row, ms) ──▶ ms a row, by size of row and batch of 1, 2, 4 … ──▶ the smallest batch that no
 *                                                                                         larger one beats by a tenth
 *
 * Now and then a neighbour of the best is tried, and a batch of one, whether conditions have changed or not.
 */
export class BatchTuner {
  #start = 1;
  #ceiling = 1;
  readonly #classes = new Map<number, RowClass>();

  /** `start`: the batch that the load found best, until serving has seen better. Batches have at most `ceiling` rows. */
  setBounds(start: number, ceiling: number): void {
    this.#ceiling = Math.max(1, Math.min(ceiling, ROWS_MAX));
    this.#start = Math.max(1, Math.min(start, this.#ceiling));
  }

  /** The best batch known for rows of this size. */
  best(rowBytes: number): number {
    return Math.min(this.#class(rowBytes).best ?? this.#start, this.#ceiling);
  }

  /** Rows to form for the next run: the best, or another size that is to be tried. */
  propose(rowBytes: number): number {
    const best = this.best(rowBytes);
    const larger = 2 * best;
    return this.#class(rowBytes).propose(best, larger > this.#ceiling || larger * rowBytes > LARGER_BYTES_MAX ? best : larger);
  }

  /** How long a run of so many rows should take, milliseconds; null when too few like it were seen. */
  expectedMs(rowBytes: number, rows: number): number | null {
    return this.#class(rowBytes).expectedMs(rows);
  }

  /** A run of `rows` rows took this long. */
  ran(rowBytes: number, rows: number, milliseconds: number): void {
    if (rows > 0 && rows <= ROWS_MAX) this.#class(rowBytes).ran(rows, milliseconds, this.#start, this.#ceiling);
  }

  #class(rowBytes: number): RowClass {
    const key = sizeIndex(rowBytes);
    let found = this.#classes.get(key);
    if (!found) this.#classes.set(key, (found = new RowClass()));
    return found;
  }
}

/** The power of two that holds so much: 0 for 1, 1 for 2, 2 for 3 and 4 … */
const sizeIndex = (count: number): number => Math.ceil(Math.log2(Math.max(1, count)));

/** Milliseconds a row of the last runs of one size. */
class Samples {
  readonly #ring: number[] = [];
  #next = 0;
  /** Count of all runs of its class when the last sample came. */
  seenAt = 0;
  median = Number.POSITIVE_INFINITY;

  get enough(): boolean {
    return this.#ring.length >= SAMPLES_MIN;
  }

  add(value: number, at: number): void {
    this.#ring[this.#next] = value;
    this.#next = (this.#next + 1) % SAMPLES;
    this.seenAt = at;
  }

  settle(): void {
    const sorted = this.#ring.toSorted((a, b) => a - b);
    this.median = sorted[sorted.length >> 1] ?? Number.POSITIVE_INFINITY;
  }
}

/** What is known of rows of one size. */
class RowClass {
  /** null: not enough was seen to say. */
  best: number | null = null;
  /** By `sizeIndex` of the batch's rows. */
  readonly #samples: readonly Samples[] = Array.from({ length: sizeIndex(ROWS_MAX) + 1 }, () => new Samples());
  #runs = 0;

  /** `larger`: the size above the best that may be tried, or the best. */
  propose(best: number, larger: number): number {
    const smaller = this.#unknownBelow(best);
    if (smaller !== null && this.#due(SMALLER_EVERY)) return smaller;
    if (!this.#of(larger).enough && this.#due(LARGER_EVERY)) return larger;
    return this.#due(TRIAL_EVERY) ? this.#longestUnseen(best, larger) : best;
  }

  expectedMs(rows: number): number | null {
    const { enough, median } = this.#of(rows);
    return enough ? median * rows : null;
  }

  ran(rows: number, milliseconds: number, start: number, ceiling: number): void {
    this.#of(rows).add((milliseconds + RUN_OVERHEAD_MS) / rows, ++this.#runs);
    if (this.#runs % CHOOSE_EVERY === 0) this.#choose(start, ceiling);
  }

  #of(rows: number): Samples {
    return this.#samples[sizeIndex(rows)] as Samples;
  }

  #due(every: number): boolean {
    return this.#runs % every === every - 1;
  }

  #unknownBelow(best: number): number | null {
    for (let rows = 1; rows < best; rows *= 2) if (!this.#of(rows).enough) return rows;
    return null;
  }

  /** One, half and twice the best: that of them which ran longest ago. */
  #longestUnseen(best: number, larger: number): number {
    const others = [1, best >> 1, larger].filter((rows) => rows >= 1 && rows !== best);
    return others.sort((a, b) => this.#of(a).seenAt - this.#of(b).seenAt)[0] ?? best;
  }

  #choose(start: number, ceiling: number): void {
    const before = this.best ?? start;
    let [best, bestMs, largest] = [0, Number.POSITIVE_INFINITY, 0];
    for (let rows = 1; rows <= ceiling; rows *= 2) {
      const samples = this.#of(rows);
      samples.settle();
      if (!samples.enough) continue;
      largest = rows;
      if (bestMs < samples.median * (rows === before ? GAIN_TO_STAY : GAIN_MIN)) continue;
      [best, bestMs] = [rows, samples.median];
    }
    // Where the largest seen is the best, nothing speaks against a larger one that was chosen before.
    if (best > 0) this.best = best === largest ? Math.max(best, before) : best;
  }
}
