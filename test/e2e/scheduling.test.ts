/** The scheduler on a real platform: replicas follow demand, and nothing is lost meanwhile. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Explanation, PlanDetails, PlanSummary } from '../../src/deployment-engine/index.ts';
import { slowModel } from '../../src/testing/onnx-models.ts';
import { lepton, Load, TestPlatform, until } from './harness.ts';

/** Of a machine with one core a second replica would only take from the first. */
const skip = availableParallelism() < 2 && 'one core has no room for a second replica';
const REQUEST = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1], data: [1] }] };

describe('scheduling', { skip }, () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await TestPlatform.start('--scale-down-after', '4s', '--plan-interval', '1s');
    await platform.publish('slow', 'v1', slowModel(10));
    await platform.publish('slow', 'v2', slowModel(5));
    await platform.api('PUT', '/services/slow?wait=60', { deployments: [{ version: 'slow:v1', replicas: { min: 1, max: 3 }, priority: 2 }, { version: 'slow:v2', priority: 1 }] });
  });
  after(() => platform.dispose());

  const readyReplicas = async (): Promise<number> => (await platform.workerPids('slow', 'v1')).length;

  it('grows under load, keeps it over a restart of control, shrinks after it, and loses nothing', async () => {
    assert.equal(await readyReplicas(), 1);
    const load = new Load({ clients: 12, url: `${platform.url}/v2/models/slow/versions/v1/infer`, body: () => REQUEST });
    try {
      await until('a second replica is ready', async () => (await readyReplicas()) >= 2);
      const pids = await platform.workerPids('slow', 'v1');
      await platform.killControl();
      await platform.startControl();
      const after = await until('the replicas were adopted', async () => ((await readyReplicas()) >= 2 ? platform.workerPids('slow', 'v1') : null));
      assert.deepEqual(pids.filter((pid) => !after.includes(pid)), [], 'the replicas of before still run');
    } finally {
      assert.deepEqual((await load.stop()).failures, []);
    }
    await until('one replica is left', async () => (await readyReplicas()) === 1);
  });

  it('keeps what it executed, and can solve it again', async () => {
    const [newest] = await until('a plan was kept', async () => {
      const plans = await platform.api<PlanSummary[]>('GET', '/plans');
      return plans.some(({ changes }) => changes.some((change) => change.startsWith('slow:v1 from 1 to 2'))) ? plans : null;
    });
    assert.ok(newest);
    const plan = await platform.api<PlanDetails>('GET', `/plans/${newest.id}`);
    assert.deepEqual(plan.versions.map(({ id }) => id), ['slow:v1', 'slow:v2']);
    const file = join(platform.directory, 'plan.lp');
    const shown = await lepton(platform, 'plan', '--id', String(newest.id), '--lp', file, '--json');
    assert.equal(shown.code, 0, shown.stderr);
    const again = JSON.parse(shown.stdout) as PlanDetails & { solvedAgain: { objective: number } };
    assert.ok(Math.abs(again.solvedAgain.objective - plan.objective) <= 1e-6 * Math.max(1, Math.abs(plan.objective)), `${again.solvedAgain.objective} is ${plan.objective}`);
    assert.match(readFileSync(file, 'utf8'), /Maximize[\s\S]*served/i);
  });

  it('shows the next plan and does nothing of it', async () => {
    const before = await platform.api<PlanSummary[]>('GET', '/plans?limit=1');
    const next = await platform.api<PlanDetails>('GET', '/plan');
    assert.deepEqual([next.id, next.changes], [null, []]);
    assert.deepEqual((await platform.api<PlanSummary[]>('GET', '/plans?limit=1'))[0]?.id, before[0]?.id);
    const none = await lepton(platform, 'plan', '--id', '999999');
    assert.equal(none.code, 3, none.stderr);
  });

  it('explains what a version gets: a minimum that can’t be kept is named, and so is what it lacks', async () => {
    await platform.api('PATCH', '/services/slow/deployments/v1?wait=60', { placement: { zone: 'nowhere' }, quality: 'accuracy', servedMin: 0.5 });
    const explained = await platform.api<Explanation>('GET', '/services/slow/explanation');
    const [v1] = explained.versions.filter(({ version }) => version === 'v1');
    assert.equal(v1?.qualityBasis, '1, since its metadata has no number above 0 named "accuracy"');
    assert.ok(explained.conflicts.some((conflict) => conflict.includes('slow:v1 must be on a node with zone=nowhere')), JSON.stringify(explained.conflicts));
    const shown = await lepton(platform, 'explain', 'slow');
    assert.equal(shown.code, 0, shown.stderr);
    assert.match(shown.stdout, /What can’t all be kept\n.*slow:v1 must be on a node with zone=nowhere/);
    const gone = await lepton(platform, 'schedule', 'slow', 'v1', '--placement', 'none', '--quality', '0.9', '--served-min', 'none', '--priority', '5');
    assert.equal(gone.code, 0, gone.stderr);
    const after = await platform.api<Explanation>('GET', '/services/slow/explanation');
    assert.deepEqual([after.conflicts, after.versions.map(({ priority, quality }) => priority * quality)], [[], [4.5, 1]]);
    assert.equal((await lepton(platform, 'explain', 'nobody')).code, 3);
  });

  it('moves traffic within the ranges of a policy, to what is worth more', async () => {
    await platform.api('PATCH', '/services/slow/deployments/v1?wait=60', { quality: 1, priority: 1 });
    await platform.api('PATCH', '/services/slow/deployments/v2?wait=60', { quality: 0.5, priority: 1 });
    const set = await lepton(platform, 'traffic', 'slow', 'v1=50', 'v2=50', '--range', 'v1=20..90', '--range', 'v2=10..80');
    assert.equal(set.code, 0, set.stderr);
    const load = new Load({ clients: 1, url: `${platform.url}/v2/models/slow/infer`, body: () => REQUEST, pauseMs: 50 });
    try {
      await until('the better version has all that its range allows', async () => (await platform.service('slow')).versions.find(({ version }) => version === 'v1')?.weight === 90);
    } finally {
      assert.deepEqual((await load.stop()).failures, []);
    }
    assert.match((await lepton(platform, 'traffic', 'slow')).stdout, /v1=90 v2=10 \(wanted: v1=50 v2=50, moved by the scheduler within v1=20\.\.90 v2=10\.\.80\)/);
  });
});
