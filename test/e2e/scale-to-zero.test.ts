import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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
    const loads = (await events('one', 'ReplicaReady')).length;
    await platform.killControl();
    await platform.startControl();
    // What the last control had not written yet is looked for first.
    await until('control has looked', async () => (await versionOf('one', 'v1')).phase !== 'waking');
    assert.equal((await versionOf('one', 'v1')).phase, 'asleep');
    assert.equal((await events('one', 'ReplicaReady')).length, loads);
    assert.equal((await platform.infer('one/infer', scaleRequest())).status, 200);
  });

  it('answers what came while control was away, once it is back', async () => {
    await asleep('one', 'v1');
    await platform.killControl();
    const answers = Array.from({ length: 5 }, () => platform.infer('one/infer', scaleRequest()));
    await platform.startControl();
    assert.deepEqual((await Promise.all(answers)).map(({ status }) => status), Array(5).fill(200));
    assert.equal((await platform.workerPids('one', 'v1')).length, 1);
  });

  it('answers after control was killed in the middle of a wake', async () => {
    await asleep('one', 'v1');
    const answer = platform.infer('one/infer', scaleRequest());
    await until('it is being loaded', async () => (await platform.workerPids('one', 'v1')).length > 0);
    await platform.killControl();
    await platform.startControl();
    assert.equal((await answer).status, 200);
    // Control answers before it has adopted everything: a worker without a socket yet has its time to make one.
    await until('there is one worker', async () => (await platform.workerPids('one', 'v1')).length === 1);
  });

  it('tells those who wait why it can’t be loaded, and loads again when it is asked to', async () => {
    await deploy('broken', onDemand('v2'));
    await asleep('broken', 'v2');
    const bytes = scaleModel(2);
    const hex = createHash('sha256').update(bytes).digest('hex');
    const model = join(platform.dataDirectory, 'blobs/sha256', hex.slice(0, 2), hex);
    await chmod(model, 0o644);
    await writeFile(model, 'no model');
    try {
      const refused = await Promise.all([platform.infer('broken/infer', scaleRequest()), platform.infer('broken/versions/v2/infer', scaleRequest())]);
      for (const { status, body } of refused) {
        assert.equal(status, 503);
        assert.match(body, /version 'v2' is failed/);
      }
      assert.deepEqual(await platform.workerPids('broken', 'v2'), []);
    } finally {
      await writeFile(model, bytes);
      await chmod(model, 0o444);
    }
    await until('it loads again', async () => (await lepton(platform, 'load', 'broken:v2')).code === 0);
    assert.equal((await platform.infer('broken/infer', scaleRequest())).status, 200);
  });
});

/** Of a replica that has loaded the test's model. */
async function measuredBytes(): Promise<number> {
  const platform = await TestPlatform.start();
  try {
    await platform.publish('scale', 'v1', scaleModel(1));
    await platform.api('PUT', '/services/scale?wait=60', { deployments: [{ version: 'scale:v1' }] });
    const [version] = (await platform.service('scale')).versions;
    return Math.max(version?.profile?.residentBytes ?? 0, ...(version?.replicas ?? []).map(({ residentBytes }) => residentBytes ?? 0));
  } finally {
    await platform.dispose();
  }
}

describe('memory for one of two versions', () => {
  let platform: TestPlatform;
  before(async () => {
    const bytes = await measuredBytes();
    platform = await TestPlatform.start('--worker-bytes-max', String(Math.round(bytes * 1.6)));
    for (const factor of [1, 2]) await platform.publish('scale', `v${factor}`, scaleModel(factor));
    await platform.api('PUT', '/services/scale?wait=60', { deployments: [1, 2].map((factor) => ({ version: `scale:v${factor}`, replicas: { min: 0, max: 1, idleSeconds: 600 } })) });
  });
  after(() => platform.dispose());

  it('they take turns: every request is answered, and loads are few', async () => {
    let going = true;
    const answers: { version: string; status: number; body: string }[] = [];
    const client = async (version: string): Promise<void> => {
      while (going) {
        const { status, body } = await platform.infer(`scale/versions/${version}/infer`, scaleRequest());
        answers.push({ version, status, body });
      }
    };
    const loads = async (): Promise<number> => (await platform.api<Event[]>('GET', '/events?service=scale&limit=1000')).filter(({ reason }) => reason === 'ReplicaReady').length;
    const before = await loads();
    const began = performance.now();
    const clients = ['v1', 'v1', 'v2', 'v2'].map(client);
    await new Promise((resolve) => setTimeout(resolve, 12_000));
    going = false;
    await Promise.all(clients);
    const seconds = (performance.now() - began) / 1000;
    assert.deepEqual(answers.filter(({ status }) => status !== 200), []);
    const turns = (await loads()) - before;
    for (const version of ['v1', 'v2']) assert.ok(answers.some((answer) => answer.version === version));
    // A turn lasts a second at least, however fast the load.
    assert.ok(turns >= 2 && turns <= seconds + 1, `${turns} loads in ${seconds} s`);
  });

  it('one that does not fit beside what must stay waits and says so, with the numbers; whoever waits is told when it is unloaded or undeployed', async () => {
    await platform.api('PUT', '/services/pinned?wait=60', { deployments: [{ version: 'scale:v1' }] });
    for (const leave of ['unload', 'undeploy']) {
      await platform.api('PUT', '/services/held', { deployments: [{ version: 'scale:v2', replicas: { min: 0, max: 1 }, state: 'loaded' }] });
      const message = await until('it waits for memory', async () => (await platform.service('held')).versions.find(({ reason }) => reason === 'InsufficientMemory')?.message);
      assert.match(message, /^it needs \d+ MiB, and versions hold \d+ MiB of the \d+ MiB that they may have, \d+ MiB by versions that must stay; unload one of them/);
      const refused = await until('the gateway knows', async () => {
        const answer = await platform.infer('held/versions/v2/infer', scaleRequest());
        return /InsufficientMemory/.test(answer.body) && answer;
      });
      assert.equal(refused.status, 503);
      const left = await lepton(platform, leave, ...(leave === 'unload' ? ['held:v2'] : ['held', '--all']));
      assert.equal(left.code, 0, left.stderr);
    }
    assert.equal((await platform.infer('pinned/infer', scaleRequest())).status, 200);
  });

  it('what no machine of this size could hold is refused at once', async () => {
    await platform.api('PUT', '/services/huge', { deployments: [{ version: 'scale:v1', resources: { memory: '1TiB', threads: 2 } }] });
    const version = await until('it is refused', async () => (await platform.service('huge')).versions.find(({ phase }) => phase === 'failed'));
    assert.match(`${version.reason}: ${version.message}`, /^InsufficientMemory: it needs 1024\.0 GiB, and all versions together may have \d+ MiB/);
  });
});
