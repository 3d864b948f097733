import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UNLIMITED } from '../targets/index.ts';
import { LoadTurns } from './load-turns.ts';

/** Whether a promise has resolved after everything that could resolve it now has run. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  void promise.then(() => (done = true));
  await new Promise((resolve) => setImmediate(resolve));
  return done;
}

function worker() {
  const weights: (number | undefined)[] = [];
  return { weights, adjust: async ({ cpuWeight }: { cpuWeight?: number }) => (weights.push(cpuWeight), { limits: UNLIMITED, states: [] }) };
}

describe('turns of loads', () => {
  it('let in as many as half of the cores, and the next one when one is over', async () => {
    const turns = new LoadTurns({ cores: 4 });
    const first = await turns.enter(false);
    await turns.enter(false);
    const third = turns.enter(false);
    assert.equal(await settled(third), false);
    first.end();
    first.end();
    assert.equal(await settled(third), true);
    const fourth = turns.enter(false);
    assert.equal(await settled(fourth), false, 'who ends twice makes room once');
  });
  it('let in one that requests wait for beside one that nobody waits for, at a larger share', async () => {
    const turns = new LoadTurns({ cores: 2 });
    const usual = await turns.enter(false);
    const awaited = await turns.enter(true);
    assert.ok(usual.cpuWeight < awaited.cpuWeight && awaited.cpuWeight < UNLIMITED.cpuWeight);
  });
  it('give the worker its full weight when it is ready', async () => {
    const turn = await new LoadTurns({ cores: 2 }).enter(false);
    const loading = worker();
    turn.begin(loading);
    assert.deepEqual(loading.weights, []);
    turn.end();
    assert.deepEqual(loading.weights, [UNLIMITED.cpuWeight]);
  });
  it('are over after a while, so that a load that hangs holds nobody up', async () => {
    const turns = new LoadTurns({ cores: 2, turnMaxMs: 20 });
    const stuck = worker();
    (await turns.enter(false)).begin(stuck);
    await turns.enter(false);
    assert.deepEqual(stuck.weights, [UNLIMITED.cpuWeight]);
  });
});
