import assert from 'node:assert/strict';
import { it } from 'node:test';
import { outcomeOf } from './outcome.ts';
import type { ServiceStatus } from './types.ts';

const version = (name: string, phase: string, weight: number) => ({ version: name, phase, weight, desired: true, reason: phase === 'failed' ? 'LoadFailed' : '', message: phase === 'failed' ? 'bad bytes' : '', replicas: [{ phase: 'ready' }], replicasDesired: 1 });
const messageOf = (...versions: object[]): string => outcomeOf({ observedRevision: 2, servingRevision: 1, versions } as unknown as ServiceStatus, 2).message;

it('an outcome names versions as versions, and counts them', () => {
  assert.equal(messageOf(version('1', 'starting', 0)), 'version 1 is starting');
  assert.equal(messageOf(version('3', 'failed', 0)), 'version 3 failed: LoadFailed: bad bytes');
  assert.equal(messageOf(version('1', 'ready', 100), version('3', 'failed', 0)), 'version 3 failed: LoadFailed: bad bytes; version 1 keeps serving');
  assert.equal(messageOf(version('1', 'ready', 50), version('2', 'ready', 50), version('3', 'failed', 0)), 'version 3 failed: LoadFailed: bad bytes; versions 1, 2 keep serving');
});
