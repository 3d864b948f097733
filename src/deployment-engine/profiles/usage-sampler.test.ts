import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { VersionDemand } from '../../wire/index.ts';
import { UsageSampler } from './usage-sampler.ts';

const DIGEST = `sha256:${'a'.repeat(64)}` as const;

describe('looks at what workers use', () => {
  let sampler: UsageSampler;
  let now: number;
  beforeEach(() => {
    sampler = new UsageSampler();
    now = 0;
  });

  const replica = (cpuSeconds: number, changes: { id?: string; threads?: number } = {}) => ({ id: 'r1', service: 's', version: 'v1', digest: DIGEST, threads: 1, cpuSeconds, peakBytes: 1, ...changes });
  function demand(requests: number, changes: Partial<VersionDemand> = {}): VersionDemand {
    return {
      service: 's', version: 'v1', digest: DIGEST, queueLength: 0, inFlight: 0, refused: 0, requests, failures: 0, batches: requests, batchRows: 1, latencyP50Ms: null, latencyP99Ms: null,
      work: { requests, rows: requests, runs: requests, runSeconds: requests / 1000, runSecondsSquared: requests / 1e6, inputBytes: requests * 10, outputBytes: requests * 5 }, ...changes,
    };
  }
  /** Two seconds later. */
  const look = (cpuSeconds: number, requests: number, changes: Partial<VersionDemand> = {}) => sampler.sample((now += 2000), [replica(cpuSeconds)], [demand(requests, changes)])[0]?.window ?? null;

  it('sees what was used and answered between two looks', () => {
    assert.equal(look(10, 500), null);
    const window = look(11, 1500);
    assert.deepEqual([window?.cpuSeconds, window?.requests, window?.networkBytes], [1, 1000, 15_000]);
  });

  it('does not count what loading took', () => {
    sampler.begin('r1', 7);
    look(7, 0);
    assert.equal(look(8, 100)?.cpuSeconds, 1);
  });

  it('does not count idle periods', () => {
    look(0, 0);
    look(1, 100);
    for (let minute = 1; minute <= 30; minute++) assert.equal(look(1 + minute * 0.002, 100), null);
    const window = look(1.06 + 1, 200);
    assert.ok(window && Math.abs(window.cpuSeconds - 1) < 0.01, String(window?.cpuSeconds));
  });

  it('keeps the CPU of a long run for its answer', () => {
    look(0, 0);
    look(2, 0, { inFlight: 1 });
    look(4, 0, { inFlight: 1 });
    assert.equal(look(5, 1)?.cpuSeconds, 5);
  });

  it('keeps the CPU of a request whose report comes late', () => {
    look(0, 0);
    look(1, 0);
    assert.equal(look(1, 100)?.cpuSeconds, 1);
  });

  it('begins anew with statistics that do, without a spike', () => {
    look(0, 0);
    look(1, 1000);
    // The gateway was restarted and has answered a few since.
    assert.equal(look(2, 40), null);
    const window = look(3, 1040);
    assert.deepEqual([window?.cpuSeconds, window?.requests], [1, 1000]);
  });

  it('waits for the first report of a gateway that was taken over', () => {
    sampler.sample((now += 2000), [replica(5)], []);
    assert.equal(look(6, 1e6), null);
    assert.deepEqual(look(7, 1e6 + 1000)?.requests, 1000);
  });

  it('counts a restarted replica from its own beginning', () => {
    look(100, 1000);
    sampler.begin('r2', 3);
    const [found] = sampler.sample((now += 2000), [replica(4, { id: 'r2' })], [demand(2000)]);
    assert.equal(found?.window.cpuSeconds, 1);
  });

  it('sums replicas and gateways', () => {
    const both = (cpuSeconds: number, requests: number) => sampler.sample((now += 2000), [replica(cpuSeconds), replica(cpuSeconds, { id: 'r2' })], [demand(requests), demand(requests)]);
    both(0, 0);
    assert.deepEqual(both(1, 100).map(({ window }) => [window.cpuSeconds, window.requests]), [[2, 200]]);
  });

  it('leaves out what two numbers of threads share', () => {
    const mixed = (cpuSeconds: number, requests: number) => sampler.sample((now += 2000), [replica(cpuSeconds), replica(cpuSeconds, { id: 'r2', threads: 2 })], [demand(requests)]);
    mixed(0, 0);
    assert.deepEqual(mixed(1, 100), []);
  });
});
