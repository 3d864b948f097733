import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { differences } from './differences.ts';
import { evenly, faultOf, inputOf, type TrafficDraft, weightSum, withWeight } from './traffic-draft.ts';

const draft = (weights: Record<string, number>, more: Partial<TrafficDraft> = {}): TrafficDraft => ({ kind: 'weights', weights, version: '', label: '', sticky: 'none', stickyName: '', ...more });

describe('the traffic draft', () => {
  it('keeps the sum at 100 when one weight moves', () => {
    for (const weights of [{ a: 80, b: 20, c: 0 }, { a: 33.3, b: 33.3, c: 33.4 }, { a: 100, b: 0, c: 0 }, { a: 0, b: 0, c: 0 }]) {
      for (const weight of [0, 1, 12.5, 33.3, 99, 100]) assert.equal(weightSum(withWeight(draft(weights), 'a', weight)), 100, JSON.stringify([weights, weight]));
    }
  });

  it('leaves the others as they stood to each other', () => {
    assert.deepEqual(withWeight(draft({ a: 10, b: 60, c: 30 }), 'a', 40).weights, { a: 40, b: 40, c: 20 });
  });

  it('shares evenly, whatever the count', () => {
    for (let count = 1; count <= 200; count++) assert.equal(weightSum(evenly(draft(Object.fromEntries(Array.from({ length: count }, (_none, index) => [`v${index}`, 0]))))), 100);
  });

  it('says what is missing', () => {
    assert.equal(faultOf(draft({ a: 60, b: 20 })), 'sum');
    assert.equal(faultOf(draft({ a: 60, b: 40 })), null);
    assert.equal(faultOf(draft({ a: 100 }, { sticky: 'header', stickyName: '  ' })), 'stickyName');
    assert.equal(faultOf(draft({}, { kind: 'label' })), 'label');
  });

  it('becomes what the API takes', () => {
    assert.deepEqual(inputOf(draft({ a: 60, b: 40 }, { sticky: 'header', stickyName: ' x-user ' })), { weights: { a: 60, b: 40 }, sticky: { header: 'x-user' } });
    assert.deepEqual(inputOf(draft({ a: 100 }, { kind: 'version', version: 'a' })), { version: 'a' });
    assert.deepEqual(inputOf(draft({ a: 100 })), { weights: { a: 100 }, sticky: null });
  });
});

describe('differences of declarations', () => {
  it('are named by version, not by place', () => {
    const from = { deployments: [{ version: 'a', priority: 0 }, { version: 'b', priority: 0 }], traffic: { kind: 'version', version: 'a' } };
    const to = { deployments: [{ version: 'b', priority: 2 }], traffic: { kind: 'version', version: 'b' } };
    assert.deepEqual(differences(from, to), [
      { path: 'deployments.a', from: { version: 'a', priority: 0 } },
      { path: 'deployments.b.priority', from: 0, to: 2 },
      { path: 'traffic.version', from: 'a', to: 'b' },
    ]);
  });

  it('of the same are none', () => assert.deepEqual(differences({ a: [1] }, { a: [1] }), []));
});
