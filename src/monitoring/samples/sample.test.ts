import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LogLinearHistogram, seededRandom } from '../../core/index.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { decodeReport, encodeReport, Sample } from './index.ts';

function randomSample(seed: number): Sample {
  const random = seededRandom(seed);
  const sample = new Sample();
  const histogram = new LogLinearHistogram();
  for (let count = 0; count < 500; count++) histogram.observe(Math.floor(2 ** (random() * 31)));
  sample.addCounts('total', histogram);
  sample.add('succeeded', 500);
  sample.add('failed', Math.floor(random() * 10));
  sample.add('queueLengthMax', Math.floor(random() * 1000));
  sample.addError('QUEUE_FULL', 3);
  return sample;
}

const facts = (sample: Sample) => ({ values: [...sample.values], errors: [...sample.errors], distributions: sample.distributions.map((one) => one && { sum: one.sum, counts: [...one.counts] }) });
const decoded = (...encoded: Uint8Array[]): Sample => {
  const sample = new Sample();
  for (const bytes of encoded) sample.addEncoded(bytes);
  return sample;
};

describe('samples', () => {
  it('come back from their bytes as they were', () => {
    for (let seed = 1; seed <= 20; seed++) assert.deepEqual(facts(decoded(randomSample(seed).encode())), facts(randomSample(seed)));
  });

  it('of several periods add up to the same, encoded or not', () => {
    const merged = new Sample();
    for (const seed of [1, 2, 3]) merged.merge(randomSample(seed));
    assert.deepEqual(facts(decoded(...[1, 2, 3].map((seed) => randomSample(seed).encode()))), facts(merged));
    assert.equal(merged.get('succeeded'), 1500);
    assert.equal(merged.get('queueLengthMax'), Math.max(...[1, 2, 3].map((seed) => randomSample(seed).get('queueLengthMax'))));
    assert.equal(merged.errors.get('QUEUE_FULL'), 9);
  });

  it('of nothing have no bytes, and a used one that was reset is as new', () => {
    const sample = randomSample(4);
    sample.reset();
    assert.equal(sample.encode().length, 0);
    sample.addEncoded(randomSample(5).encode());
    assert.deepEqual(facts(sample), facts(randomSample(5)));
  });

  it('leave out histograms that nobody wants', () => {
    const sample = new Sample();
    sample.addEncoded(randomSample(1).encode(), new Set());
    assert.equal(sample.distribution('total'), null);
    assert.equal(sample.get('succeeded'), 500);
  });

  it('that are damaged are refused with a RangeError, never read past their end', () => {
    const bytes = randomSample(1).encode();
    const random = seededRandom(9);
    for (let round = 0; round < 2000; round++) {
      const broken = bytes.slice(0, Math.floor(random() * bytes.length));
      for (let flips = 0; flips < 3 && broken.length; flips++) broken[Math.floor(random() * broken.length)] = Math.floor(random() * 256);
      try {
        decoded(broken);
      } catch (error) {
        assert.ok(error instanceof RangeError, String(error));
      }
    }
  });

  it('travel in reports with names as they are', () => {
    const report = { source: 'gateway-1', sequence: 7, at: 1_795_000_000, samples: [{ service: 'sérvice', version: 'v1', bytes: randomSample(1).encode() }, { service: 'b', version: '2', bytes: new Uint8Array(0) }] };
    assert.deepEqual(decodeReport(encodeReport(report)), report);
    assert.throws(() => decodeReport(encodeReport(report).subarray(0, 20)), RangeError);
  });

  it('hold numbers up to 2^53', () => {
    const writer = new ByteWriter(1);
    const numbers = [0, 1, 127, 128, 2 ** 32, Number.MAX_SAFE_INTEGER];
    for (const number of numbers) writer.number(number);
    const reader = new ByteReader(writer.take());
    assert.deepEqual(numbers.map(() => reader.number()), numbers);
    assert.ok(reader.done);
  });
});
