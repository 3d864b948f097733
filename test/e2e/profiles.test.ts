import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { VersionProfiles } from '../../src/deployment-engine/index.ts';
import { readProcess } from '../../src/deployment-engine/process-table.ts';
import { slowModel } from '../../src/testing/onnx-models.ts';
import { lepton, Load, TestPlatform, until } from './harness.ts';
import { descriptor, PYTHON } from './support/python-models.ts';

/** Computes for as long as the numbers of its input say. */
const WORK = `
class Work:
    def predict(self, x):
        total = 0
        for step in range(int(abs(x).sum() * 20_000)):
            total += step
        return x
`;
const REQUIREMENTS = ['numpy==2.1.0'];
const WAIT_SECONDS = 240;
/** Loaded machines take their time; nothing here depends on how long. */
const PATIENCE_MS = 120_000;
const rows = (value: number): unknown => ({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4], data: [value, value, value, value] }] });
const ONE = { inputs: [{ name: 'x', datatype: 'FP32', shape: [1], data: [1] }] };

describe('profiles of versions', () => {
  let platform: TestPlatform;
  const profilesOf = (version: string): Promise<VersionProfiles> => platform.api('GET', `/repositories/m/versions/${version}/profiles`);
  const profileOf = async (version: string) => (await profilesOf(version)).profiles[0];
  const deploy = (version: string): Promise<unknown> => platform.api('POST', `/services/s/deployments?wait=${WAIT_SECONDS}`, { deployment: { version: `m:${version}` } });
  const observedCpu = async (version: string): Promise<number> => (await profileOf(version))?.observed?.rates?.cpuSecondsPerRequest ?? 0;

  /** Serves this body until `done`; CPU seconds of the worker by request, as the kernel counts. */
  async function serve(version: string, body: unknown, done: () => Promise<boolean>): Promise<number> {
    const [pid] = await platform.workerPids('s', version);
    const cpu = (): number => readProcess(pid as number)?.cpuSeconds ?? Number.NaN;
    const before = cpu();
    const load = new Load({ clients: 2, url: `${platform.url}/v2/models/s/versions/${version}/infer`, body: () => body });
    const late = await until(`enough of ${version} is seen`, done, PATIENCE_MS).then(() => null, (error: unknown) => error);
    const { requests, failures } = await load.stop();
    if (late) throw late;
    assert.deepEqual(failures, []);
    return (cpu() - before) / requests;
  }

  before(async () => {
    platform = await TestPlatform.start();
    await platform.publish('m', 'onnx', slowModel(4));
    await platform.publish('m', 'other', slowModel(5));
    await platform.publishFiles('m', 'work', { 'lepton-model.json': descriptor({ format: 'python', entry: 'model.py', options: { class: 'Work' }, python: PYTHON, requirements: REQUIREMENTS }), 'model.py': Buffer.from(WORK) });
    await deploy('onnx');
    await deploy('work');
  });
  after(() => platform.dispose());

  for (const version of ['onnx', 'work']) {
    it(`are measured when ${version} is deployed first`, async () => {
      const { digest, hostClass, storageBytes, profiles } = await profilesOf(version);
      assert.match(digest, /^sha256:/);
      assert.ok(storageBytes > 100);
      const [profile] = profiles;
      assert.deepEqual([profiles.length, profile?.hostClass, profile?.here, profile?.threads], [1, hostClass, true, 1]);
      const measured = profile?.measured;
      assert.ok(measured && measured.origin === 'measured' && measured.loadMs > measured.measureMs, JSON.stringify(measured));
      assert.ok((measured.cpuMsByBatch['1'] ?? 0) > 0 && (measured.latencyMsByBatch['1'] ?? 0) > 0);
      assert.ok(measured.residentBytes > 2 ** 20 && measured.peakBytes > 2 ** 20);
      assert.deepEqual([profile?.scheduler.basis, profile?.scheduler.storageBytes], ['measured', storageBytes]);
    });

    it(`say within a factor of two what the kernel says of the CPU of ${version} under load`, async () => {
      const truth = await serve(version, version === 'onnx' ? ONE : rows(1), async () => ((await profileOf(version))?.observed?.rates ? ((await profileOf(version))?.observed?.requests ?? 0) > 300 : false));
      const seen = (await profileOf(version))?.scheduler;
      assert.equal(seen?.basis, 'observed', seen?.basisMessage);
      const ratio = (seen?.cpuSecondsPerRequest ?? 0) / truth;
      assert.ok(ratio > 0.5 && ratio < 2, `${seen?.cpuSecondsPerRequest} s seen, ${truth} s used by each request`);
      const { versions } = await platform.service('s');
      assert.equal(versions.find((one) => one.version === version)?.needs.basis, 'observed');
    });
  }

  it('are there after a restart, which does not measure again', async () => {
    const before = await profileOf('work');
    await platform.terminate();
    await platform.startControl();
    await until('both are ready', async () => (await platform.service('s')).versions.every(({ phase }) => phase === 'ready'), PATIENCE_MS);
    const [after, { versions }] = [await profileOf('work'), await platform.service('s')];
    assert.equal(after?.measured?.measuredAt, before?.measured?.measuredAt);
    assert.ok((after?.observed?.requests ?? 0) >= (before?.observed?.requests ?? Number.NaN));
    assert.deepEqual(versions.map(({ profile }) => profile?.origin), ['kept', 'kept']);
    assert.ok((after?.measured?.keptLoadMs ?? 0) > 0);
  });

  it('follow a model that becomes slower', async () => {
    const before = await observedCpu('work');
    assert.ok(before > 0);
    await serve('work', rows(8), async () => (await observedCpu('work')) > 3 * before);
  });

  it('are of one content: another has its own', async () => {
    assert.deepEqual((await profilesOf('other')).profiles, []);
    await deploy('other');
    const [own, other] = [await profilesOf('onnx'), await profilesOf('other')];
    assert.notEqual(own.digest, other.digest);
    assert.deepEqual([other.profiles.length, other.profiles[0]?.observed], [1, null]);
  });

  it('are shown to people, and forgotten when they ask', async () => {
    const shown = await lepton(platform, 'profile', 'm:work');
    assert.match(shown.stdout, /^m:work .*\n\n\S+ \(this host\), 1 thread\nneeds +[\d.]+ [mµ]s CPU a request \(observed over \d+ requests\)/);
    assert.match(shown.stdout, /^1 +1 +[\d.]+ [mµ]s/m);
    assert.match((await lepton(platform, 'status', 's')).stdout, / CPU +MEMORY/);
    assert.match((await lepton(platform, 'profile', 'm:work', '--forget')).stdout, /forgotten/);
    assert.deepEqual((await profilesOf('work')).profiles, []);
    const missing = await lepton(platform, 'profile', 'm:none');
    assert.equal(missing.code, 3);
    assert.match(missing.stderr, /m has no version or label none/);
  });
});
