import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { UNLIMITED, type WorkerLimits } from '../../limits.ts';
import type { CgroupFiles } from './cgroup-files.ts';
import { readHierarchies } from './hierarchies.ts';
import { startedWithin } from './join.ts';
import { PlatformGroups } from './platform-groups.ts';

const MIB = 2 ** 20;
const ASKED: WorkerLimits = { memoryBytes: 256 * MIB, cpuWeight: 300, cpus: 0.5, cpuset: '0', pids: 64 };

/** Version 2 as the kernel has it: knobs by what the parent shares out, none shared out while processes are there. */
class KernelV2 implements CgroupFiles {
  readonly #files = new Map<string, string>();
  readonly #groups = new Set<string>();
  readonly #mount: string;

  constructor(mount: string, controllers: string) {
    this.#mount = mount;
    this.#groups.add(mount);
    for (const [name, text] of [['cgroup.controllers', controllers], ['cgroup.subtree_control', ''], ['cgroup.procs', '']] as const) this.#files.set(join(mount, name), text);
  }

  /** A group that was there before us, with processes. */
  with(directory: string, processes: readonly number[], shared: readonly string[] = []): this {
    for (const controller of shared) this.write(join(dirname(directory), 'cgroup.subtree_control'), `+${controller}`);
    this.makeGroup(directory);
    this.#files.set(join(directory, 'cgroup.procs'), processes.join('\n'));
    return this;
  }

  set(path: string, text: string): this {
    this.#files.set(path, text);
    return this;
  }

  get groups(): readonly string[] {
    return [...this.#groups].filter((group) => group.includes('lepton-')).sort();
  }

  has = (path: string): boolean => this.#files.has(path) || this.#groups.has(path);
  read = (path: string): string | null => this.#files.get(path) ?? null;
  children = (directory: string): readonly string[] => [...this.#groups].filter((group) => dirname(group) === directory && group !== directory);

  makeGroup(directory: string): void {
    if (this.#groups.has(directory)) return;
    if (!this.#groups.has(dirname(directory))) throw refused('ENOENT');
    this.#groups.add(directory);
    this.#files.set(join(directory, 'cgroup.controllers'), this.#words(join(dirname(directory), 'cgroup.subtree_control')).join(' '));
    for (const name of ['cgroup.subtree_control', 'cgroup.procs', 'cgroup.kill']) this.#files.set(join(directory, name), '');
    this.#knobs(directory);
  }

  removeGroup(directory: string): void {
    if (this.#words(join(directory, 'cgroup.procs')).length || this.children(directory).length) throw refused('EBUSY');
    this.#groups.delete(directory);
    for (const path of [...this.#files.keys()]) if (dirname(path) === directory) this.#files.delete(path);
  }

  write(path: string, text: string): void {
    if (!this.#files.has(path)) throw refused('ENOENT');
    const directory = dirname(path);
    if (path.endsWith('cgroup.subtree_control')) this.#share(directory, text);
    else if (path.endsWith('cgroup.procs')) this.#move(directory, text.trim());
    else if (path.endsWith('cgroup.kill')) this.#files.set(join(directory, 'cgroup.procs'), '');
    else this.#files.set(path, text);
  }

  #share(directory: string, change: string): void {
    const shared = new Set(this.#words(join(directory, 'cgroup.subtree_control')));
    const controller = change.slice(1);
    if (change.startsWith('+') && !this.#words(join(directory, 'cgroup.controllers')).includes(controller)) throw refused('ENOENT');
    if (change.startsWith('+') && directory !== this.#mount && this.#words(join(directory, 'cgroup.procs')).length) throw refused('EBUSY');
    if (change.startsWith('+')) shared.add(controller);
    else shared.delete(controller);
    this.#files.set(join(directory, 'cgroup.subtree_control'), [...shared].join(' '));
    for (const child of this.children(directory)) {
      this.#files.set(join(child, 'cgroup.controllers'), [...shared].join(' '));
      this.#knobs(child);
    }
  }

  #move(directory: string, pid: string): void {
    if (directory !== this.#mount && this.#words(join(directory, 'cgroup.subtree_control')).length) throw refused('EBUSY');
    for (const group of this.#groups) this.#files.set(join(group, 'cgroup.procs'), this.#words(join(group, 'cgroup.procs')).filter((one) => one !== pid).join('\n'));
    this.#files.set(join(directory, 'cgroup.procs'), [...this.#words(join(directory, 'cgroup.procs')), pid].join('\n'));
  }

  #knobs(directory: string): void {
    const given = this.#words(join(directory, 'cgroup.controllers'));
    const defaults: Record<string, Record<string, string>> = {
      memory: { 'memory.max': 'max', 'memory.swap.max': 'max', 'memory.oom.group': '0', 'memory.current': '0', 'memory.peak': '0', 'memory.events': 'low 0\noom 0\noom_kill 0', 'memory.stat': 'inactive_file 0' },
      cpu: { 'cpu.weight': '100', 'cpu.max': 'max 100000', 'cpu.stat': 'usage_usec 0\nthrottled_usec 0' },
      pids: { 'pids.max': 'max', 'pids.current': '0' },
      cpuset: { 'cpuset.cpus': '', 'cpuset.cpus.effective': '0' },
    };
    for (const controller of given) for (const [name, text] of Object.entries(defaults[controller] ?? {})) if (!this.#files.has(join(directory, name))) this.#files.set(join(directory, name), text);
  }

  #words = (path: string): string[] => (this.#files.get(path) ?? '').split(/\s+/).filter(Boolean);
}

const refused = (code: string): Error => Object.assign(new Error(code), { code });

describe('control groups version 2', () => {
  const mount = '/cg';
  const own = '/cg/system.slice/lepton.service';
  let runDirectory: string;
  before(() => {
    runDirectory = mkdtempSync(join(tmpdir(), 'lepton-cgroups-'));
  });
  after(() => rmSync(runDirectory, { recursive: true }));

  const hierarchy = { version: 2, controllers: ['cpu', 'memory', 'pids', 'cpuset'], mount, own } as const;
  const service = (others: readonly number[] = []): KernelV2 =>
    new KernelV2(mount, 'cpu memory pids cpuset').with('/cg/system.slice', [], hierarchy.controllers).with(own, [process.pid, ...others], hierarchy.controllers);
  const open = (files: KernelV2, joinsControl = true): PlatformGroups => new PlatformGroups({ runDirectory, joinsControl, files, hierarchies: [hierarchy] });

  it('share out the controllers of a service of its own, with control in a group below', () => {
    const files = service();
    const groups = open(files);
    assert.deepEqual([...groups.problems], [['cpuacct', 'the kernel offers no cpuacct control group here']]);
    const made = groups.create('worker-1', ASKED);
    assert.ok(made);
    assert.deepEqual(made.report.states.map(({ limit, inForce, by, reason }) => [limit, inForce, by, reason]), (Object.keys(ASKED)).map((limit) => [limit, true, 'cgroup v2', '']));
    const [directory = ''] = made.group.joinFiles.map(dirname);
    assert.ok(directory.startsWith(`${own}/lepton-`));
    assert.deepEqual(['memory.max', 'memory.swap.max', 'memory.oom.group', 'cpu.weight', 'cpu.max', 'pids.max', 'cpuset.cpus'].map((name) => files.read(join(directory, name))), [String(256 * MIB), '0', '1', '300', '50000 100000', '64', '0']);
    assert.deepEqual(made.group.limits(), ASKED);
    assert.equal(files.read(join(dirname(directory), 'control', 'cgroup.procs')), String(process.pid));
    assert.equal(files.read(join(dirname(directory), 'cpu.weight')), '1000');
  });

  it('go back to where control was, and leave nothing', async () => {
    const files = service();
    const groups = open(files);
    groups.create('worker-1', UNLIMITED);
    await groups.close();
    assert.deepEqual(files.groups, []);
    assert.deepEqual([files.read(`${own}/cgroup.procs`), files.read(`${own}/cgroup.subtree_control`)], [String(process.pid), '']);
  });

  it('are made below the topmost for root, where our own group holds processes of others', { skip: process.getuid?.() === 0 ? false : 'not root' }, async () => {
    const files = service([4_000_000]);
    const groups = open(files);
    assert.match(groups.create('worker-1', ASKED)?.group.joinFiles[0] ?? '', /^\/cg\/lepton-/);
    await groups.close();
    assert.deepEqual(files.groups, []);
    assert.match(files.read(`${own}/cgroup.procs`) ?? '', /^4000000/);
  });

  it('count what the group has used, and refuse a limit below that', () => {
    const files = service();
    const made = open(files).create('worker-1', ASKED);
    assert.ok(made);
    const directory = dirname(made.group.joinFiles[0] ?? '');
    files.set(`${directory}/memory.current`, String(100 * MIB)).set(`${directory}/memory.stat`, `anon 1\ninactive_file ${20 * MIB}\n`).set(`${directory}/memory.peak`, String(120 * MIB));
    files.set(`${directory}/memory.events`, 'low 0\noom 2\noom_kill 3\n').set(`${directory}/cpu.stat`, 'usage_usec 2500000\nthrottled_usec 750000\n').set(`${directory}/pids.current`, '17');
    assert.deepEqual(made.group.counters(), { cpuSeconds: 2.5, throttledSeconds: 0.75, memoryBytes: 80 * MIB, memoryPeakBytes: 120 * MIB, oomKills: 3, threads: 17 });
    const report = made.group.apply({ ...ASKED, memoryBytes: 64 * MIB }, { memoryBytes: 64 * MIB });
    const memory = report.states.find(({ limit }) => limit === 'memoryBytes');
    assert.deepEqual([memory?.inForce, memory?.needsRestart], [false, true]);
    assert.match(memory?.reason ?? '', /uses 83886080 bytes now, more than the 67108864 wanted/);
    assert.equal(files.read(`${directory}/memory.max`), String(256 * MIB));
  });

  it('say which limit they lack a controller for', () => {
    const files = new KernelV2(mount, 'cpu pids').with(own.replace('/system.slice', ''), [process.pid], ['cpu', 'pids']);
    const groups = new PlatformGroups({ runDirectory, joinsControl: true, files, hierarchies: [{ ...hierarchy, controllers: ['cpu', 'pids'], own: own.replace('/system.slice', '') }] });
    const states = groups.create('worker-1', ASKED)?.report.states ?? [];
    assert.deepEqual(states.filter(({ inForce }) => !inForce).map(({ limit, reason }) => `${limit}: ${reason}`), ['memoryBytes: the kernel offers no memory control group here', 'cpuset: the kernel offers no cpuset control group here']);
  });
});

describe('the trees of a host', () => {
  const tree = (mountinfo: string, membership: string, more: Readonly<Record<string, string>> = {}) => {
    const texts: Record<string, string> = { '/proc/self/mountinfo': mountinfo, '/proc/self/cgroup': membership, ...more };
    return readHierarchies({ has: (path) => path in texts, read: (path) => texts[path] ?? null, write: () => {}, children: () => [], makeGroup: () => {}, removeGroup: () => {} });
  };

  it('of version 1 may hold several controllers each, and be seen from within', () => {
    const found = tree('33 24 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n34 24 0:29 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n35 24 0:30 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd\n', '5:cpuacct,cpu:/user\n4:memory:/docker/abc/inner\n1:name=systemd:/x\n0::/y\n');
    assert.deepEqual(found, [
      { version: 1, controllers: ['cpu', 'cpuacct'], mount: '/sys/fs/cgroup/cpu,cpuacct', own: '/sys/fs/cgroup/cpu,cpuacct/user' },
      { version: 1, controllers: ['memory'], mount: '/sys/fs/cgroup/memory', own: '/sys/fs/cgroup/memory/inner' },
    ]);
  });

  it('of version 2 give what our own group is offered, and nothing that version 1 holds', () => {
    const mountinfo = '30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n31 23 0:27 / /cg/pi\\040ds rw - cgroup cgroup rw,pids\n';
    const found = tree(mountinfo, '2:pids:/\n0::/user.slice/a.scope\n', { '/sys/fs/cgroup/user.slice/a.scope/cgroup.controllers': 'cpu memory pids\n' });
    assert.deepEqual(found.map(({ version, controllers, own }) => [version, controllers, own]), [[1, ['pids'], '/cg/pi ds'], [2, ['cpu', 'memory'], '/sys/fs/cgroup/user.slice/a.scope']]);
  });

  it('are none where the kernel tells nothing', () => assert.deepEqual(tree('', ''), []));
});

describe('control groups of this host', { skip: process.getuid?.() === 0 && readFileSync('/proc/self/mountinfo', 'utf8').includes(' - cgroup') ? false : 'needs root and mounted control groups' }, () => {
  it('are made, limit what they can, and go', async () => {
    const runDirectory = mkdtempSync(join(tmpdir(), 'lepton-cgroups-'));
    try {
      const groups = new PlatformGroups({ runDirectory, joinsControl: false });
      const made = groups.create('worker-1', { ...ASKED, cpuset: null });
      assert.ok(made, [...groups.problems.values()].join('; '));
      for (const { limit, inForce, reason } of made.report.states) assert.ok(inForce || groups.problems.size > 0, `${limit}: ${reason}`);
      assert.deepEqual(groups.workers(), ['worker-1']);
      const again = new PlatformGroups({ runDirectory, joinsControl: false });
      assert.deepEqual(again.find('worker-1')?.limits(), made.group.limits());
      await groups.close();
      assert.deepEqual([made.group.exists, groups.workers()], [false, []]);
    } finally {
      rmSync(runDirectory, { recursive: true });
    }
  });
});

describe('a start within groups', () => {
  it('joins each before the program, which keeps its arguments', () => assert.deepEqual(startedWithin({ file: '/bin/x', args: ['--', 'a b'] }, ['/g/1', '/g/2']).args.slice(2), ['lepton-start', '/g/1', '/g/2', '--', '/bin/x', '--', 'a b']));
  it('is the plain program where there is nothing to join', () => assert.deepEqual(startedWithin({ file: '/bin/x', args: [] }, []), { file: '/bin/x', args: [] }));
});
