import { seededRandom } from '../core/index.ts';
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { DemandForecast, type Solver } from '../deployment-engine/scheduler/index.ts';
import { loadHighsSolver } from '../deployment-engine/solvers/index.ts';
import { ArrivalStream, poisson } from './arrivals.ts';
import { makePolicy, madeVersions, plotResults, type PolicyName, simulate, type SimulatedVersion, type SimulationResult, type Trace } from './index.ts';
import { erlangC, waitTail } from './waiting.ts';

const GIB = 2 ** 30;
let solver: Solver;
before(async () => {
  solver = await loadHighsSolver();
});

const node = (name: string, cpus = 4) => ({ name, cpus, memoryBytes: 16 * GIB, storageBytes: Number.POSITIVE_INFINITY, networkBytesPerSecond: Number.POSITIVE_INFINITY, gpus: 0, labels: {} });
const version = (id: string, rest: Partial<SimulatedVersion> = {}, cpuSeconds = 0.01): SimulatedVersion => ({
  id, priority: 1, quality: 1, replicas: { min: 0, max: 100 }, threads: 1, cpusMin: 0, servedMin: 0, latency: { seconds: 0.1, quantile: 0.99 }, placement: {}, apartFrom: [],
  profile: { cpuSecondsPerRequest: cpuSeconds, serviceVariation: 1, memoryBytes: GIB / 2, storageBytes: 0, networkBytesPerRequest: 0, loadSeconds: 2, gpus: 0 },
  arrivals: { kind: 'poisson', rate: 50 }, ...rest,
});
const trace = (rest: Partial<Trace>): Trace => ({ name: 'made', seed: 1, durationSeconds: 600, tickSeconds: 1, planSeconds: 5, nodes: [node('n')], versions: [version('a')], services: [], costs: { coreHour: 1, gibHour: 0.1 }, timeoutSeconds: 30, ...rest });
const run = (given: Trace, policy: PolicyName): SimulationResult => simulate(given, makePolicy(policy, given, solver), { stopwatch: () => 0 });
const near = (actual: number, expected: number, share: number): void => assert.ok(Math.abs(actual - expected) <= share * Math.abs(expected), `${actual} is not about ${expected}`);

describe('arrivals', () => {
  const sum = (stream: ArrivalStream, from: number, to: number): number => Array.from({ length: to - from }, (_, index) => stream.next(from + index)).reduce((total, count) => total + count, 0);

  it('are Poisson, small and large', () => {
    for (const mean of [0.3, 7, 400]) {
      const random = seededRandom(3);
      const counts = Array.from({ length: 20_000 }, () => poisson(mean, random));
      const average = counts.reduce((total, count) => total + count, 0) / counts.length;
      near(average, mean, 0.03);
      near(counts.reduce((total, count) => total + (count - average) ** 2, 0) / counts.length, mean, 0.05);
    }
    assert.equal(poisson(0, seededRandom(1)), 0);
  });

  it('follow a step, a day and bursts, with the mean that was asked for', () => {
    const step = new ArrivalStream({ kind: 'step', rate: 10, atSeconds: 1000, factor: 10 }, 1, 1);
    near(sum(step, 0, 1000), 10_000, 0.05);
    near(sum(step, 1000, 2000), 100_000, 0.05);
    const day = new ArrivalStream({ kind: 'day', rate: 10, swing: 0.8, peakHour: 12 }, 1, 60);
    const [night, noon] = [sum(day, 0, 60), (sum(day, 60, 690), sum(day, 690, 750))];
    near(night, 10 * 0.2 * 3600, 0.1);
    near(noon, 10 * 1.8 * 3600, 0.05);
    const bursts = new ArrivalStream({ kind: 'bursts', rate: 2, burstRate: 20, everySeconds: 300, lengthSeconds: 100 }, 5, 1);
    near(sum(bursts, 0, 200_000) / 200_000, (2 * 300 + 20 * 100) / 400, 0.1);
  });

  it('are the same for the same seed', () => {
    const made = (seed: number): number[] => {
      const stream = new ArrivalStream({ kind: 'poisson', rate: 5 }, seed, 1);
      return Array.from({ length: 50 }, (_, tick) => stream.next(tick));
    };
    assert.deepEqual(made(4), made(4));
    assert.notDeepEqual(made(4), made(5));
  });
});

describe('waiting', () => {
  it('is Erlang’s', () => {
    // Published values: 2 servers at 1 Erlang wait with 1/3; one server with its load.
    near(erlangC(1, 2), 1 / 3, 1e-9);
    near(erlangC(0.7, 1), 0.7, 1e-9);
    near(erlangC(8, 10), 0.4092, 1e-3);
  });
  it('has the tail of M/M/1', () => near(waitTail(50, 100, 1, 1, 0.1), 0.5 * Math.exp(-50 * 0.1), 1e-9));
  it('is certain when overloaded, and never without arrivals', () => assert.deepEqual([waitTail(100, 50, 1, 1, 9), waitTail(0, 50, 1, 1, 0), waitTail(1, 50, 1, 1, -1)], [1, 0, 1]));
});

describe('a forecast', () => {
  it('settles on a steady rate, with its error', () => {
    const random = seededRandom(2);
    const forecast = new DemandForecast();
    for (let index = 0; index < 300; index++) forecast.observe(poisson(500, random) / 5, 5);
    near(forecast.level, 100, 0.05);
    assert.ok(forecast.upper(5, 2) > 105 && forecast.upper(5, 2) < 130, String(forecast.upper(5, 2)));
  });
  it('believes a step at once and follows a trend', () => {
    const forecast = new DemandForecast();
    for (let index = 0; index < 100; index++) forecast.observe(10, 5);
    near(forecast.upper(5, 2), 10, 0.01);
    forecast.observe(100, 5);
    assert.ok(forecast.upper(5, 0) >= 100);
    const rising = new DemandForecast();
    for (let index = 0; index < 200; index++) rising.observe(index, 5);
    assert.ok(rising.upper(60, 0) > 205, String(rising.upper(60, 0)));
  });
});

describe('a simulation', () => {
  it('serves all of a light load, by every policy, and counts every request once', () => {
    for (const policy of ['lp', 'greedy', 'equal', 'threshold'] as const) {
      const result = run(trace({}), policy);
      near(result.requests, 50 * 540, 0.03);
      near(result.served, result.requests, 0.001);
      assert.ok(result.violations < result.requests * 0.05, `${policy}: ${result.violations}`);
    }
  });

  it('says what an overload costs', () => {
    // 200 requests/s of 10 ms on one core: half is served, the rest waits 30 s and is lost.
    const result = run(trace({ nodes: [node('n', 1)], versions: [version('a', { arrivals: { kind: 'poisson', rate: 200 }, threads: 1 })] }), 'equal');
    near(result.served, result.requests / 2, 0.02);
    near(result.lost, result.requests / 2, 0.02);
    near(result.violations, result.requests, 0.01);
    near(result.coreHours, 540 / 3600, 1e-6);
    near(result.cost, result.coreHours + result.gibHours * 0.1, 1e-9);
  });

  it('replays what was recorded', () => {
    const counts = new Map([[100, 7], [101, 5], [300, 1]]);
    const result = run(trace({ versions: [version('a', { arrivals: { kind: 'recorded', counts } })] }), 'equal');
    assert.deepEqual([result.requests, result.served, result.lost], [13, 13, 0]);
  });

  it('wakes a version that nobody asked for, and the first requests wait for its load', () => {
    const counts = new Map([[300, 4]]);
    const result = run(trace({ versions: [version('a', { arrivals: { kind: 'recorded', counts } })] }), 'lp');
    assert.deepEqual([result.served, result.violations, result.starts], [4, 4, 1]);
    const idle = run(trace({ durationSeconds: 3600, versions: [version('a', { arrivals: { kind: 'recorded', counts: new Map([[700, 4]]) } })] }), 'lp');
    assert.equal(idle.stops, 1, 'it goes again');
    assert.ok(idle.gibHours < 0.5 * 0.5, String(idle.gibHours));
  });

  it('wakes a version where it may be, however much memory others have', () => {
    const nodes = [{ ...node('large'), memoryBytes: 64 * GIB }, { ...node('west'), labels: { zone: 'west' } }, { ...node('gpu'), gpus: 1 }];
    const arrivals = { kind: 'recorded', counts: new Map([[300, 4]]) } as const;
    const versions = [version('placed', { placement: { zone: 'west' }, arrivals }), version('accelerated', { profile: { ...version('a').profile, gpus: 1 }, arrivals })];
    assert.deepEqual(run(trace({ nodes, versions }), 'lp').versions.map(({ served }) => served), [4, 4]);
  });

  it('loses what no node has room for', () => {
    const wide = version('a', { profile: { ...version('a').profile, memoryBytes: 20 * GIB } });
    for (const policy of ['lp', 'equal', 'threshold'] as const) {
      const result = run(trace({ versions: [wide] }), policy);
      assert.deepEqual([result.served, result.lost], [0, result.requests]);
    }
  });

  it('refuses a trace that makes no sense under every policy', () => {
    const arrivals = { kind: 'poisson', rate: 1 } as const;
    for (const policy of ['lp', 'equal', 'threshold'] as const) {
      assert.throws(() => run(trace({ services: [{ name: 's', arrivals, ranges: { b: { min: 0, max: 1 } } }] }), policy), /service s: ranges names b, which is no version/);
      assert.throws(() => run(trace({ services: [{ name: 's', arrivals, ranges: { a: { min: 0, max: 0.5 } } }] }), policy), /can't make 1/);
      assert.throws(() => run(trace({ versions: [version('a'), version('a')] }), policy), /version a is there twice/);
    }
  });

  it('is the same for the same seed, plans and all', () => {
    const given = trace({ durationSeconds: 300, nodes: [node('n'), node('m')], versions: ['a', 'b', 'c'].map((id, index) => version(id, { arrivals: { kind: 'bursts', rate: 20, burstRate: 150, everySeconds: 60, lengthSeconds: 20 } }, 0.004 * (index + 1))) });
    for (const policy of ['lp', 'threshold'] as const) assert.deepEqual(run(given, policy), run(given, policy));
    assert.notDeepEqual(run(given, 'lp').requests, run({ ...given, seed: 2 }, 'lp').requests);
  });

  it('lets priorities hold under rising load', () => {
    const rising = { kind: 'step', rate: 80, atSeconds: 300, factor: 3 } as const;
    const result = run(trace({ nodes: [node('n', 2)], versions: [1, 2, 3].map((priority) => version(`p${priority}`, { priority, arrivals: rising })) }), 'lp');
    const share = (id: string): number => {
      const one = result.versions.find((candidate) => candidate.id === id);
      return (one?.served ?? 0) / (one?.requests ?? 1);
    };
    assert.ok(share('p3') > share('p2') && share('p2') >= share('p1'), `${share('p3')} ${share('p2')} ${share('p1')}`);
    assert.ok(share('p3') > 0.7);
  });

  it('never sends traffic to a dominated version of its own accord', () => {
    const choice = trace({ nodes: [node('n', 2)], versions: [version('cheap', { quality: 0.9, arrivals: null }, 0.001), version('dear', { quality: 0.94, arrivals: null }, 0.015), version('best', { quality: 0.95, arrivals: null }, 0.002)], services: [{ name: 's', arrivals: { kind: 'step', rate: 300, atSeconds: 200, factor: 5 }, ranges: { cheap: { min: 0, max: 1 }, dear: { min: 0, max: 1 }, best: { min: 0, max: 1 } } }] });
    for (const policy of ['lp', 'greedy'] as const) {
      const result = run(choice, policy);
      const served = Object.fromEntries(result.versions.map((one) => [one.id, one.served]));
      assert.equal(served['dear'], 0, policy);
      assert.ok((served['best'] ?? 0) > 0 && (served['cheap'] ?? 0) > 0, `${policy}: ${JSON.stringify(served)}`);
    }
  });

  it('has at most 0.7 of threshold autoscaling’s violations at no more cost, on a trace whose bursts need the room of others', () => {
    const nodes = Array.from({ length: 8 }, (_, index) => ({ ...node(`n${index}`, 16), memoryBytes: 64 * GIB }));
    const given = trace({ seed: 4, durationSeconds: 2400, planSeconds: 15, nodes, versions: madeVersions({ count: 60, load: 0.45, memory: 0.4, pattern: 'mixed', seed: 4 }, nodes) });
    const [lp, threshold] = [run(given, 'lp'), run(given, 'threshold')];
    assert.ok(lp.violations < 0.7 * threshold.violations, `${lp.violations} and ${threshold.violations}`);
    assert.ok(lp.cost <= threshold.cost, `${lp.cost} and ${threshold.cost}`);
    assert.ok(lp.gapMax <= 0.01);
  });

  it('is drawn', () => {
    const given = trace({ name: '<made>' });
    const svg = plotResults(given, [run(given, 'lp'), run(given, 'equal')]);
    assert.match(svg, /^<svg [^>]*viewBox="0 0 1160 \d+"/);
    assert.equal(svg.match(/<polyline/g)?.length, 7);
    assert.match(svg, /&#60;made&#62;: 1 versions on 1 nodes/);
    assert.doesNotMatch(svg, /NaN|Infinity/);
  });
});
