import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ServiceStatus } from '../../../clients/typescript/src/types.ts';
import { SampleRing, SAMPLES_MAX } from './samples.ts';

const service = (requests: number, cpuSeconds: number): ServiceStatus => ({
  name: 's',
  versions: [{ version: 'v1', demand: { requests, failures: requests / 10, batches: requests / 2, queueLength: 0, latencyP50Ms: 1, latencyP99Ms: 2 }, replicas: [{ phase: 'ready', cpuSeconds, residentBytes: 5 }] }],
}) as unknown as ServiceStatus;

describe('the ring of samples', () => {
  it('gives rates of the last seconds', () => {
    const ring = new SampleRing();
    for (let second = 0; second <= 30; second++) ring.add([service(second * 20, second * 0.5)], second * 1000);
    assert.deepEqual(ring.rates('s', 'v1'), { requestsPerSecond: 20, errorsPerSecond: 2, requestsPerBatch: 2, cores: 0.5 });
  });

  it('knows nothing after one look, or of counters that began again', () => {
    const ring = new SampleRing();
    ring.add([service(500, 9)], 0);
    assert.equal(ring.rates('s', 'v1').requestsPerSecond, null);
    ring.add([service(3, 1)], 1000);
    assert.equal(ring.rates('s', 'v1').requestsPerSecond, null);
  });

  it('keeps only so many, and nothing of what is gone', () => {
    const ring = new SampleRing();
    for (let second = 0; second < SAMPLES_MAX * 2; second++) ring.add([service(second, 0)], second * 1000);
    assert.equal(ring.samples('s', 'v1').length, SAMPLES_MAX);
    ring.add([], 1e9);
    assert.equal(ring.samples('s', 'v1').length, 0);
  });
});
