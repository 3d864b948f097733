import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  asLeptonError, canonicalJson, checkName, digestOf, ERRORS, elementCount, GrpcStatus, LeptonError, leptonErrorFromJson, manifestDigest, nearest,
  parseReference, type ReplicaPhase, type ReplicaState, shapeFits, transition, type VersionManifest,
} from './index.ts';

const code = (expected: string) => (error: unknown) => error instanceof LeptonError && error.code === expected;

describe('errors', () => {
  it('give every code an HTTP status from 400 and a gRPC status other than OK', () => {
    for (const [name, kind] of Object.entries(ERRORS)) {
      assert.ok(kind.http >= 400 && kind.http < 600, name);
      assert.ok(GrpcStatus[kind.grpc] > 0, name);
      assert.match(kind.help, /\.$/, name);
    }
  });
  it('survive the way over a process border', () => {
    const error = new LeptonError('QUEUE_FULL', 'queue of 3 is full');
    const back = leptonErrorFromJson(JSON.parse(JSON.stringify(error)));
    assert.equal(back.code, 'QUEUE_FULL');
    assert.equal(back.message, error.message);
    assert.equal(back.httpStatus, 429);
  });
  it('say when to come back if that may help, and only then', () => {
    for (const [name, { http }] of Object.entries(ERRORS)) assert.equal(new LeptonError(name as keyof typeof ERRORS, '').retryAfterSeconds, http === 429 || http === 503 ? 1 : undefined, name);
    assert.equal(new LeptonError('QUEUE_FULL', '', { retryAfterSeconds: 7 }).retryAfterSeconds, 7);
  });
  it('become INTERNAL with their cause when nobody foresaw them', () => {
    const cause = new TypeError('x is not a function');
    const error = asLeptonError(cause);
    assert.equal(error.code, 'INTERNAL');
    assert.equal(error.cause, cause);
    assert.equal(leptonErrorFromJson({ code: '__proto__', error: 'x' }).code, 'INTERNAL');
  });
});

describe('names', () => {
  it('accept versions as people write them', () => {
    for (const name of ['v1.0', '2', 'v-next', 'Model_v2', '2024-01-01+build.7']) assert.equal(checkName('version', name), name);
  });
  it('refuse what could be a path, an option or a prototype, with the value', () => {
    for (const name of ['', '.', '..', '../x', 'a/b', '-rf', '__proto__', 'a b', 'ä', 'x'.repeat(129), 7, null, undefined, 'a\n']) {
      assert.throws(() => checkName('version', name), code('INVALID_ARGUMENT'), String(name));
    }
  });
  it('parse references and say how to write one', () => {
    assert.deepEqual(parseReference('my-model:v1.0'), { repository: 'my-model', version: 'v1.0' });
    for (const text of ['my-model', 'my-model:', ':v1', 'a:b:c', 'a/b:c']) assert.throws(() => parseReference(text), code('INVALID_ARGUMENT'));
  });
  it('find the nearest candidate and none when all are far', () => {
    assert.equal(nearest('replcas', ['replicas', 'priority']), 'replicas');
    assert.equal(nearest('zzzzzzzz', ['replicas', 'priority']), undefined);
  });
});

describe('shapes', () => {
  it('count elements; a scalar has one and an empty tensor none', () => {
    assert.equal(elementCount([]), 1);
    assert.equal(elementCount([2, 3, 4]), 24);
    assert.equal(elementCount([7, 0]), 0);
  });
  it('refuse negative, fractional and overflowing sizes before anything is allocated', () => {
    for (const shape of [[-1], [1.5], [Number.NaN], [2 ** 32, 2 ** 32], [2 ** 53]]) assert.throws(() => elementCount(shape), code('INVALID_ARGUMENT'), String(shape));
  });
  it('fit a specification when rank and fixed sizes agree', () => {
    assert.ok(shapeFits([5, 16], [-1, 16]));
    assert.ok(!shapeFits([5, 15], [-1, 16]));
    assert.ok(!shapeFits([16], [-1, 16]));
  });
});

describe('manifest digest', () => {
  const manifest: VersionManifest = {
    schema: 1, format: 'onnx', entry: 'model.onnx', files: [{ path: 'model.onnx', digest: digestOf('x'), size: 1 }],
    signature: { inputs: [], outputs: [] }, batching: null, metadata: { b: 1, a: { d: 1, c: 2 } }, model: {}, parent: null,
  };
  it('does not depend on the order of keys', () => {
    assert.equal(manifestDigest(manifest), manifestDigest({ ...manifest, metadata: { a: { c: 2, d: 1 }, b: 1 } }));
    assert.equal(canonicalJson({ b: [2, 1], a: null }), '{"a":null,"b":[2,1]}');
  });
  it('depends on every part', () => {
    const digests = [manifest, { ...manifest, entry: 'other.onnx' }, { ...manifest, metadata: {} }, { ...manifest, parent: digestOf('p') }].map((value) => manifestDigest(value));
    assert.equal(new Set(digests).size, digests.length);
  });
});

describe('replica phases', () => {
  const PHASES: readonly ReplicaPhase[] = ['pending', 'starting', 'ready', 'draining', 'stopped', 'failed'];
  const state = (phase: ReplicaPhase): ReplicaState => ({ phase, reason: 'Created', message: '' });
  const allowed = (from: ReplicaPhase): ReplicaPhase[] =>
    PHASES.filter((to) => {
      try {
        return transition(state(from), state(to)).phase === to;
      } catch {
        return false;
      }
    });
  it('follow the diagram and nothing else', () => {
    assert.deepEqual(Object.fromEntries(PHASES.map((phase) => [phase, allowed(phase)])), {
      pending: ['starting', 'stopped', 'failed'],
      starting: ['ready', 'draining', 'stopped', 'failed'],
      ready: ['draining', 'stopped', 'failed'],
      draining: ['stopped', 'failed'],
      stopped: [],
      failed: [],
    });
  });
});
