import { seededRandom, systemClock as clock } from '../../core/index.ts';
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { loadHighsSolver } from '../solvers/index.ts';
import { dominatedVersions } from './dominance.ts';
import { DEFAULT_PRICES, faultOf, formulate, madeInput, schedule, type SchedulePlan, type SchedulerInput, type SchedulerNode, type SchedulerVersion, shadowPrices, singleGroups, type Solver, versionReasons } from './index.ts';
import { planObjective } from './plan.ts';
import { serviceRate } from './queueing.ts';

const GIB = 2 ** 30;
let solver: Solver;
before(async () => {
  solver = await loadHighsSolver();
});

const node = (name: string, rest: Partial<SchedulerNode> = {}): SchedulerNode => ({ name, cpus: 4, memoryBytes: 8 * GIB, storageBytes: Number.POSITIVE_INFINITY, networkBytesPerSecond: Number.POSITIVE_INFINITY, gpus: 0, labels: {}, ...rest });

type VersionRest = Partial<Omit<SchedulerVersion, 'profile'>> & { readonly profile?: Partial<SchedulerVersion['profile']> };
const version = (id: string, { profile, ...rest }: VersionRest = {}): SchedulerVersion => ({
  id, priority: 1, quality: 1, demand: 100, replicas: { min: 0, max: 100 }, threads: 1, cpusMin: 0, servedMin: 0, latency: null, placement: {}, apartFrom: [], current: {}, ...rest,
  profile: { cpuSecondsPerRequest: 0.01, serviceVariation: 0, memoryBytes: GIB, storageBytes: 0, networkBytesPerRequest: 0, loadSeconds: 1, gpus: 0, ...profile },
});
const input = (nodes: readonly SchedulerNode[], versions: readonly SchedulerVersion[], rest: Partial<SchedulerInput> = {}): SchedulerInput => ({ nodes, versions, services: [], prices: DEFAULT_PRICES, utilisationMax: 1, ...rest });

const METHODS = { exact: { exactPairsMax: 1e9 }, relaxed: { exactPairsMax: 0 }, greedy: { solver: null } } as const;
type Method = keyof typeof METHODS;
const plan = (given: SchedulerInput, method: Method = 'exact'): SchedulePlan => schedule(given, { solver, clock, deadlineMs: 20_000, ...METHODS[method] });
const served = (made: SchedulePlan, id: string): number => made.versions.find((one) => one.id === id)?.served ?? Number.NaN;
const replicas = (made: SchedulePlan, id: string): number => made.versions.find((one) => one.id === id)?.replicas ?? Number.NaN;
const close = (actual: number, expected: number, tolerance = 1e-6): void => assert.ok(Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)), `${actual} is not ${expected}`);

/** Everything that a plan may not do, whatever made it. */
function check(given: SchedulerInput, made: SchedulePlan): void {
  const versions = new Map(given.versions.map((one) => [one.id, one]));
  const limit = (name: string, value: number, most: number): void => assert.ok(value <= most + 1e-6 * Math.max(1, most), `${made.method}: ${name}: ${value} > ${most}`);
  for (const { name, cpus, memoryBytes, storageBytes, networkBytesPerSecond, gpus, labels } of given.nodes) {
    const here = made.assignments.filter((one) => one.node === name).map((one) => ({ ...one, is: versions.get(one.version)! }));
    const sum = (of: (one: (typeof here)[number]) => number): number => here.reduce((total, one) => total + of(one), 0);
    limit(`cpu of ${name}`, sum((one) => one.cpus), cpus);
    limit(`memory of ${name}`, sum((one) => one.replicas * one.is.profile.memoryBytes), memoryBytes);
    limit(`storage of ${name}`, sum((one) => one.is.profile.storageBytes), storageBytes);
    limit(`network of ${name}`, sum((one) => one.served * one.is.profile.networkBytesPerRequest), networkBytesPerSecond);
    limit(`gpus of ${name}`, sum((one) => one.replicas * one.is.profile.gpus), gpus);
    for (const one of here) {
      const { usable, spare } = serviceRate(one.is, given);
      assert.ok(Number.isInteger(one.replicas) && one.replicas > 0);
      limit(`threads of ${one.version}`, one.cpus, one.replicas * one.is.threads);
      limit(`rate of ${one.version}`, one.served, (usable * one.cpus) / one.is.profile.cpuSecondsPerRequest - spare * one.replicas + 1e-6);
      for (const [key, value] of Object.entries(one.is.placement)) assert.equal(labels[key], value, `${one.version} on ${name}`);
      for (const other of here) if (one.is.apartFrom.includes(other.version)) assert.ok(other === one && one.replicas === 1, `${made.method}: ${one.version} beside ${other.version} on ${name}`);
    }
  }
  for (const one of made.versions) {
    limit(`served of ${one.id}`, one.served, one.demand);
    limit(`replicas of ${one.id}`, one.replicas, versions.get(one.id)?.replicas.max ?? 0);
    if (made.conflicts.length === 0) assert.ok(one.replicas >= (versions.get(one.id)?.replicas.min ?? 0), `${made.method}: ${one.id} has ${one.replicas}`);
  }
  close(planObjective(given, made.assignments), made.objective);
  assert.ok(made.objective <= made.bound * (1 + 1e-6) + 1e-6, `${made.objective} is better than the bound ${made.bound}`);
  for (const program of made.programs) assert.equal(faultOf(program), null);
}

describe('a plan', () => {
  it('shares a machine by worth for its cost, exactly', () => {
    // Per core: a 100 × 1, b 100 × 2, c 20 × 3. Of 2 cores b gets one, a the other, c nothing.
    const given = input([node('n', { cpus: 2 })], [version('a'), version('b', { priority: 2 }), version('c', { priority: 3, profile: { cpuSecondsPerRequest: 0.05 } })]);
    const made = plan(given);
    check(given, made);
    assert.equal(made.method, 'exact');
    assert.deepEqual(made.versions.map(({ served: rate, replicas: count }) => [Math.round(rate * 1e6) / 1e6, count]), [[100, 1], [100, 1], [0, 0]]);
    close(made.objective, 300 - 2 * DEFAULT_PRICES.cpu - 2 * DEFAULT_PRICES.memoryPerGib - 2 * DEFAULT_PRICES.loadSecond);
  });

  it('starts as many replicas as the demand needs, and none without demand', () => {
    const made = plan(input([node('n', { cpus: 8 })], [version('busy', { demand: 350 }), version('idle', { demand: 0, current: { n: 2 } }), version('kept', { demand: 0, replicas: { min: 1, max: 3 } })]));
    assert.deepEqual(made.versions.map(({ replicas: count }) => count), [4, 0, 1]);
    assert.deepEqual(made.moves, [{ kind: 'start', version: 'busy', node: 'n', replicas: 4 }, { kind: 'stop', version: 'idle', node: 'n', replicas: 2 }, { kind: 'start', version: 'kept', node: 'n', replicas: 1 }]);
  });

  it('keeps minima of served demand and of CPU against what is worth more', () => {
    const rich = version('rich', { priority: 100, demand: 1000 });
    const made = plan(input([node('n', { cpus: 2 })], [rich, version('poor', { servedMin: 0.5 }), version('held', { cpusMin: 0.25, demand: 1 })]));
    close(served(made, 'poor'), 50);
    assert.ok((made.versions.find(({ id }) => id === 'held')?.cpus ?? 0) >= 0.25 - 1e-9);
    close(served(made, 'rich'), 125);
  });

  it('leaves room for a latency objective as M/M/1 asks', () => {
    const strict = version('strict', { demand: 1000, profile: { cpuSecondsPerRequest: 0.01, serviceVariation: 1 }, latency: { seconds: 0.11, quantile: 0.99 }, replicas: { min: 1, max: 1 } });
    // 100 requests/s a core; the wait beyond 100 ms is rarer than 1 % while 100 − λ ≥ ln(100)/0.1.
    const given = input([node('n')], [strict]);
    close(served(plan(given), 'strict'), 100 - Math.log(100) / 0.1);
    const never = { ...strict, latency: { seconds: 0.005, quantile: 0.99 } };
    const made = plan(input([node('n')], [never]));
    assert.equal(serviceRate(never, given).unreachable, true);
    close(served(made, 'strict'), 100);
    assert.match(versionReasons(input([node('n')], [never]), made)[0]?.text ?? '', /5 ms can’t be promised|5 ms can't be promised at any load, one request takes 10 ms/);
  });

  it('counts GPUs whole, storage once a node, and network by request', () => {
    const given = input([node('a', { gpus: 1, storageBytes: 10 * GIB, networkBytesPerSecond: 5e6 }), node('b', { storageBytes: 10 * GIB, networkBytesPerSecond: 5e6 })], [
      version('gpu', { demand: 250, profile: { gpus: 1 } }),
      version('large', { demand: 250, profile: { storageBytes: 8 * GIB } }),
      version('chatty', { demand: 1000, profile: { networkBytesPerRequest: 1e6, cpuSecondsPerRequest: 1e-4 } }),
    ]);
    for (const method of ['exact', 'relaxed'] as const) {
      const made = plan(given, method);
      check(given, made);
      close(served(made, 'gpu'), 100);
      close(served(made, 'large'), 250);
      close(served(made, 'chatty'), 10);
    }
  });

  it('keeps to placement and distance', () => {
    const given = input([node('east', { labels: { zone: 'east' } }), node('west-1', { labels: { zone: 'west' } }), node('west-2', { labels: { zone: 'west' } })], [
      version('placed', { demand: 300, placement: { zone: 'west' } }),
      version('spread', { demand: 250, apartFrom: ['spread'] }),
      version('shy', { demand: 100, apartFrom: ['placed'] }),
    ]);
    for (const method of ['exact', 'relaxed', 'greedy'] as const) check(given, plan(given, method));
    const made = plan(given);
    assert.deepEqual(made.versions.map(({ served: rate }) => Math.round(rate)), [300, 250, 100]);
    assert.equal(replicas(made, 'spread'), 3);
  });

  it('moves nothing when nothing has changed', () => {
    for (const method of ['exact', 'relaxed'] as const) {
      const given = madeInput({ versions: 12, nodes: 3, load: 0.8, seed: 5 });
      const first = plan(given, method);
      const current = (id: string): Record<string, number> => Object.fromEntries(first.assignments.filter((one) => one.version === id).map((one) => [one.node, one.replicas]));
      const again = plan({ ...given, versions: given.versions.map((one) => ({ ...one, current: current(one.id) })) }, method);
      assert.deepEqual(again.moves, []);
    }
  });

  it('lets replicas that are no longer needed go, but moves none for a trifle', () => {
    const given = input([node('a'), node('b')], [version('x', { demand: 90, current: { a: 1, b: 2 } }), version('y', { demand: 90, current: { a: 1 }, profile: { memoryBytes: GIB / 2 } })]);
    const { moves } = plan(given);
    assert.deepEqual([...new Set(moves.map(({ kind, version: id }) => `${kind} ${id}`))], ['stop x']);
    assert.equal(moves.reduce((sum, { replicas: count }) => sum + count, 0), 2);
    // y would be worth a little more on b's memory; not worth the move.
    const trifle = plan(input([node('a', { cpus: 1 }), node('b', { cpus: 1.001 })], [version('x', { demand: 200, current: { a: 1 }, replicas: { min: 1, max: 1 }, threads: 2 })]));
    assert.deepEqual(trifle.moves, []);
  });

  it('gives up a move that costs more than it brings', () => {
    const dear = { ...DEFAULT_PRICES, loadSecond: 1 };
    const running = version('running', { demand: 100, current: { n: 1 } });
    const better = version('better', { demand: 100, quality: 1.01, profile: { loadSeconds: 5 } });
    const given = input([node('n', { cpus: 1 })], [running, better]);
    assert.equal(served(plan(given), 'better'), 100);
    assert.equal(served(plan({ ...given, prices: dear }), 'better'), 0);
  });

  it('holds every limit, whatever made it', () => {
    for (let seed = 1; seed <= 12; seed++) {
      const random = seededRandom(seed);
      const made = madeInput({ versions: 3 + Math.floor(random() * 4), nodes: 1 + Math.floor(random() * 3), load: 0.3 + random() * 2, memory: 0.3 + random() * 1.5, seed });
      const given = { ...made, versions: made.versions.map((one, index) => ({ ...one, ...(index === 0 ? { replicas: { min: 1, max: 2 }, apartFrom: [one.id] } : {}), ...(index === 1 ? { servedMin: 0.1 } : {}) })) };
      const plans = (['exact', 'relaxed', 'greedy'] as const).map((method) => plan(given, method));
      for (const one of plans) check(given, one);
      const [exact, relaxed, greedy] = plans as [SchedulePlan, SchedulePlan, SchedulePlan];
      if (exact.conflicts.length > 0) continue;
      for (const other of [relaxed, greedy]) assert.ok(other.objective <= exact.bound * (1 + 1e-6), `seed ${seed}: ${other.method} ${other.objective} > ${exact.bound}`);
    }
  });
});

describe('large plans', () => {
  for (const [versions, nodes, cpuSeconds] of [[100, 10, 0.5], [1000, 100, 4]] as const) {
    it(`for ${versions} versions on ${nodes} nodes are within 1 % of the bound, in ${cpuSeconds} CPU s`, () => {
      for (const [load, memory] of [[0.7, 0.6], [1.5, 1.5], [0.9, 1.3]] as const) {
        const given = madeInput({ versions, nodes, load, memory, seed: 11 });
        const before = process.cpuUsage();
        const made = plan(given, 'relaxed');
        const used = process.cpuUsage(before);
        check(given, made);
        assert.equal(made.method, 'relaxed', made.note);
        assert.ok(made.gap <= 0.01, `load ${load}, memory ${memory}: gap ${made.gap}`);
        assert.ok((used.user + used.system) / 1e6 < cpuSeconds, `${used.user} µs`);
        assert.ok(plan(given, 'greedy').objective <= made.bound);
      }
    });
  }
});

describe('a choice between versions', () => {
  /** Real figures: 20×20 digits. */
  const LADDER = { logreg: [0.89, 0.0001], mlp: [0.92, 0.0003], knn: [0.94, 0.015], svc: [0.95, 0.0009] } as const;
  const ladder = (demand: number, cpus: number, rest: VersionRest = {}): SchedulerInput =>
    input([node('n', { cpus })], Object.entries(LADDER).map(([id, [quality, seconds]]) => version(id, { quality, demand: 0, ...rest, profile: { cpuSecondsPerRequest: seconds, memoryBytes: GIB / 10 } })), { services: [{ name: 'digits', demand, ranges: Object.fromEntries(Object.keys(LADDER).map((id) => [id, { min: 0, max: 1 }])) }] });

  it('goes to the best while there is room, and down the ladder when there is not', () => {
    const easy = plan(ladder(500, 1));
    close(served(easy, 'svc'), 500);
    const busy = plan(ladder(3000, 1));
    close(['logreg', 'mlp', 'knn', 'svc'].reduce((sum, id) => sum + served(busy, id), 0), 3000);
    assert.ok(served(busy, 'svc') > 0 && served(busy, 'svc') < 1000 && served(busy, 'logreg') + served(busy, 'mlp') > 2000);
    const flooded = plan(ladder(50_000, 1));
    assert.ok(served(flooded, 'logreg') > 9900);
  });

  it('never takes a dominated version freely', () => {
    assert.deepEqual([...dominatedVersions(ladder(1, 1))], [['knn', 'svc']]);
    for (const method of ['exact', 'relaxed', 'greedy'] as const) {
      for (const [demand, cpus] of [[10, 4], [500, 1], [3000, 1], [3000, 8], [50_000, 2]] as const) assert.equal(served(plan(ladder(demand, cpus), method), 'knn'), 0, `${method} ${demand} ${cpus}`);
      const loaded = ladder(500, 2);
      const hot = { ...loaded, prices: { ...DEFAULT_PRICES, loadSecond: 100 }, versions: loaded.versions.map((one) => (one.id === 'knn' ? { ...one, current: { n: 1 } } : one)) };
      if (method !== 'greedy') assert.equal(served(plan(hot, method), 'knn'), 0, 'not even to save a load');
    }
  });

  it('gives a dominated version its minimum, and what the better can’t serve', () => {
    const given = ladder(1000, 8);
    const ranges = { ...given.services[0]!.ranges, knn: { min: 0.05, max: 1 } };
    close(served(plan({ ...given, services: [{ name: 'digits', demand: 1000, ranges }] }), 'knn'), 50);
    const only = { ...given, services: [{ name: 'digits', demand: 1200, ranges: { knn: { min: 0, max: 1 }, svc: { min: 0, max: 1 } } }], versions: given.versions.map((one) => (one.id === 'svc' ? { ...one, replicas: { min: 0, max: 1 } } : one)) };
    const forced = plan(only);
    close(served(forced, 'svc'), 1 / 0.0009);
    close(served(forced, 'knn'), 1200 - 1 / 0.0009);
  });
});

describe('what can’t be', () => {
  it('is said with the constraints that conflict, and no others', () => {
    const given = input([node('n', { memoryBytes: 8 * GIB })], [version('a', { replicas: { min: 2, max: 2 }, profile: { memoryBytes: 3 * GIB } }), version('b', { replicas: { min: 1, max: 1 }, profile: { memoryBytes: 4 * GIB } }), version('innocent', { replicas: { min: 0, max: 4 }, profile: { memoryBytes: 1024 } })]);
    for (const method of ['exact', 'relaxed'] as const) {
      const made = plan(given, method);
      assert.deepEqual([...made.conflicts].sort(), ['a must have at least 2 replicas of 3 GiB each, at most 2', 'b must have at least 1 replica of 4 GiB each, at most 1', 'n has 8 GiB of memory']);
      assert.equal(made.method, 'greedy');
      check(given, made);
      assert.ok(made.assignments.length > 0, 'what can be done is planned');
    }
  });

  it('names CPU and served minima too', () => {
    const made = plan(input([node('n', { cpus: 1 })], [version('a', { servedMin: 0.8 }), version('b', { cpusMin: 0.5 })]));
    assert.deepEqual([...made.conflicts].sort(), ['a must serve at least 80 % of 100 requests/s, 10 CPU ms each', 'b must have at least 0.5 cores', 'n has 1 core']);
  });

  it('says why a version can be nowhere', () => {
    const wide = version('wide', { replicas: { min: 1, max: 1 }, profile: { memoryBytes: 9 * GIB } });
    assert.deepEqual(plan(input([node('n')], [wide])).conflicts, ['wide needs 9 GiB of memory, the largest node it may be on has 8 GiB']);
    const lost = version('lost', { replicas: { min: 1, max: 1 }, placement: { zone: 'moon' } });
    assert.deepEqual(plan(input([node('n')], [lost])).conflicts, ['lost must be on a node with zone=moon, and none of 1 has that']);
  });

  it('is refused when it makes no sense', () => {
    const refuses = (given: SchedulerInput, expected: RegExp): void => assert.throws(() => plan(given), expected);
    refuses(input([node('n'), node('n')], []), /node n is there twice/);
    refuses(input([node('n')], [version('a', { demand: -1 })]), /version a: demand is -1/);
    refuses(input([node('n')], [version('a', { profile: { cpuSecondsPerRequest: 0 } })]), /cpuSecondsPerRequest is 0/);
    refuses(input([node('n')], [version('a', { replicas: { min: 3, max: 2 } })]), /replicas.min is 3/);
    refuses(input([node('n')], [version('a')], { services: [{ name: 's', demand: 1, ranges: { a: { min: 0, max: 0.5 } } }] }), /can't make 1/);
    refuses(input([node('n')], [version('a')], { services: [{ name: 's', demand: 1, ranges: { b: { min: 0, max: 1 } } }] }), /names b, which is no version/);
  });

  it('plans nothing on nothing', () => {
    const made = plan(input([], [version('a')]));
    assert.deepEqual([made.assignments, made.objective], [[], 0]);
    assert.deepEqual(plan(input([node('n')], [])).assignments, []);
  });
});

describe('without a solver in time', () => {
  const given = madeInput({ versions: 6, nodes: 2, load: 0.8, seed: 3 });
  const failing = (solve: Solver['solve']): SchedulePlan => schedule(given, { solver: { name: 'slow', solve }, clock, deadlineMs: 50 });

  it('the greedy plan is there all the same, and says why', () => {
    const late = failing((program) => ({ status: 'unsolved', values: new Float64Array(program.variables.length), objective: 0, bound: Number.POSITIVE_INFINITY }));
    assert.equal(late.method, 'greedy');
    assert.match(late.note, /slow had no plan within 50 ms/);
    check(given, late);
    assert.ok(late.objective > 0);
    const broken = failing(() => {
      throw new Error('out of memory');
    });
    assert.match(broken.note, /slow failed: out of memory/);
    assert.equal(broken.objective, late.objective);
  });

  it('a deadline that has passed leaves HiGHS no time', () => {
    assert.equal(schedule(given, { solver, clock, deadlineMs: 0 }).method, 'greedy');
  });
});

describe('an explanation', () => {
  it('says what one more of a scarce resource would bring', () => {
    const given = input([node('n', { cpus: 8, memoryBytes: 2 * GIB })], [version('v1', { demand: 50, priority: 3 }), version('v2', { demand: 220 })]);
    const made = plan(given);
    close(served(made, 'v2'), 100);
    const prices = shadowPrices(given, made, { solver, clock, deadlineMs: 10_000 });
    assert.deepEqual(prices.map(({ text }) => text), ['+1 GiB memory on n would serve 100 more requests/s of v2']);
    const reasons = versionReasons(given, made);
    assert.equal(reasons[0]?.text, 'all of 50 requests/s');
    assert.match(reasons[1]?.text ?? '', /^gets 100 of 220 requests\/s/);
  });

  it('says why each version got less', () => {
    const given = input([node('n', { cpus: 1 })], [version('a', { priority: 2 }), version('b'), version('worthless', { priority: 1e-9, quality: 1e-3 }), version('capped', { priority: 9, demand: 1000, profile: { cpuSecondsPerRequest: 1e-4 }, threads: 0.01, replicas: { min: 0, max: 2 } }), version('idle', { demand: 0 }), version('huge', { profile: { memoryBytes: 100 * GIB } })]);
    const reasons = versionReasons(given, plan(given));
    assert.deepEqual(reasons.map(({ code }) => code), ['less-valuable', 'less-valuable', 'not-worth-it', 'replicas-max', 'no-demand', 'cannot-be-placed']);
    assert.match(reasons[1]?.text ?? '', /a core for it is worth 100, for a 200/);
  });

  it('names what a first replica lacks', () => {
    const given = input([node('n', { cpus: 8, memoryBytes: 4 * GIB, gpus: 1 })], [version('a', { priority: 2, profile: { memoryBytes: 3 * GIB, gpus: 1 } }), version('b', { profile: { memoryBytes: 2 * GIB, gpus: 1 } })]);
    assert.match(versionReasons(given, plan(given))[1]?.text ?? '', /a replica needs 2 GiB of memory where 1 GiB are left and 1 GPU where 0 GPUs are left on n/);
  });
});

describe('the program', () => {
  it('is bounded by its relaxation, which whole replicas cut close', () => {
    const given = madeInput({ versions: 6, nodes: 1, load: 0.8, memory: 1.4, seed: 9 });
    const groups = singleGroups(given.nodes);
    const options = { timeLimitMs: 10_000, relativeGap: 0 };
    const whole = solver.solve(formulate(given, groups, { whole: true }).program, options);
    const relaxed = solver.solve(formulate(given, groups, { whole: false }).program, options);
    assert.equal(whole.status, 'optimal');
    assert.ok(relaxed.objective >= whole.objective - 1e-6);
  });
});
