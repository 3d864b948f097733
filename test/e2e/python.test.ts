import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { ServiceStatus } from '../../src/deployment-engine/index.ts';
import { scaleModel } from '../../src/testing/onnx-models.ts';
import { factorOf, lepton, scaleRequest, signalIfAlive, TestPlatform, until } from './harness.ts';
import { descriptor, PYTHON, ruleModel, sklearnModel } from './support/python-models.ts';

/** Everything that both Python versions need: they share one environment. */
const REQUIREMENTS = ['joblib==1.5.3', 'numpy==2.1.0', 'scikit-learn==1.7.2', 'scipy==1.16.3', 'threadpoolctl==3.6.0'];
const BUILD_TIMEOUT_SECONDS = 240;

interface Environment {
  readonly digest: string;
  readonly state: string;
  readonly versions: readonly string[];
}

describe('Python versions beside ONNX in one service', () => {
  let platform: TestPlatform;
  const environments = (): Promise<readonly Environment[]> => platform.api('GET', '/environments');
  const ask = async (version: string): Promise<number> => factorOf(await platform.infer(`mixed/versions/${version}/infer`, scaleRequest()));
  const deploy = (version: string): Promise<{ status: ServiceStatus }> => platform.api('POST', `/services/mixed/deployments?wait=${BUILD_TIMEOUT_SECONDS}`, { deployment: { version: `mixed:${version}` } });
  const stateOf = async (version: string) => (await platform.service('mixed')).versions.find((one) => one.version === version);

  before(async () => {
    platform = await TestPlatform.start();
    await platform.publish('mixed', 'onnx', scaleModel(2, { batch: true }));
    await deploy('onnx');
  });
  after(() => platform.dispose());

  it('serves a rule class in an environment that it builds, and tells so while it does', async () => {
    await platform.publishFiles('mixed', 'rule', ruleModel(3, PYTHON, REQUIREMENTS));
    const deployed = deploy('rule');
    const building = await until('the environment is being built', async () => {
      const found = await stateOf('rule');
      return found?.reason === 'EnvironmentBuilding' && found;
    });
    assert.equal(building.phase, 'starting');
    assert.equal(await ask('onnx'), 2, 'the others answer meanwhile');
    const { status } = await deployed;
    assert.equal(status.versions.find(({ version }) => version === 'rule')?.phase, 'ready', JSON.stringify(status.versions));
    assert.equal(await ask('rule'), 3);
    const { stdout } = await lepton(platform, 'logs', 'mixed', '--version', 'rule');
    assert.match(stdout, /pip install .*Successfully installed .*numpy-2\.1\.0/s);
  });

  it('serves a scikit-learn version in the same environment, at once', async () => {
    const [environment] = await environments();
    const interpreter = join(platform.dataDirectory, 'environments', environment?.digest.slice(7) ?? '', 'bin/python');
    await platform.publishFiles('mixed', 'sklearn', await sklearnModel(interpreter, join(platform.directory, 'model.joblib'), PYTHON, REQUIREMENTS));
    const { status } = await deploy('sklearn');
    const { profile } = status.versions.find(({ version }) => version === 'sklearn') ?? {};
    assert.equal(profile?.batchable, true, profile?.batchableReason);
    assert.ok(Math.abs((await ask('sklearn')) - 100) < 0.01);
    assert.deepEqual((await environments()).map(({ state, versions }) => [state, versions]), [['built', ['mixed:rule', 'mixed:sklearn']]]);
  });

  it('splits traffic among the three', async () => {
    await platform.api('PUT', '/services/mixed/traffic?wait=30', { traffic: { weights: { onnx: 34, rule: 33, sklearn: 33 } } });
    const counts = new Map<string | undefined, number>();
    const wanted: Readonly<Record<string, number>> = { onnx: 2, rule: 3, sklearn: 100 };
    for (let request = 0; request < 90; request++) {
      const answer = await platform.infer('mixed/infer', scaleRequest());
      assert.equal(answer.status, 200, answer.body);
      assert.ok(Math.abs(factorOf(answer) - (wanted[answer.version ?? ''] ?? Number.NaN)) < 0.01, `${answer.version}: ${answer.body}`);
      counts.set(answer.version, (counts.get(answer.version) ?? 0) + 1);
    }
    for (const version of Object.keys(wanted)) assert.ok((counts.get(version) ?? 0) > 20, JSON.stringify([...counts]));
  });

  it('starts a Python worker that was killed again, while the others go on', async () => {
    const [pid] = await platform.workerPids('mixed', 'rule');
    signalIfAlive(pid as number, 'SIGKILL');
    await until('another process answers', async () => (await ask('rule')) === 3 && (await platform.workerPids('mixed', 'rule'))[0] !== pid);
    assert.equal((await stateOf('rule'))?.restarts, 1);
    assert.equal((await stateOf('sklearn'))?.restarts, 0);
  });

  it('answers what the model raises with its own words, and goes on', async () => {
    const answer = await platform.infer('mixed/versions/rule/infer', scaleRequest([-2000, 1, 1, 1]));
    assert.ok(answer.status >= 400 && /ValueError.*a number below -1000/.test(answer.body), `${answer.status} ${answer.body}`);
    assert.equal(await ask('rule'), 3);
  });

  it('is updated and rolled back', async () => {
    await platform.publishFiles('mixed', 'rule-2', ruleModel(4, PYTHON, REQUIREMENTS));
    await platform.api('POST', '/services/mixed/update?wait=60', { deployment: { version: 'mixed:rule-2' }, from: 'rule' });
    assert.equal(await ask('rule-2'), 4);
    await platform.api('POST', '/services/mixed/rollback?wait=60', {});
    assert.equal(await ask('rule'), 3);
  });

  it('adopts a registered interpreter that has what is needed, and builds nothing', async () => {
    const [built] = await environments();
    const interpreter = join(platform.dataDirectory, 'environments', built?.digest.slice(7) ?? '', 'bin/python');
    await platform.publishFiles('mixed', 'adopted', ruleModel(5, PYTHON, ['numpy==2.1.0']));
    const { digest } = (await environments()).find(({ versions }) => versions.includes('mixed:adopted')) as Environment;
    await platform.api('PUT', `/environments/${digest}`, { interpreter });
    await deploy('adopted');
    assert.equal(await ask('adopted'), 5);
    assert.equal((await environments()).find((one) => one.digest === digest)?.state, 'adopted');
    await assert.rejects(platform.api('PUT', `/environments/${digest}`, { interpreter: '/bin/cat' }), /PRECONDITION_FAILED/);
    const { stdout } = await lepton(platform, 'environments');
    assert.match(stdout, /built .*mixed:rule, mixed:sklearn/);
    assert.match(stdout, /adopted .*mixed:adopted/);
  });

  it('fails with what pip says when an environment cannot be built; the rest serves', async () => {
    await platform.publishFiles('mixed', 'broken', ruleModel(6, PYTHON, ['lepton-ai-has-no-such-thing==1.0', 'numpy==2.1.0']));
    const { status } = await deploy('broken');
    const broken = status.versions.find(({ version }) => version === 'broken');
    assert.deepEqual([broken?.phase, broken?.reason], ['failed', 'EnvironmentFailed']);
    assert.match(broken?.message ?? '', /No matching distribution found for lepton-ai-has-no-such-thing==1\.0/);
    assert.equal(await ask('rule'), 3);
    await platform.api('DELETE', '/services/mixed/deployments/broken?wait=30');
  });

  it('refuses a pickle that runs code, unless a reason is given, which is kept', async () => {
    const pickle = Buffer.from("cposix\nsystem\n(S'touch /tmp/lepton-ai-was-here'\ntR.");
    const files = { 'lepton-model.json': descriptor({ format: 'sklearn', entry: 'model.pkl', python: PYTHON, requirements: REQUIREMENTS }), 'model.pkl': pickle };
    await assert.rejects(platform.publishFiles('mixed', 'evil', files), /422 MODEL_UNSAFE: .*model\.pkl.*posix\.system/);
    await assert.rejects(platform.api('GET', '/repositories/mixed/versions/evil'), /VERSION_NOT_FOUND/);
    await platform.publishFiles('mixed', 'evil', files, { allowUnsafe: 'a test' });
    const { manifest } = await platform.api<{ manifest: { metadata: object; model: { unsafe: string[] } } }>('GET', '/repositories/mixed/versions/evil');
    assert.deepEqual([manifest.metadata, manifest.model.unsafe], [{ allowUnsafe: 'a test' }, ['model.pkl: posix.system']]);
    const events = await platform.api<{ reason: string }[]>('GET', '/events?limit=50&repository=mixed');
    for (const reason of ['UnsafeModelRefused', 'UnsafeModelAllowed']) assert.ok(events.some((event) => event.reason === reason), reason);
    await platform.api('DELETE', '/repositories/mixed/versions/evil');
  });

  it('gives environments that no version needs back', async () => {
    await platform.api('DELETE', '/services/mixed?wait=30&force=true');
    await until('nothing uses the repository', async () => platform.api('DELETE', '/repositories/mixed').then(() => true));
    const report = await platform.api<{ removedEnvironments: number; removedEnvironmentBytes: number }>('POST', '/gc', { graceMs: 0 });
    assert.equal(report.removedEnvironments, 2, 'the built one and the registration');
    assert.ok(report.removedEnvironmentBytes > 50 * 2 ** 20);
    assert.deepEqual(readdirSync(join(platform.dataDirectory, 'environments')), []);
  });
});
