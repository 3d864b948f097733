import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { VersionStatus } from '../../src/deployment-engine/index.ts';
import { scaleModel } from '../../src/testing/onnx-models.ts';
import { factorOf, lepton, scaleRequest, TestPlatform, until } from './harness.ts';

interface Event {
  readonly reason: string;
  readonly version?: string;
  readonly message: string;
}

describe('versions that are loaded on demand', () => {
  let platform: TestPlatform;
  before(async () => {
    platform = await TestPlatform.start();
    for (const factor of [1, 2]) await platform.publish('scale', `v${factor}`, scaleModel(factor));
  });
  after(() => platform.dispose());

  const onDemand = (version: string, more: object = {}) => ({ version: `scale:${version}`, replicas: { min: 0, max: 1, idleSeconds: 1 }, ...more });
  const deploy = (service: string, ...deployments: object[]) => platform.api('PUT', `/services/${service}?wait=60`, { deployments });
  const versionOf = async (service: string, version: string): Promise<VersionStatus> => (await platform.service(service)).versions.find((one) => one.version === version) as VersionStatus;
  const asleep = (service: string, version: string) => until(`${service}:${version} is asleep`, async () => (await versionOf(service, version)).phase === 'asleep' && (await platform.workerPids(service, version)).length === 0);
  const events = async (service: string, reason: string): Promise<Event[]> => (await platform.api<Event[]>('GET', `/events?service=${service}&limit=1000`)).filter((event) => event.reason === reason);

  it('loads a new version once, lets it go when it is idle, and brings it back once for all requests that wait', async () => {
    await deploy('one', onDemand('v1'));
    assert.equal((await versionOf('one', 'v1')).phase, 'ready');
    await asleep('one', 'v1');
    const loads = (await events('one', 'ReplicaReady')).length;
    const answers = await Promise.all(Array.from({ length: 50 }, () => platform.infer('one/infer', scaleRequest())));
    assert.deepEqual(answers.map(({ status }) => status), Array(50).fill(200));
    assert.equal(factorOf(answers[0] as (typeof answers)[number]), 1);
    assert.equal((await events('one', 'ReplicaReady')).length, loads + 1);
    assert.equal((await events('one', 'VersionWoken')).length, 1);
  });

  it('says in the status how to wake it, is ready all the while, and wakes by command', async () => {
    await asleep('one', 'v1');
    assert.match((await lepton(platform, 'status', 'one')).stdout, /asleep.*lepton-ai load one:v1/s);
    assert.equal((await fetch(`${platform.url}/v2/models/one/ready`)).status, 200);
    const woken = await lepton(platform, 'load', 'one:v1');
    assert.equal(woken.code, 0, woken.stderr);
    assert.equal((await platform.workerPids('one', 'v1')).length, 1);
  });

  it('is still asleep when control is killed and started again, and answers then', async () => {
    await asleep('one', 'v1');
    await platform.killControl();
    await platform.startControl();
    assert.equal((await versionOf('one', 'v1')).phase, 'asleep');
    assert.equal((await platform.infer('one/infer', scaleRequest())).status, 200);
  });
});
