import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LeptonError, parseReference, type ServiceSpec, type TrafficPolicy } from '../../core/index.ts';
import { scaleWeights, withoutVersions, withVersion } from '../plan/index.ts';
import type { ServiceInput } from '../types.ts';
import { DEPLOYMENT_DEFAULTS, type Resolve } from './deployment-spec.ts';
import { serviceSpec, specChanges } from './service-spec.ts';
import { deployEdit, scheduleEdit, stateEdit, trafficEdit, undeployEdit, updateEdit } from './spec-edits.ts';

const resolve: Resolve = (reference) => ({ ...parseReference(reference), digest: `sha256:${reference}` });
const input = (changes: Partial<Record<keyof ServiceInput, unknown>> = {}): unknown => ({ name: 'shop', deployments: [{ version: 'repo:v1' }, { version: 'repo:v2' }], ...changes });
const make = (changes: Partial<Record<keyof ServiceInput, unknown>> = {}, current: ServiceSpec | null = null): ServiceSpec => serviceSpec(input(changes), resolve, current);
const weightsOf = (traffic: TrafficPolicy) => (traffic.kind === 'weights' ? traffic.weights : traffic);
const refused = (text: RegExp, code = 'INVALID_ARGUMENT') => (error: unknown) => {
  assert.ok(error instanceof LeptonError);
  assert.equal(error.code, code);
  assert.match(error.message, text);
  return true;
};

describe('service input', () => {
  it('fills in defaults, gives everything to the first, and is frozen', () => {
    const spec = make();
    assert.deepEqual(spec.deployments[0], { repository: 'repo', version: 'v1', digest: 'sha256:repo:v1', ...DEPLOYMENT_DEFAULTS });
    assert.deepEqual(spec.traffic, { kind: 'weights', weights: { v1: 100 }, sticky: null, defaultVersion: null });
    assert.throws(() => Object.assign(spec.deployments[0]?.resources ?? {}, { threads: 9 }), TypeError);
  });

  const memory: [unknown, number | null][] = [['512MiB', 536870912], ['1.5 GiB', 1610612736], ['2GB', 2e9], ['4096k', 4194304], [1048576, 1048576], [null, null]];
  for (const [text, bytes] of memory) it(`reads memory ${JSON.stringify(text)}`, () => assert.equal(make({ deployments: [{ version: 'repo:v1', resources: { memory: text } }] }).deployments[0]?.resources.memoryBytes, bytes));
  it('reads limits of cores and processes, null as none, and keeps a bound of processes unless told', () => {
    const resources = (input: unknown) => make({ deployments: [{ version: 'repo:v1', resources: input }] }).deployments[0]?.resources;
    assert.deepEqual([resources({})?.cpus, resources({})?.pids], [null, 512]);
    assert.deepEqual([resources({ cpus: 0.5, pids: 64 })?.cpus, resources({ cpus: 0.5, pids: 64 })?.pids], [0.5, 64]);
    assert.deepEqual([resources({ cpus: null, pids: null })?.cpus, resources({ cpus: null, pids: null })?.pids], [null, null]);
    for (const wrong of [{ cpus: 0 }, { cpus: -1 }, { cpus: '2' }, { cpus: Number.NaN }, { pids: 1 }, { pids: 64.5 }]) assert.throws(() => resources(wrong), { code: 'INVALID_ARGUMENT' }, JSON.stringify(wrong));
  });

  it('reads replicas as a number or a range', () => {
    const of = (replicas: unknown) => make({ deployments: [{ version: 'repo:v1', replicas }] }).deployments[0]?.replicas;
    assert.deepEqual(of(3), { min: 3, max: 3 });
    assert.deepEqual(of({ min: 2 }), { min: 2, max: 2 });
    assert.deepEqual(of({ min: 2, max: 5 }), { min: 2, max: 5 });
  });

  it('reads what a deployment says to the scheduler, keeps it over an update, and takes it away with null', () => {
    const said = { quality: 'accuracy', latency: { milliseconds: 50 }, servedMin: 0.5, placement: { zone: 'a' }, apartFrom: ['v2', 'other:v1'] };
    const spec = make({ deployments: [{ version: 'repo:v1', ...said }, { version: 'repo:v2' }] });
    const { quality, latency, servedMin, placement, apartFrom } = spec.deployments[0] ?? {};
    assert.deepEqual({ quality, latency, servedMin, placement, apartFrom }, { ...said, latency: { milliseconds: 50, quantile: 0.99 } });
    assert.equal(updateEdit(spec, { version: 'repo:v3' }, resolve, 'v1').deployments[0]?.servedMin, 0.5);
    const less = scheduleEdit(spec, 'v1', { latency: null, servedMin: null, quality: 2 }).deployments[0];
    assert.deepEqual([less?.quality, less && 'latency' in less, less && 'servedMin' in less, less?.placement], [2, false, false, { zone: 'a' }]);
  });

  const wrong: [Record<string, unknown>, RegExp][] = [
    [{ quality: 0 }, /quality: 0 is not allowed: a number above 0/], [{ quality: '' }, /quality: "" is not allowed/], [{ latency: 50 }, /latency: 50 is not allowed: an object with milliseconds, quantile/], [{ latency: { milliseconds: 50, quantile: 99 } }, /latency.quantile: 99 is not allowed: a share/],
    [{ latency: { quantile: 0.9 } }, /latency.milliseconds: undefined is not allowed: it must be given/], [{ servedMin: 1.5 }, /servedMin: 1.5 is not allowed/], [{ placement: ['a'] }, /placement: .* labels that a node must have/], [{ placement: { zone: 1 } }, /placement.zone: 1 is not allowed/],
    [{ apartFrom: 'v2' }, /apartFrom: "v2" is not allowed: a list/], [{ apartFrom: ['a:b:c'] }, /apartFrom\[0\]: "a:b:c" is not allowed/], [{ qualty: 1 }, /did you mean quality/],
  ];
  for (const [fields, text] of wrong) it(`refuses ${JSON.stringify(fields)}`, () => assert.throws(() => make({ deployments: [{ version: 'repo:v1', ...fields }] }), refused(text)));

  it('reads ranges of traffic, and refuses those that make no sense', () => {
    const of = (ranges: unknown) => make({ traffic: { weights: { v1: 60, v2: 40 }, ranges } }).traffic;
    assert.deepEqual(of({ v1: { min: 50 }, v2: { max: 50 } }), { kind: 'weights', weights: { v1: 60, v2: 40 }, sticky: null, defaultVersion: null, ranges: { v1: { min: 50, max: 100 }, v2: { min: 0, max: 50 } } });
    assert.throws(() => of({ v1: { min: 50 } }), refused(/version v2 has a weight and needs a range too/));
    assert.throws(() => of({ v1: { min: 70 }, v2: {} }), refused(/ranges.v1: .* its weight of 60 must lie within/));
    assert.throws(() => of({ v1: { min: 60, max: 50 }, v2: {} }), refused(/min is above max/));
    assert.throws(() => make({ traffic: { version: 'v1', ranges: {} } }), refused(/it needs weights/));
    const renamed = updateEdit(make({ traffic: { weights: { v1: 60, v2: 40 }, ranges: { v1: {}, v2: {} } } }), { version: 'repo:v3' }, resolve, 'v2').traffic;
    assert.deepEqual(renamed.kind === 'weights' && Object.keys(renamed.ranges ?? {}), ['v1', 'v3']);
  });

  it('leaves unsaid states as they are, and loads what is new', () => {
    const states = (spec: ServiceSpec) => Object.fromEntries(spec.deployments.map(({ version, state }) => [version, state]));
    const held = stateEdit(make(), ['v2'], 'unloaded');
    assert.deepEqual(states(held), { v1: 'loaded', v2: 'unloaded' });
    assert.deepEqual(states(make({ deployments: [{ version: 'repo:v2' }, { version: 'repo:v3' }] }, held)), { v2: 'unloaded', v3: 'loaded' });
    assert.deepEqual(states(make({ deployments: [{ version: 'repo:v1', state: 'warm' }, { version: 'repo:v2', state: 'loaded' }] }, held)), { v1: 'warm', v2: 'loaded' });
    assert.deepEqual(states(updateEdit(held, { version: 'repo:v3' }, resolve, 'v2')), { v1: 'loaded', v3: 'unloaded' });
    assert.deepEqual(states(stateEdit(held, null, 'drained')), { v1: 'drained', v2: 'drained' });
    assert.deepEqual(specChanges(make(), held), [{ path: 'deployments.v2.state', from: 'loaded', to: 'unloaded' }]);
    assert.throws(() => stateEdit(held, ['v9'], 'loaded'), refused(/no version "v9"; it has v1, v2/, 'VERSION_NOT_FOUND'));
  });

  const one = (deployment: object): object => ({ deployments: [{ version: 'repo:v1', ...deployment }] });
  const cases: [what: string, changes: object, message: RegExp, code?: string][] = [
    ['an unknown key', { trafic: {} }, /unknown key "trafic"; did you mean traffic\?/],
    ['an unknown key of a deployment', one({ replica: 1 }), /deployments\[0\]: unknown key "replica"; did you mean replicas\?/],
    ['an unknown key deep inside', one({ batching: { maxbatch: 1 } }), /deployments\[0\]\.batching: unknown key "maxbatch"; did you mean maxBatch\?/],
    ['a bad name', { name: '../x' }, /service name "\.\.\/x" is not allowed/],
    ['no deployments', { deployments: [] }, /at least one; `undeploy` removes/],
    ['deployments that are no list', { deployments: {} }, /deployments: \{\} is not allowed/],
    ['a version without a repository', one({ version: 'v1' }), /write repository:version/],
    ['a version twice', { deployments: [{ version: 'a:v1' }, { version: 'b:v1' }] }, /version v1 stands twice .*a:v1 and b:v1/],
    ['another target', one({ target: 'moon' }), /local is the only target/],
    ['a state that there is not', one({ state: 'asleep' }), /deployments\[0\]\.state: "asleep" is not allowed: one of loaded, warm, drained, unloaded/],
    ['no replicas', one({ replicas: 0 }), /replicas: 0 is not allowed: .*--replicas 0\.\.1/],
    ['an idle time of what never sleeps', { deployments: [{ version: 'a:v1', replicas: { min: 1, idleSeconds: 5 } }] }, /replicas\.idleSeconds: 5 is not allowed: only a version with min 0/],
    ['no copy at all', { deployments: [{ version: 'a:v1', replicas: { min: 0, max: 0 } }] }, /replicas\.max: 0 is not allowed: a whole number from 1/],
    ['max below min', one({ replicas: { min: 3, max: 2 } }), /replicas\.max: 2 is not allowed: a whole number from 3 to 64/],
    ['half a thread', one({ resources: { threads: 0.5 } }), /threads: 0\.5/],
    ['memory in words', one({ resources: { memory: 'lots' } }), /memory: "lots" is not allowed: bytes/],
    ['too little memory', one({ resources: { memory: 5 } }), /at least 1 MiB/],
    ['a priority out of range', one({ priority: 1001 }), /priority: 1001 .* 0 to 1000/],
    ['an endless time-out', one({ timeouts: { runTimeoutMs: Number.POSITIVE_INFINITY } }), /runTimeoutMs: Infinity/],
    ['weights below 100', { traffic: { weights: { v1: 99.99 } } }, /must sum to 100, these sum to 99\.99/],
    ['three decimals', { traffic: { weights: { v1: 99.999, v2: 0.001 } } }, /at most two decimals/],
    ['a negative weight', { traffic: { weights: { v1: 110, v2: -10 } } }, /percent from 0 to 100/],
    ['NaN', { traffic: { weights: { v1: Number.NaN } } }, /weights\.v1: NaN/],
    ['a weight of nobody', { traffic: { weights: { v1: 50, v9: 50 } } }, /"v9" is not deployed in this service \(deployed: v1, v2\)/, 'VERSION_NOT_FOUND'],
    ['a weight of the prototype', { traffic: { weights: JSON.parse('{"__proto__": 100}') } }, /"__proto__" is not deployed/, 'VERSION_NOT_FOUND'],
    ['two kinds of traffic', { traffic: { version: 'v1', label: 'stable' } }, /exactly one of weights, version and label \(found version and label\)/],
    ['no kind of traffic', { traffic: {} }, /found none/],
    ['sticky without weights', { traffic: { version: 'v1', sticky: { header: 'x' } } }, /sticky: .* it needs weights/],
    ['sticky by two', { traffic: { weights: { v1: 100 }, sticky: { header: 'a', parameter: 'b' } } }, /exactly one of header and parameter/],
    ['a header with a space', { traffic: { weights: { v1: 100 }, sticky: { header: 'a b' } } }, /name of an HTTP header/],
    ['a default of nobody', { traffic: { version: 'v1', default: 'v3' } }, /traffic\.default: version "v3" is not deployed/, 'VERSION_NOT_FOUND'],
    ['a label of two repositories', { deployments: [{ version: 'a:v1' }, { version: 'b:v2' }], traffic: { label: 'stable' } }, /write repository:label/],
  ];
  for (const [what, changes, message, code] of cases) it(`refuses ${what}`, () => assert.throws(() => make(changes), refused(message, code)));

  it('lets a version sleep after five minutes unless it says when', () => {
    const replicas = (of: object) => make({ deployments: [{ version: 'a:v1', replicas: of }] }).deployments[0]?.replicas;
    assert.deepEqual([replicas({ min: 0 }), replicas({ min: 0, max: 3, idleSeconds: 20 }), replicas({ min: 2 })], [{ min: 0, max: 1, idleSeconds: 300 }, { min: 0, max: 3, idleSeconds: 20 }, { min: 2, max: 2 }]);
  });

  it('keeps traffic that still fits, and starts over otherwise', () => {
    const current = make({ traffic: { weights: { v1: 10, v2: 90 } } });
    assert.deepEqual(weightsOf(make({}, current).traffic), { v1: 10, v2: 90 });
    assert.deepEqual(weightsOf(make({ deployments: [{ version: 'repo:v1' }] }, current).traffic), { v1: 100 });
  });

  it('treats 0 and absent alike', () => assert.deepEqual(specChanges(make({ traffic: { weights: { v1: 100, v2: 0 } } }), make()), []));

  it('lists what differs, by path', () => {
    const changes = specChanges(make(), make({ deployments: [{ version: 'repo:v1', priority: 3 }], traffic: { version: 'v1' } }));
    assert.ok(changes.some(({ path, from, to }) => path === 'deployments.v1.priority' && from === 1 && to === 3));
    assert.ok(changes.some(({ path, to }) => path === 'deployments.v2.repository' && to === null));
    assert.ok(changes.some(({ path, from, to }) => path === 'traffic.kind' && from === 'weights' && to === 'version'));
  });
});

describe('weights', () => {
  it('scale exactly, by largest remainder', () => {
    assert.deepEqual(scaleWeights({ a: 1, b: 1, c: 1 }, 100), { a: 33.34, b: 33.33, c: 33.33 });
    assert.deepEqual(scaleWeights({ a: 90, b: 10 }, 75), { a: 67.5, b: 7.5 });
    assert.deepEqual(scaleWeights({}, 100), {});
  });
  it('give a version its part and take it back', () => {
    assert.deepEqual(withVersion({ a: 60, b: 40 }, 'c', 10), { a: 54, b: 36, c: 10 });
    assert.deepEqual(withVersion({ a: 60, b: 40 }, 'b', 100), { b: 100 });
    assert.deepEqual(withoutVersions({ a: 54, b: 36, c: 10 }, (version) => version === 'c'), { a: 60, b: 40 });
    assert.deepEqual(withoutVersions({ a: 100 }, () => true), {});
  });
});

describe('edits', () => {
  const base = make({ traffic: { weights: { v1: 90, v2: 10 }, sticky: { header: 'X-User' } } });
  it('deploy: the first version gets everything, a further one is dark unless weighed', () => {
    assert.deepEqual(weightsOf(deployEdit('shop', null, { version: 'repo:v1' }, resolve).traffic), { v1: 100 });
    assert.deepEqual(weightsOf(deployEdit('shop', base, { version: 'repo:v3' }, resolve).traffic), { v1: 90, v2: 10 });
    const weighed = deployEdit('shop', base, { version: 'repo:v3' }, resolve, 20).traffic;
    assert.deepEqual(weighed, { kind: 'weights', weights: { v1: 72, v2: 8, v3: 20 }, sticky: { header: 'x-user' }, defaultVersion: null });
  });
  it('deploy: changes settings of a version that is there, and keeps those not named', () => {
    const first = deployEdit('shop', base, { version: 'repo:v1', priority: 5, resources: { threads: 3 } }, resolve);
    const second = deployEdit('shop', first, { version: 'repo:v1', replicas: 2 }, resolve);
    assert.deepEqual([second.deployments.length, second.deployments[0]?.priority, second.deployments[0]?.resources.threads, second.deployments[0]?.replicas.min], [2, 5, 3, 2]);
    assert.throws(() => deployEdit('shop', base, { version: 'other:v1' }, resolve), refused(/use update/, 'PRECONDITION_FAILED'));
    assert.throws(() => deployEdit('shop', base, { version: 'repo:v3' }, resolve, Number.NaN), refused(/weight: NaN/));
  });
  it('update: takes place, weight and settings', () => {
    const tuned = deployEdit('shop', base, { version: 'repo:v2', priority: 5 }, resolve);
    const after = updateEdit(tuned, { version: 'repo:v3' }, resolve, 'v2');
    assert.deepEqual(after.deployments.map(({ version, priority }) => [version, priority]), [['v1', 1], ['v3', 5]]);
    assert.deepEqual(weightsOf(after.traffic), { v1: 90, v3: 10 });
    assert.throws(() => updateEdit(base, { version: 'repo:v3' }, resolve), refused(/say which one to replace/));
    assert.deepEqual(weightsOf(updateEdit(make(), { version: 'repo:v3' }, resolve).traffic), { v3: 100 });
  });
  it('update: a version that was dark beside the old one takes over', () => {
    const after = updateEdit(base, { version: 'repo:v2' }, resolve, 'v1');
    assert.deepEqual([after.deployments.map(({ version }) => version), weightsOf(after.traffic)], [['v2'], { v2: 100 }]);
  });
  it('undeploy: refuses traffic unless forced, and removes the service with the last', () => {
    assert.throws(() => undeployEdit(base, 'v1', false), refused(/has traffic \(90 %\)/, 'PRECONDITION_FAILED'));
    assert.deepEqual(weightsOf((undeployEdit(base, 'v1', true) as ServiceSpec).traffic), { v2: 100 });
    assert.throws(() => undeployEdit(base, 'v9', true), refused(/has no version "v9"; it has v1, v2/, 'VERSION_NOT_FOUND'));
    assert.equal(undeployEdit(make({ deployments: [{ version: 'repo:v1' }] }), 'v1', false), null);
  });
  it('undeploy: a version that traffic follows a label to has traffic; force gives it to the heir', () => {
    const labelled = make({ traffic: { label: 'stable', default: 'v1' } });
    assert.throws(() => undeployEdit(labelled, 'v2', false, 'v2'), refused(/follows label stable, which points to v2/, 'PRECONDITION_FAILED'));
    assert.deepEqual((undeployEdit(labelled, 'v2', true, 'v2') as ServiceSpec).traffic, { kind: 'version', version: 'v1', defaultVersion: 'v1' });
    assert.deepEqual((undeployEdit(labelled, 'v1', false, 'v2') as ServiceSpec).traffic, { kind: 'label', repository: 'repo', label: 'stable', defaultVersion: null });
  });
  it('new weights keep what traffic is sticky by and the default, null takes them away', () => {
    const sticky = { header: 'x-user' };
    const before = make({ traffic: { weights: { v1: 90, v2: 10 }, sticky, default: 'v1' } });
    const weights = { v1: 80, v2: 20 };
    assert.deepEqual(trafficEdit(before, { weights }).traffic, { kind: 'weights', weights, sticky, defaultVersion: 'v1' });
    assert.deepEqual(trafficEdit(before, { weights, sticky: { parameter: 'k' }, default: 'v2' }).traffic, { kind: 'weights', weights, sticky: { parameter: 'k' }, defaultVersion: 'v2' });
    assert.deepEqual(trafficEdit(before, { weights, sticky: null, default: null }).traffic, { kind: 'weights', weights, sticky: null, defaultVersion: null });
    assert.deepEqual(trafficEdit(before, { version: 'v2' }).traffic, { kind: 'version', version: 'v2', defaultVersion: null });
    assert.deepEqual(trafficEdit(trafficEdit(before, { version: 'v2', default: 'v1' }), { weights }).traffic, { kind: 'weights', weights, sticky: null, defaultVersion: null });
  });
  it('traffic and schedule change only what they name', () => {
    assert.deepEqual(trafficEdit(base, { version: 'v2', default: 'v1' }).traffic, { kind: 'version', version: 'v2', defaultVersion: 'v1' });
    const scheduled = scheduleEdit(base, 'v2', { priority: 9, replicas: { min: 1, max: 4 } });
    assert.deepEqual(specChanges(base, scheduled).map(({ path }) => path).sort(), ['deployments.v2.priority', 'deployments.v2.replicas.max']);
  });
  it('change nothing that they are given', () => assert.deepEqual(weightsOf(base.traffic), { v1: 90, v2: 10 }));
});
