import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext } from 'node:test';
import { ISOLATION_SLOTS, type IsolationReport } from '../../src/core/index.ts';
import { scaleModel } from '../../src/testing/onnx-models.ts';
import { lepton, Load, scaleRequest, signalIfAlive, TestPlatform, until } from './harness.ts';
import { PYTHON, ruleModel } from './support/python-models.ts';
import { SPY, spyModel } from './support/spy-model.ts';

const REQUIREMENTS = ['numpy==2.1.0'];
const BUILD_TIMEOUT_SECONDS = 240;
const STORAGE_BYTES = 16 * 2 ** 20;

/** A version that tries everything beside a healthy one and a Python one with a secret of its own. */
describe('a version that would leave its enclosure', () => {
  let platform: TestPlatform;
  let host: IsolationReport;
  const needs = (context: TestContext, ...slots: (keyof IsolationReport)[]): boolean => {
    const open = slots.find((slot) => !host[slot].enforced);
    if (open) context.skip(`this host does not isolate ${open}: ${host[open].reason}`);
    return open === undefined;
  };
  const ask = async <T>(version: string, what: number, other = 0): Promise<T> => {
    const { body } = await platform.infer(`guarded/versions/${version}/infer`, scaleRequest([what, other, 0, 0]));
    const said = (JSON.parse(body) as { error?: string }).error ?? '';
    const [, found] = /SPY (.*) END/s.exec(said) ?? [];
    assert.ok(found !== undefined, body);
    return JSON.parse(found) as T;
  };
  const deploy = (version: string, resources: object = {}) => platform.api('POST', `/services/guarded/deployments?wait=${BUILD_TIMEOUT_SECONDS}`, { deployment: { version: `guarded:${version}`, resources } });
  const pidOf = async (version: string): Promise<number> => (await platform.workerPids('guarded', version))[0] as number;
  const runDirectory = (): string => join(platform.dataDirectory, 'run');
  const filesOfWorkers = (): string[] => readdirSync(runDirectory()).filter((name) => name.startsWith('worker-'));

  before(async () => {
    platform = await TestPlatform.start();
    ({ isolation: host } = await platform.api<{ isolation: IsolationReport }>('GET', '/status'));
    await platform.publish('guarded', 'healthy', scaleModel(2, { batch: true }));
    await deploy('healthy');
    const { digest } = await platform.publishFiles('guarded', 'secret', ruleModel(3, PYTHON, REQUIREMENTS));
    await deploy('secret');
    const { dataDirectory } = platform;
    const paths = {
      data: dataDirectory,
      database: join(dataDirectory, 'lepton.sqlite'),
      blobs: join(dataDirectory, 'blobs/sha256'),
      otherModel: join(dataDirectory, 'versions', digest.slice('sha256:'.length), 'model.py'),
      otherConfig: join(runDirectory(), filesOfWorkers().find((name) => name.endsWith('.json')) as string),
      logs: join(dataDirectory, 'logs/control.log'),
      controlSocket: join(runDirectory(), 'control.sock'),
      home: platform.directory,
    };
    for (const path of Object.values(paths)) assert.ok(existsSync(path), path);
    await platform.publishFiles('guarded', 'spy', spyModel({ port: platform.httpPort, paths, fillBytes: 10 * 2 ** 30 }, PYTHON, REQUIREMENTS));
    await deploy('spy', { storage: STORAGE_BYTES });
  });
  after(() => platform?.dispose());

  it('is reported, with what does not hold and why', async () => {
    const { versions } = await platform.service('guarded');
    for (const { replicas } of versions) {
      for (const { isolation } of replicas) assert.deepEqual(ISOLATION_SLOTS.filter((slot) => isolation?.[slot].enforced), ISOLATION_SLOTS.filter((slot) => host[slot].enforced));
    }
    for (const slot of ISOLATION_SLOTS) assert.equal(host[slot].reason === '', host[slot].enforced, slot);
  });

  it('has no network, and serves all the same', async (context) => {
    if (!needs(context, 'network')) return;
    const found = await ask<{ loopback: string; outside: string; name: string; interfaces: string[] }>('spy', SPY.network);
    for (const way of [found.loopback, found.outside, found.name]) assert.match(way, /[Ee]rror/);
    assert.deepEqual(found.interfaces, ['lo']);
    const served = await platform.infer('guarded/versions/spy/infer', scaleRequest([SPY.serve, 1, 2, 3]));
    assert.equal(served.status, 200, served.body);
  });

  it('sees its own model and nothing of the platform or of others', async (context) => {
    if (!needs(context, 'files')) return;
    const found = await ask<Record<string, string>>('spy', SPY.files, platform.controlPid);
    const { own, control, memory, data, home, ...others } = found;
    assert.match(own as string, /^read /);
    for (const [name, what] of Object.entries({ ...others, control, memory })) assert.match(what as string, /[Ee]rror/, name);
    assert.doesNotMatch(data as string, /lepton\.sqlite|blobs|logs/);
    assert.doesNotMatch(home as string, /tmp/);
  });

  it('writes as much as its storage, while the others serve', async (context) => {
    if (!needs(context, 'storage', 'files')) return;
    const load = new Load({ clients: 2, pauseMs: 2, url: `${platform.url}/v2/models/guarded/versions/healthy/infer`, body: scaleRequest });
    let found = await ask<{ written: number; error: string }>('spy', SPY.fill);
    for (let round = 0; round < 20; round++) found = await ask('spy', SPY.fill);
    const report = await load.stop();
    assert.match(found.error, /No space left/);
    assert.ok(found.written > STORAGE_BYTES / 2 && found.written <= STORAGE_BYTES, String(found.written));
    assert.deepEqual(report.failures, []);
    assert.ok(report.requests > 10, String(report.requests));
  });

  it('cannot signal or see processes of others', async (context) => {
    if (!needs(context, 'user')) return;
    for (const pid of [platform.controlPid, await pidOf('healthy'), await pidOf('secret'), await platform.gatewayPid()]) assert.match(await ask<string>('spy', SPY.signal, pid), /[Ee]rror/, String(pid));
    assert.deepEqual(await ask<number[]>('spy', SPY.processes), [await pidOf('spy')]);
    const ids = ['healthy', 'secret', 'spy'].map(async (version) => /^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${await pidOf(version)}/status`, 'utf8'))?.[1]);
    assert.equal(new Set([...(await Promise.all(ids)), '0']).size, 4, 'an id each, none of them root');
  });

  it('has nothing to gain', async (context) => {
    if (!needs(context, 'privileges', 'user')) return;
    const found = await ask<{ setuid: string; mount: number; uid: number; noNewPrivs: boolean; chroot: string; write: string }>('spy', SPY.privileges);
    assert.deepEqual([found.mount, found.noNewPrivs], [-1, true]);
    for (const way of [found.setuid, found.chroot, found.write]) assert.match(way, /[Ee]rror/);
  });

  it('is given the network by a word, and says so', async (context) => {
    if (!needs(context, 'network')) return;
    await platform.api('POST', '/services/guarded/deployments?wait=60', { deployment: { version: 'guarded:spy', resources: { network: true, storage: STORAGE_BYTES } } });
    await until('it has the network', async () => (await ask<{ loopback: string }>('spy', SPY.network)).loopback === 'connected');
    const state = (await platform.service('guarded')).versions.find(({ version }) => version === 'spy')?.replicas.find(({ phase }) => phase === 'ready')?.isolation?.network;
    assert.deepEqual([state?.enforced, /resources\.network/.test(state?.reason ?? '')], [false, true]);
    assert.match((await lepton(platform, 'status', 'guarded')).stdout, /not isolated in spy: network/);
    await platform.api('POST', '/services/guarded/deployments?wait=60', { deployment: { version: 'guarded:spy', resources: { network: false, storage: STORAGE_BYTES } } });
    await until('it has none', async () => /[Ee]rror/.test((await ask<{ loopback: string }>('spy', SPY.network)).loopback));
  });

  it('leaves nothing behind when it is killed, when control is killed, and when it is undeployed', async (context) => {
    if (!needs(context, 'user', 'files')) return;
    const namespaceOf = (pid: number): boolean => existsSync(`/proc/${pid}/ns/mnt`);
    const left: number[] = [await ask<number>('spy', SPY.child)];
    const before = await pidOf('spy');
    signalIfAlive(before, 'SIGKILL');
    await until('another has taken its place', async () => ![before, undefined].includes(await pidOf('spy')));
    await until('its child has gone', () => !namespaceOf(left[0] as number));
    const { files } = await ask<{ files: string[] }>('spy', SPY.environment);
    assert.ok(!files.includes('left-behind'), files.join());

    await platform.killControl();
    await platform.startControl();
    await until('it was adopted', async () => (await pidOf('spy')) !== undefined);
    assert.match(await ask<string>('spy', SPY.signal, await pidOf('healthy')), /[Ee]rror/);
    left.push(await ask<number>('spy', SPY.child), await pidOf('spy'));
    const stem = filesOfWorkers().length;
    await platform.api('DELETE', '/services/guarded/deployments/spy?wait=60');
    await until('its processes have gone', () => !left.some(namespaceOf));
    await until('its files have gone', () => filesOfWorkers().length < stem);
    assert.doesNotMatch(readFileSync('/proc/self/mountinfo', 'utf8'), new RegExp(platform.directory));
    assert.equal((await platform.infer('guarded/versions/healthy/infer', scaleRequest())).status, 200);
  });
});
