import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ServiceStatus } from '../../src/deployment-engine/index.ts';
import { addSubModel, scaleModel } from '../../src/testing/onnx-models.ts';
import { factorOf, Load, scaleRequest, TestPlatform, until, WRONG_EXAMPLES } from './harness.ts';

describe('replacing versions under constant load', () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await TestPlatform.start();
    for (const factor of [1, 2, 3]) await platform.publish('scale', `v${factor}`, scaleModel(factor));
    await platform.api('POST', '/services/scale/deployments?wait=60', { deployment: { version: 'scale:v1' } });
  });
  after(() => platform.dispose());

  /** Callers that go on while `change` happens, until at least 200 further requests are through. */
  async function underLoad(change: () => Promise<void>): Promise<ReturnType<Load['stop']>> {
    const load = new Load({ clients: 8, url: `${platform.url}/v2/models/scale/infer`, body: () => scaleRequest(), check: (answer) => (`v${factorOf(answer)}` === answer.version ? undefined : `${answer.version} answered ${answer.body}`) });
    await until('the load runs', () => load.requests > 200);
    try {
      await change();
      const seen = load.requests;
      await until('the load went on', () => load.requests > seen + 200);
    } finally {
      const report = await load.stop();
      assert.deepEqual(report.failures.slice(0, 5), [], `${report.failures.length} of ${report.requests} requests failed`);
    }
    return load.stop();
  }

  it('updates without a failed request, and gives the memory of the old version back', async () => {
    const [old] = await platform.workerPids('scale', 'v1');
    const report = await underLoad(async () => {
      const { status } = await platform.api<{ status: ServiceStatus }>('POST', '/services/scale/update?wait=60', { deployment: { version: 'scale:v2' }, from: 'v1' });
      assert.equal(status.servingRevision, status.revision);
    });
    assert.ok((report.byVersion['v1'] ?? 0) > 0 && (report.byVersion['v2'] ?? 0) > 0, JSON.stringify(report.byVersion));
    await until('the old worker has gone', () => !platform.processes().some(({ pid }) => pid === old));
  });

  it('rolls back without a failed request', async () => {
    await underLoad(async () => void (await platform.api('POST', '/services/scale/rollback?wait=60', {})));
    assert.equal((await platform.infer('scale/infer', scaleRequest())).version, 'v1');
  });

  it('keeps the old version serving when the new one is broken, and says why', async () => {
    // The known answer is wrong, so the version must never become ready.
    await platform.publishFiles('scale', 'broken', { 'model.onnx': scaleModel(5), 'lepton-examples.json': WRONG_EXAMPLES });
    await underLoad(async () => {
      const { status } = await platform.api<{ status: ServiceStatus }>('POST', '/services/scale/update?wait=60', { deployment: { version: 'scale:broken' }, from: 'v1' });
      assert.notEqual(status.servingRevision, status.revision);
      assert.match(JSON.stringify(status.conditions), /KnownAnswerFailed/);
      assert.equal(status.versions.find(({ version }) => version === 'v1')?.weight, 100);
    });
    assert.equal((await platform.infer('scale/infer', scaleRequest())).version, 'v1');
    await platform.api('POST', '/services/scale/rollback?wait=60', {});
  });

  it('shifts weights and adds versions of another signature without a failed request', async () => {
    await platform.publish('scale', 'other', addSubModel({ batch: true }));
    await underLoad(async () => {
      await platform.api('POST', '/services/scale/deployments?wait=60', { deployment: { version: 'scale:v3' } });
      await platform.api('POST', '/services/scale/deployments?wait=60', { deployment: { version: 'scale:other' } });
      for (const v3 of [25, 75, 100]) await platform.api('PUT', '/services/scale/traffic?wait=30', { traffic: { weights: { v1: 100 - v3, v3 } } });
      await platform.api('DELETE', '/services/scale/deployments/v1?wait=30');
    });
    assert.equal((await platform.infer('scale/infer', scaleRequest())).version, 'v3');
  });

  it('refuses what is not a model, and stores nothing', async () => {
    await assert.rejects(platform.publish('scale', 'junk', Buffer.from('this is not ONNX')), /MODEL_INVALID/);
    const { items } = await platform.api<{ items: { version: string }[] }>('GET', '/repositories/scale/versions').then((value) => (Array.isArray(value) ? { items: value } : (value as { items: { version: string }[] })));
    assert.ok(!items.some(({ version }) => version === 'junk'));
  });
});
