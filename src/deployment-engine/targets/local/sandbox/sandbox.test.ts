import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir, totalmem } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { unisolated } from '../../../../core/index.ts';
import { scaleModel } from '../../../../testing/onnx-models.ts';
import { exitOf, settled, signatureOf, WorkerFixture } from '../../../../testing/worker-fixture.ts';
import type { WorkerHandle } from '../../target.ts';
import { sandboxed } from './confinement.ts';
import { closedAncestors } from './files.ts';
import { HostSandbox } from './host-sandbox.ts';
import { mountTable, parseMounts, type View } from './mount-table.ts';
import { directoryBytes } from './storage-count.ts';
import { chooseId, workerIds } from './user-ids.ts';

const SCALE = signatureOf(['x'], ['y'], 'FP32', [-1, 4]);
const VIEW: View = {
  root: '/r', hidden: [], kept: [], writable: [], devices: { directory: '/d', names: ['null'] }, mounts: [{ target: '/', type: 'ext4', options: ['rw'] }],
  temporary: { bytes: 1000, user: 7, directory: null, aliases: ['/var/tmp'] }, ownProcesses: false,
};
const targets = (view: Partial<View>): string[] => mountTable({ ...VIEW, ...view }).trim().split('\n').map((line) => line.split(' ')[1] as string);
const optionsOf = (view: Partial<View>, target: string): string | undefined => mountTable({ ...VIEW, ...view }).split('\n').find((line) => line.split(' ')[1] === target)?.split(' ')[3];

async function startWithStorage(fixture: WorkerFixture, storageBytes: number): Promise<WorkerHandle> {
  const spec = await fixture.spec('stored', scaleModel(2), SCALE);
  return fixture.keep(await fixture.target.start({ ...spec, worker: { ...spec.worker, resources: { ...spec.worker.resources, storageBytes } } }));
}

describe('the table of a view', () => {
  it('hides before it shows what is under it, and hides again what is under that', () => {
    const shown = targets({ hidden: ['/home', '/home/me/lepton/data'], kept: ['/home/me/lepton', '/home/me/lepton/data/versions/a'] });
    assert.deepEqual(shown.slice(-4), ['/r/home', '/r/home/me/lepton', '/r/home/me/lepton/data', '/r/home/me/lepton/data/versions/a']);
  });

  it('shows nothing twice that is seen anyhow', () => {
    assert.ok(!targets({ hidden: ['/home'], kept: ['/opt/python'] }).includes('/r/opt/python'));
    assert.ok(targets({ kept: ['/tmp/models'] }).includes('/r/tmp/models'), 'under the worker’s own temporary files');
  });

  it('makes other disks read-only, with the flags that an unprivileged mount must keep', () => {
    const mounts = parseMounts('1 0 8:1 / / rw,relatime - ext4 /dev/a rw\n2 1 8:2 / /data\\040b rw,nosuid,nodev - ext4 /dev/b rw\n3 1 0:5 / /proc rw - proc proc rw\n4 1 8:3 / /home/x rw - ext4 /dev/c rw');
    assert.equal(optionsOf({ mounts, hidden: ['/home'] }, '/r/data\\040b'), 'rbind,ro,nosuid,nodev');
    assert.equal(optionsOf({ mounts, hidden: ['/home'] }, '/r/home/x'), undefined);
    assert.equal(optionsOf({ mounts }, '/r/proc'), undefined);
  });
});

describe('user ids of workers', () => {
  it('are high and free', () => {
    const range = workerIds('         0          0 4294967295\n');
    assert.ok(range && range.first >= 0x7000_0000);
    const first = chooseId('a', range, new Set());
    assert.equal(chooseId('a', range, new Set()), first);
    assert.equal(chooseId('a', range, new Set([first])), first + 1);
  });

  it('are within what a container has', () => {
    assert.deepEqual(workerIds('0 100000 65536'), { first: 49152, count: 16384 });
    assert.equal(workerIds('0 1000 1'), null);
  });
});

describe('an enclosure', () => {
  it('is not made where the host has none: the command stays as it is', () => {
    const command = { file: '/bin/true', args: ['a'], env: {} };
    assert.equal(sandboxed(command, { kind: 'none' }, { tableFile: '', viewRoot: '', user: null, network: false, keepsCapabilities: false }), command);
  });

  it('finds the directories that others may not pass', () => {
    const base = mkdtempSync(join(tmpdir(), 'lepton-closed-'));
    try {
      mkdirSync(join(base, 'open/program'), { recursive: true });
      assert.deepEqual(closedAncestors([join(base, 'open/program')]), [base]);
    } finally {
      rmSync(base, { recursive: true });
    }
  });

  it('counts temporary files where no file system bounds them, and ends a worker that has too many', async () => {
    const counted = await WorkerFixture.create({ openSandbox: async (options) => new HostSandbox(options, { kind: 'none' }, unisolated('a host without')) });
    try {
      const worker = await startWithStorage(counted, 2 ** 20);
      await settled(worker);
      assert.deepEqual([worker.isolation.network.reason, worker.isolation.storage.by], ['a host without', 'counting']);
      const temporary = worker.record.configPath.replace(/json$/, 'tmp');
      mkdirSync(join(temporary, 'cache'));
      writeFileSync(join(temporary, 'cache/big'), Buffer.alloc(2 ** 21, 1));
      assert.ok((await directoryBytes(temporary)) >= 2 ** 21);
      const exit = await exitOf(worker);
      assert.deepEqual([exit.reason, exit.expected], ['StorageExceeded', false]);
      assert.match(exit.message, /1048576.*resources\.storage/s);
      assert.ok(!existsSync(temporary));
    } finally {
      await counted.close();
    }
  });

  it('has large storage on disk, not in memory, and takes it away', async (context) => {
    const fixture = await WorkerFixture.create();
    try {
      if (!(await fixture.target.isolation()).files.enforced) return context.skip('this host has no mount namespaces');
      const worker = await startWithStorage(fixture, totalmem());
      assert.equal((await settled(worker)).phase, 'ready');
      const temporary = worker.record.configPath.replace(/json$/, 'tmp');
      assert.ok(existsSync(temporary));
      await worker.kill();
      assert.ok(!existsSync(temporary));
    } finally {
      await fixture.close();
    }
  });

  it('finds its program by a path with links in it', async () => {
    const fixture = await WorkerFixture.create();
    const links = mkdtempSync(join(tmpdir(), 'lepton-links-'));
    try {
      symlinkSync(dirname(process.execPath), join(links, 'bin'));
      const spec = await fixture.spec('linked', scaleModel(2), SCALE);
      const worker = fixture.keep(await fixture.target.start({ ...spec, command: (path) => ({ ...spec.command(path), file: join(links, 'bin', basename(process.execPath)) }) }));
      const status = await settled(worker);
      assert.equal(status.phase, 'ready', status.message);
    } finally {
      rmSync(links, { recursive: true });
      await fixture.close();
    }
  });

  it('runs what only its owner may read, and says that it has no user id of its own then', async (context) => {
    if (process.getuid?.() !== 0) return context.skip('only root can read what is another user’s');
    const fixture = await WorkerFixture.create();
    const closed = mkdtempSync(join(tmpdir(), 'lepton-owned-'));
    try {
      if (!(await fixture.target.isolation()).user.enforced) return context.skip('this host gives no user ids');
      for (const owner of [0, 1000]) {
        chownSync(closed, owner, owner);
        const spec = await fixture.spec(`closed-${owner}`, scaleModel(2), SCALE);
        const worker = fixture.keep(await fixture.target.start({ ...spec, command: (path) => ({ ...spec.command(path), reads: [...(spec.command(path).reads ?? []), closed] }) }));
        const status = await settled(worker);
        assert.equal(status.phase, 'ready', status.message);
        assert.deepEqual([worker.isolation.user.enforced, worker.isolation.files.enforced, worker.isolation.privileges.enforced], [false, true, owner === 0]);
        assert.match(worker.isolation.user.reason, /chmod/);
        assert.ok(existsSync(join(`/proc/${worker.pid}/root`, closed)));
      }
    } finally {
      rmSync(closed, { recursive: true });
      await fixture.close();
    }
  });

  it('needs no root', async (context) => {
    if (process.getuid?.() !== 0) return context.skip('every other test has shown it');
    const directory = mkdtempSync(join(tmpdir(), 'lepton-plain-'));
    try {
      chownSync(directory, 1000, 1000);
      const reading = spawnSync(process.execPath, ['-e', `require('node:fs').readFileSync(${JSON.stringify(import.meta.filename)})`], { uid: 1000, gid: 1000 });
      if (reading.status !== 0) return context.skip('another user may not read this checkout');
      const script = `
        import { WorkerFixture, settled, signatureOf, exitOf } from ${JSON.stringify(import.meta.resolve('../../../../testing/worker-fixture.ts'))};
        import { scaleModel } from ${JSON.stringify(import.meta.resolve('../../../../testing/onnx-models.ts'))};
        const fixture = await WorkerFixture.create();
        const worker = await fixture.start('plain', scaleModel(2), signatureOf(['x'], ['y'], 'FP32', [-1, 4]));
        const status = await settled(worker);
        console.log(JSON.stringify({ phase: status.phase, message: status.message, isolation: worker.isolation, host: await fixture.target.isolation() }));
        await fixture.close();`;
      const run = spawnSync(process.execPath, ['--input-type=module', '-e', script], { uid: 1000, gid: 1000, env: { TMPDIR: directory, PATH: process.env['PATH'] ?? '', HOME: directory }, encoding: 'utf8', timeout: 60_000 });
      assert.equal(run.status, 0, run.stderr);
      const { phase, message, isolation, host } = JSON.parse(run.stdout) as { phase: string; message: string; isolation: ReturnType<typeof unisolated>; host: ReturnType<typeof unisolated> };
      assert.equal(phase, 'ready', message);
      if (!host.files.enforced) return context.skip(host.files.reason);
      assert.deepEqual([isolation.network.enforced, isolation.files.enforced, isolation.storage.by, isolation.privileges.enforced, isolation.user.enforced], [true, true, 'tmpfs', true, false]);
      assert.match(isolation.user.reason, /only root/);
      assert.deepEqual(readdirSync(directory), []);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
