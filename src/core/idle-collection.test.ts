import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IdleCollection } from './index.ts';

const MIB = 2 ** 20;

test('memory is collected when it has grown and nothing is done, and not again until it has grown anew', () => {
  const idle = new IdleCollection(10 * MIB);
  assert.equal(idle.due(0, 12 * MIB), false, 'nothing to gain');
  assert.equal(idle.due(5, 100 * MIB), false, 'busy');
  assert.equal(idle.due(6, 100 * MIB), false, 'still busy');
  assert.equal(idle.due(6, 100 * MIB), true);
  idle.collected(60 * MIB);
  assert.equal(idle.due(6, 60 * MIB), false, 'what is left is in use');
  assert.equal(idle.due(7, 90 * MIB), false);
  assert.equal(idle.due(7, 90 * MIB), true);
});
