import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DeploymentSpec } from '../../core/index.ts';
import { madeInput, schedule, type SchedulerInput, Standby } from '../scheduler/index.ts';
import { systemClock } from '../../core/index.ts';
import { busyShare } from './busy-share.ts';
import { cpuWeights } from './cpu-weights.ts';
import { qualities } from './quality.ts';

const deployment = (version: string, quality?: number | string): DeploymentSpec => ({ version, ...(quality === undefined ? {} : { quality }) }) as DeploymentSpec;

describe('quality', () => {
  const found = (deployments: DeploymentSpec[], metadata: Record<string, Record<string, unknown>>) => Object.fromEntries([...qualities(deployments, ({ version }) => metadata[version])].map(([version, { value }]) => [version, value]));

  it('is the first metric that all versions of the service have', () => assert.deepEqual(found([deployment('a'), deployment('b')], { a: { f1: 0.8, accuracy: 0.9 }, b: { metrics: { accuracy: 0.7 } } }), { a: 0.9, b: 0.7 }));
  it('is 1 where they have none in common, or it is no number above 0', () => {
    assert.deepEqual(found([deployment('a'), deployment('b')], { a: { accuracy: 0.9 }, b: { f1: 0.7 } }), { a: 1, b: 1 });
    assert.deepEqual(found([deployment('a'), deployment('b')], { a: { accuracy: 0.9 }, b: { accuracy: 'best' } }), { a: 1, b: 1 });
  });
  it('is what the deployment says, a number or a metric by its name', () => assert.deepEqual(found([deployment('a', 3), deployment('b', 'hit@10'), deployment('c', '__proto__')], { a: {}, b: { 'hit@10': 0.5 }, c: {} }), { a: 3, b: 0.5, c: 1 }));
});

describe('CPU weights', () => {
  const [base] = madeInput({ nodes: 1, versions: 1, seed: 1, load: 0.5 }).versions;
  const input = (demands: readonly [string, number, number][]): SchedulerInput => ({
    ...madeInput({ nodes: 1, versions: 0, seed: 1, load: 0.5 }),
    nodes: [{ name: 'local', cpus: 2, memoryBytes: 2 ** 34, storageBytes: Number.POSITIVE_INFINITY, networkBytesPerSecond: Number.POSITIVE_INFINITY, gpus: 0, labels: {} }],
    versions: demands.map(([id, priority, demand]) => ({ ...(base as NonNullable<typeof base>), id, priority, quality: 1, demand, threads: 1, latency: null, servedMin: 0, cpusMin: 0, placement: {}, apartFrom: [], replicas: { min: 1, max: 1 }, current: { local: 1 }, profile: { ...(base as NonNullable<typeof base>).profile, cpuSecondsPerRequest: 0.01, gpus: 0, memoryBytes: 2 ** 20, storageBytes: 0 } })),
  });
  const weights = (of: SchedulerInput) => cpuWeights(of, schedule(of, { solver: null, clock: systemClock, deadlineMs: 1_000 }));

  it('follow what the plan gives, and leave no version without', () => {
    const found = weights(input([['s:a', 3, 1000], ['s:b', 2, 1000], ['s:c', 1, 1000]]));
    const [a = 0, b = 0, c = 0] = ['s:a', 's:b', 's:c'].map((id) => found.get(id));
    assert.ok(a === 100 && b === 100 && c >= 1 && c <= 5, JSON.stringify([...found]));
  });
  it('share out what nobody asks for by the worth of a request', () => {
    const found = weights(input([['s:a', 3, 0], ['s:b', 1, 0]]));
    assert.deepEqual([...found], [['s:a', 150], ['s:b', 50]]);
  });
});

describe('a version that waits in its runs', () => {
  const loaded = (cpuMs: number, latencyMs: number) => ({ cpuMsByBatch: { '1': cpuMs }, latencyMsByBatch: { '1': latencyMs } });
  const rates = (cpuSecondsPerRequest: number, runSeconds: number) => ({ cpuSecondsPerRequest, runSeconds, requestsPerRun: 1, cpuSecondsPerItem: 0, itemsPerRequest: 1, serviceVariation: 0, rowsPerRun: 1, networkBytesPerRequest: 0 });

  it('can use that share of a core only', () => assert.deepEqual([busyShare(loaded(1, 100), null), busyShare(null, rates(0.002, 0.1))], [0.01, 0.02]));
  it('is one that computes, if only one measurement says so: the other was made beside neighbours', () => assert.deepEqual([busyShare(loaded(10, 11), rates(0.01, 0.2)), busyShare(loaded(10, 90), rates(0.01, 0.011))], [1, 1]));
  it('is one that computes while nothing is known', () => assert.equal(busyShare(null, null), 1));
});

describe('standby', () => {
  it('holds replicas of a surge for its time and no longer, and no more than there are cores', () => {
    const made = madeInput({ nodes: 1, versions: 1, seed: 1, load: 0.5 });
    const at = (demand: number): SchedulerInput => ({ ...made, nodes: made.nodes.map((node) => ({ ...node, cpus: 4, memoryBytes: 2 ** 40 })), versions: made.versions.map((version) => ({ ...version, demand, threads: 1, latency: null, placement: {}, apartFrom: [], replicas: { min: 0, max: 64 }, profile: { ...version.profile, cpuSecondsPerRequest: 0.01, gpus: 0, memoryBytes: 2 ** 20, storageBytes: 0 } })) });
    const standby = new Standby(60);
    const least = (demand: number, seconds: number) => standby.with(at(demand), seconds).versions[0]?.replicas.min;
    assert.equal(least(100, 0), 4);
    assert.equal(least(1, 30), 4, 'held');
    assert.equal(least(1, 59), 4, 'held');
    assert.equal(least(1, 61), 0, 'let go');
  });
});
