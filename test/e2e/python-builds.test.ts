import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { FoundProcess } from './support/processes.ts';
import { factorOf, scaleRequest, signalIfAlive, TestPlatform, until } from './harness.ts';
import { PYTHON, ruleModel } from './support/python-models.ts';

describe('builds of Python environments that are cut short', () => {
  let platform: TestPlatform;
  before(async () => void (platform = await TestPlatform.start()));
  after(() => platform.dispose());

  const deploy = (version: string): Promise<unknown> => platform.api('POST', '/services/rules/deployments', { deployment: { version: `rules:${version}` } });
  const kept = (): string[] => readdirSync(join(platform.dataDirectory, 'environments'));
  /** What works on environments: interpreter, venv, pip. */
  const builders = (): readonly FoundProcess[] => platform.processes().filter(({ command }) => command.includes('/environments/'));
  /** The processes that environments' locks name. */
  const locks = (): number[] => kept().filter((name) => name.endsWith('.lock')).map((name) => (JSON.parse(readFileSync(join(platform.dataDirectory, 'environments', name), 'utf8')) as { pid: number }).pid);
  const stopped = (pid: number): boolean => {
    signalIfAlive(pid, 'SIGSTOP');
    return /^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  };
  const stateOf = async (version: string) => (await platform.service('rules')).versions.find((one) => one.version === version);

  it('a version that is not wanted any more ends its build, with all processes and files', async () => {
    await platform.publishFiles('rules', 'unwanted', ruleModel(2, PYTHON, ['numpy==2.0.2']));
    await deploy('unwanted');
    await until('something builds', () => builders().length > 0);
    assert.equal((await stateOf('unwanted'))?.reason, 'EnvironmentBuilding');
    await platform.api('DELETE', '/services/rules?wait=20&force=true');
    await until('nothing builds', () => builders().length === 0);
    await until('nothing is left', () => kept().length === 0);
  });

  it('a control that is killed leaves nothing half done in use: the next one ends that build and makes its own', async () => {
    await platform.publishFiles('rules', 'v1', ruleModel(3, PYTHON, ['numpy==2.1.0']));
    await deploy('v1');
    // Held where it is: it can't be done before control is killed, however fast packages come.
    const orphan = await until('a build that is written down stands still', () => builders().find(({ pid }) => locks().includes(pid) && stopped(pid))?.pid);
    await platform.killControl();
    assert.ok(builders().some(({ pid }) => pid === orphan), 'the build outlives its control');
    await platform.startControl();
    await until('the next control ends it', () => !builders().some(({ pid }) => pid === orphan));
    await until('the version serves', async () => (await stateOf('v1'))?.phase === 'ready', 240_000);
    assert.equal(factorOf(await platform.infer('rules/infer', scaleRequest())), 3);
    assert.equal(kept().filter((name) => !/^[0-9a-f]{64}$/.test(name)).length, 0, kept().join(' '));
  });

  it('a Python worker outlives a control that is killed, and is adopted', async () => {
    const [pid] = await platform.workerPids('rules', 'v1');
    await platform.killControl();
    assert.equal(factorOf(await platform.infer('rules/infer', scaleRequest())), 3);
    await platform.startControl();
    await until('it is adopted', async () => (await platform.workerPids('rules', 'v1'))[0] === pid);
    signalIfAlive(pid as number, 'SIGSEGV');
    await until('another process answers', async () => (await platform.workerPids('rules', 'v1')).some((other) => other !== pid), 30_000);
    assert.equal(factorOf(await platform.infer('rules/infer', scaleRequest())), 3);
  });
});
