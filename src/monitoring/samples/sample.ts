import { LOG_LINEAR_BUCKETS } from '../../core/index.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { FIELD_NUMBERS, FIELDS, type Field, HISTOGRAM_NUMBERS, HISTOGRAMS, type HistogramName, MAXIMA, STORED_BUCKETS } from './fields.ts';

/** Counts by log-linear bucket, and the sum of what was counted. */
export interface Distribution {
  readonly counts: Float64Array;
  sum: number;
}
/** What a distribution is taken from. */
export interface Counted {
  readonly counts: ArrayLike<number>;
  readonly count: number;
  readonly sum: number;
}

const IS_MAXIMUM = FIELDS.map((field) => MAXIMA.has(field));
/** More are told together as `other`: codes come from a table, so this bounds what is damaged. */
const ERROR_CODES_MAX = 64;

/** What is known of one version for one period; others are added to it. Nothing added: no bytes. */
export class Sample {
  readonly values = new Float64Array(FIELDS.length);
  /** Failures by error code. */
  readonly errors = new Map<string, number>();
  readonly distributions: (Distribution | null)[] = HISTOGRAMS.map(() => null);
  /** Kept for the next use after a reset. */
  readonly #spare: Distribution[] = [];

  get(field: Field): number {
    return this.values[FIELD_NUMBERS[field]] as number;
  }

  distribution(name: HistogramName): Distribution | null {
    return this.distributions[HISTOGRAM_NUMBERS[name]] ?? null;
  }

  add(field: Field, value: number): void {
    this.#addAt(FIELD_NUMBERS[field], value);
  }

  addError(code: string, count: number): void {
    const key = this.errors.has(code) || this.errors.size < ERROR_CODES_MAX ? code : 'other';
    this.errors.set(key, (this.errors.get(key) ?? 0) + count);
  }

  addCounts(name: HistogramName, { counts, count, sum }: Counted): void {
    if (count === 0) return;
    const into = this.#distributionAt(HISTOGRAM_NUMBERS[name]);
    for (let index = 0; index < counts.length; index++) into.counts[index] = (into.counts[index] as number) + (counts[index] as number);
    into.sum += sum;
  }

  merge(other: Sample): void {
    other.values.forEach((value, index) => this.#addAt(index, value));
    for (const [code, count] of other.errors) this.addError(code, count);
    other.distributions.forEach((one, index) => {
      if (!one) return;
      const into = this.#distributionAt(index);
      for (let bucket = 0; bucket < one.counts.length; bucket++) into.counts[bucket] = (into.counts[bucket] as number) + (one.counts[bucket] as number);
      into.sum += one.sum;
    });
  }

  reset(): void {
    this.values.fill(0);
    this.errors.clear();
    for (const one of this.distributions) {
      if (!one) continue;
      one.counts.fill(0);
      one.sum = 0;
      this.#spare.push(one);
    }
    this.distributions.fill(null);
  }

  /** Adds what `encode` gave, of the histograms only `wanted`. Throws RangeError on bytes that are no sample. */
  addEncoded(bytes: Uint8Array, wanted: ReadonlySet<number> | null = null): void {
    if (bytes.length === 0) return;
    const reader = new ByteReader(bytes);
    for (let left = reader.number(); left > 0; left--) {
      const field = reader.number();
      const value = reader.number();
      // A later program's field.
      if (field < FIELDS.length) this.#addAt(field, value);
    }
    for (let left = reader.number(); left > 0; left--) this.addError(reader.text(), reader.number());
    while (!reader.done) {
      const number = reader.number();
      if (number >= HISTOGRAMS.length || (wanted && !wanted.has(number))) reader.skip();
      else addDistribution(this.#distributionAt(number), reader.inner(), STORED_BUCKETS[number] as number);
    }
  }

  /**
   *   fields: count, then number and value of each that is not 0
   *   errors: count, then code and count of each
   *   histograms: number and bytes of each
   */
  encode(): Uint8Array {
    const fields = FIELDS.flatMap((_, index) => (this.values[index] ? [index] : []));
    if (!fields.length && !this.errors.size) return new Uint8Array(0);
    const writer = new ByteWriter(256);
    writer.number(fields.length);
    for (const field of fields) {
      writer.number(field);
      writer.number(this.values[field] as number);
    }
    writer.number(this.errors.size);
    for (const [code, count] of this.errors) {
      writer.text(code);
      writer.number(count);
    }
    this.distributions.forEach((one, index) => {
      if (!one) return;
      writer.number(index);
      writer.bytes(encodeDistribution(one, STORED_BUCKETS[index] as number));
    });
    return writer.take();
  }

  #addAt(field: number, value: number): void {
    const before = this.values[field] as number;
    this.values[field] = IS_MAXIMUM[field] ? Math.max(before, value) : before + value;
  }

  #distributionAt(number: number): Distribution {
    return (this.distributions[number] ??= this.#spare.pop() ?? { counts: new Float64Array(LOG_LINEAR_BUCKETS), sum: 0 });
  }
}

/** Sum, first bucket, then counts to the last; a run of empty buckets is 0 and its length. `width`: buckets taken together. */
function encodeDistribution({ counts, sum }: Distribution, width: number): Uint8Array {
  const writer = new ByteWriter(128);
  const merged = width === 1 ? counts : together(counts, width);
  const first = merged.findIndex((count) => count > 0);
  const last = merged.findLastIndex((count) => count > 0);
  writer.number(sum);
  writer.number(Math.max(0, first));
  for (let index = first; index >= 0 && index <= last; ) {
    const from = index;
    while (merged[index] === 0) index++;
    if (index === from) writer.number(merged[index++] as number);
    else {
      writer.number(0);
      writer.number(index - from);
    }
  }
  return writer.take();
}

function together(counts: Float64Array, width: number): Float64Array {
  const merged = new Float64Array(counts.length / width);
  for (let index = 0; index < counts.length; index++) merged[Math.floor(index / width)] = (merged[Math.floor(index / width)] as number) + (counts[index] as number);
  return merged;
}

/** What was stored as one is spread evenly over its buckets, so that interpolation sees the width that is known. */
function addDistribution(into: Distribution, reader: ByteReader, width: number): void {
  into.sum += reader.number();
  const { counts } = into;
  for (let index = reader.number(); !reader.done; ) {
    const count = reader.number();
    if (count === 0) index += reader.number();
    else if (index >= LOG_LINEAR_BUCKETS / width) throw new RangeError(`there is no bucket ${index}`);
    else {
      for (let bucket = index * width; bucket < (index + 1) * width; bucket++) counts[bucket] = (counts[bucket] as number) + count / width;
      index++;
    }
  }
}
