import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { completeProfile, type LoadProfile } from '../../core/index.ts';
import { hostClass } from './host-class.ts';
import { measured, observe, type ServingWindow } from './observe.ts';
import { observedRates } from './observed-rates.ts';
import type { ProfileRecord } from './record.ts';
import { schedulerProfile } from './scheduler-profile.ts';

const MIB = 2 ** 20;
const AT = '2026-11-26T00:00:00.000Z';
const LATER = '2026-11-26T01:00:00.000Z';
const LOAD: LoadProfile = completeProfile({
  loadMs: 900, measureMs: 600, batchable: true, batchableReason: '', bestBatch: 8, latencyMsByBatch: { '1': 2, '8': 8 }, cpuMsByBatch: { '1': 2, '8': 8 },
  check: 'smoke', checkMessage: '', residentBytes: 100 * MIB, peakBytes: 140 * MIB,
});
const RECORD: ProfileRecord = { digest: 'sha256:a', hostClass: 'here', threads: 1, measured: null, observed: null, facts: { format: 'onnx', storageBytes: 10 * MIB } };

/** Requests of one row that each take so long, one to a run. */
const window = (requests: number, milliseconds: number, changes: Partial<ServingWindow> = {}): ServingWindow => {
  const seconds = milliseconds / 1000;
  return { cpuSeconds: requests * seconds, requests, rows: requests, runs: requests, runSeconds: requests * seconds, runSecondsSquared: requests * seconds ** 2, networkBytes: requests * 100, peakBytes: 120 * MIB, ...changes };
};
const after = (windows: readonly ServingWindow[]) => windows.reduce<ReturnType<typeof observe> | null>((known, one) => observe(known, one, LATER), null);
const close = (value: number | undefined, expected: number, share = 0.05): void => assert.ok(value !== undefined && Math.abs(value - expected) <= share * expected, `${value} is not near ${expected}`);

describe('what serving is seen to cost', () => {
  it('is the quotient of what was used and what was answered', () => {
    const rates = observedRates(after([window(1000, 1), window(10, 1), window(2000, 1)]));
    close(rates?.cpuSecondsPerRequest, 1e-3);
    assert.ok(rates && rates.serviceVariation < 1e-3);
    close(rates?.networkBytesPerRequest, 100);
  });

  it('follows a model that has become slower within seconds of its CPU time', () => {
    const before = Array.from({ length: 100 }, () => window(1000, 1));
    const slower = Array.from({ length: 8 }, () => window(300, 5));
    const rates = observedRates(after([...before, ...slower]));
    assert.ok(rates && rates.cpuSecondsPerRequest > 4e-3, JSON.stringify(rates));
  });

  it('does not let one rare request weigh more than it is', () => {
    const busy = Array.from({ length: 20 }, () => window(1000, 1));
    const rates = observedRates(after([...busy, ...Array.from({ length: 10 }, () => window(1, 50))]));
    close(rates?.cpuSecondsPerRequest, 1e-3, 0.4);
  });

  it('tells batches from requests and rows', () => {
    const rates = observedRates(after([window(1000, 1, { rows: 2000, runs: 250, runSeconds: 1, runSecondsSquared: 0.004 })]));
    assert.deepEqual([rates?.itemsPerRequest, rates?.rowsPerRun, rates?.requestsPerRun, rates?.runSeconds], [2, 8, 4, 0.004]);
    close(rates?.cpuSecondsPerItem, 5e-4);
  });

  it('has the spread of service times', () => {
    // Half of the runs take 1 ms, half 3 ms: mean 2, standard deviation 1.
    const rates = observedRates(after([window(500, 1), window(500, 3)]));
    assert.ok(rates && rates.serviceVariation > 0.3 && rates.serviceVariation < 0.6, JSON.stringify(rates));
  });

  it('says nothing before enough was seen', () => {
    assert.equal(observedRates(null), null);
    assert.equal(observedRates(after([window(5, 100)])), null);
    assert.equal(observedRates(after([window(50, 0.01)])), null);
  });

  it('lets a peak of memory fade, slowly', () => {
    const peaked = after([window(1000, 1, { peakBytes: 1000 * MIB }), ...Array.from({ length: 10 }, () => window(1000, 1))]);
    assert.ok(peaked && peaked.peakBytes > 980 * MIB && peaked.peakBytes < 1000 * MIB, String(peaked?.peakBytes));
  });
});

describe('what loads have measured', () => {
  it('is replaced by a newer measurement', () => {
    const found = measured(measured(null, LOAD, AT), { ...LOAD, loadMs: 700, peakBytes: 110 * MIB }, LATER);
    assert.deepEqual([found.measuredAt, found.profile.loadMs, found.peakBytes, found.keptLoadMs], [LATER, 700, 110 * MIB, null]);
  });

  it('stays when a start has taken it over, which adds its own load time and memory', () => {
    const found = measured(measured(null, LOAD, AT), { ...LOAD, origin: 'kept', loadMs: 250, measureMs: 1, peakBytes: 150 * MIB }, LATER);
    assert.deepEqual([found.measuredAt, found.profile.loadMs, found.keptLoadMs, found.peakBytes], [AT, 900, 250, 150 * MIB]);
  });
});

describe('what the scheduler reckons with', () => {
  it('is what was measured in the best batch, without the time that measuring took', () => {
    const found = schedulerProfile({ ...RECORD, measured: measured(null, LOAD, AT) });
    assert.equal(found.basis, 'measured');
    close(found.cpuSecondsPerRequest, 1.05e-3);
    assert.deepEqual([found.memoryBytes, found.storageBytes, found.loadSeconds], [140 * MIB, 10 * MIB, 0.3]);
  });

  it('is what serving was seen to cost, once it was', () => {
    const found = schedulerProfile({ ...RECORD, measured: measured(null, LOAD, AT), observed: after([window(1000, 4, { peakBytes: 200 * MIB })]) });
    assert.equal(found.basis, 'observed');
    assert.match(found.basisMessage, /1000 requests/);
    close(found.cpuSecondsPerRequest, 4e-3);
    assert.equal(found.memoryBytes, 200 * MIB);
  });

  it('is what another class of host has measured, and says so', () => {
    const found = schedulerProfile(RECORD, { ...RECORD, hostClass: 'there', threads: 2, measured: measured(null, LOAD, AT) });
    assert.equal(found.basis, 'elsewhere');
    assert.match(found.basisMessage, /there with 2 threads/);
  });

  it('is a guess, and says so, of what never ran', () => {
    const [onnx, python] = [schedulerProfile(RECORD), schedulerProfile({ ...RECORD, facts: { format: 'python', storageBytes: 10 * MIB } })];
    assert.deepEqual([onnx.basis, onnx.storageBytes], ['guess', 10 * MIB]);
    assert.match(onnx.basisMessage, /guess/);
    assert.ok(python.memoryBytes > onnx.memoryBytes && python.loadSeconds > onnx.loadSeconds);
    assert.equal(schedulerProfile({ ...RECORD, facts: null }).basis, 'guess');
  });

  it('is a guess in CPU where no inputs were known to run with', () => {
    const found = schedulerProfile({ ...RECORD, measured: measured(null, { ...LOAD, latencyMsByBatch: {}, cpuMsByBatch: {} }, AT) });
    assert.equal(found.basis, 'guess');
  });
});

describe('a class of host', () => {
  const host = { cpuModel: 'Intel(R) Xeon(R) CPU @ 2.20GHz', cores: 4, memoryBytes: 15.6 * 2 ** 30, platformVersion: '1.0.0' };
  it('is named by CPU, cores and memory', () => assert.match(hostClass(host), /^intel-xeon-2\.20ghz-4c-16g-[0-9a-f]{8}$/));
  it('is another with other cores, CPU or release', () => {
    const names = [host, { ...host, cores: 2 }, { ...host, cpuModel: 'AMD EPYC' }, { ...host, platformVersion: '1.1.0' }].map(hostClass);
    assert.equal(new Set(names).size, names.length);
  });
  it('is the same where the kernel keeps a little more memory for itself', () => assert.equal(hostClass({ ...host, memoryBytes: 15.1 * 2 ** 30 }), hostClass(host)));
});
