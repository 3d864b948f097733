import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { scaleModel } from '../../../testing/onnx-models.ts';
import { until } from '../../../testing/until.ts';
import { exitOf, settled, signatureOf, WireClient, within, WorkerFixture } from '../../../testing/worker-fixture.ts';
import { isAlive, LocalTarget, PlatformGroups, readProcess, startedWithin, UNLIMITED, type WorkerHandle, type WorkerLimits } from '../index.ts';

const SCALE = signatureOf(['x'], ['y'], 'FP32', [-1, 4]);
const MIB = 2 ** 20;
const EATS = 'const all = []; for (;;) all.push(Buffer.alloc(1 << 20, 1));';
const FORKS = 'const { spawn } = require("node:child_process"); setInterval(() => { for (let i = 0; i < 20; i++) try { spawn("/bin/sleep", ["1000"], { stdio: "ignore", detached: true }).on("error", () => {}); } catch {} }, 5);';
const SPINS = 'for (;;);';
const LEAVES_A_CHILD = 'const child = require("node:child_process").spawn("/bin/sleep", ["1000"], { stdio: "ignore", detached: true }); child.on("spawn", () => { console.log("child", child.pid); process.exit(7); });';

const grouped = process.getuid?.() === 0 && readFileSync('/proc/self/mountinfo', 'utf8').includes(' - cgroup') ? false : 'needs root and mounted control groups';

describe('limits of a worker', { skip: grouped }, () => {
  let fixture: WorkerFixture;
  let groups: PlatformGroups;
  before(async () => {
    fixture = await WorkerFixture.create();
    groups = new PlatformGroups({ runDirectory: fixture.runDirectory, joinsControl: false });
  });
  after(async () => {
    await fixture.close();
    await groups.close();
  });
  const target = (): LocalTarget => new LocalTarget({ runDirectory: fixture.runDirectory, groups });

  /** A worker with these limits; with `script` one that never says anything and does that. */
  async function start(replica: string, limits: Partial<WorkerLimits>, script?: string): Promise<WorkerHandle> {
    const spec = await fixture.spec(replica, scaleModel(2), SCALE, { timeouts: { requestTimeoutMs: 60_000, runTimeoutMs: 60_000, loadTimeoutMs: 60_000, drainTimeoutMs: 1_000 } });
    const command = script === undefined ? spec.command : () => ({ file: process.execPath, args: ['-e', script], env: {} });
    return fixture.keep(await target().start({ ...spec, command, limits: { ...UNLIMITED, ...limits } }));
  }

  it('out of memory ends it alone, with the limit, the peak and what to do', async () => {
    const neighbour = await start('neighbour', {});
    await settled(neighbour);
    const eater = await start('eater', { memoryBytes: 128 * MIB }, EATS);
    const exit = await within('its end', exitOf(eater), 60_000);
    assert.deepEqual([exit.reason, exit.expected], ['OutOfMemory', false]);
    assert.match(exit.message, /limit of 128 MiB \(at most 128 MiB were in use\).*--memory/);
    const client = await WireClient.dial(neighbour);
    assert.ok('header' in (await client.send({ items: [{ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4], bytes: 16 }] }] }, [new Uint8Array(16)])));
    client.close();
    await neighbour.kill();
  });

  it('out of memory is told of an adopted worker too', async () => {
    const first = await start('adopted', { memoryBytes: 512 * MIB, cpus: 0.9, pids: 77 });
    await settled(first);
    first.detach();
    const adopted = await target().adopt(first.record);
    assert.ok(adopted);
    fixture.keep(adopted);
    assert.deepEqual(adopted.limits.limits, { ...UNLIMITED, memoryBytes: 512 * MIB, cpus: 0.9, pids: 77 });
    // Another process of the worker wants more than there is: the kernel ends that one, and half a worker is of no use.
    const { file, args } = startedWithin({ file: process.execPath, args: ['-e', EATS] }, groups.find(groups.workers()[0] ?? '')?.joinFiles ?? []);
    spawn(file, [...args], { stdio: 'ignore' });
    const exit = await within('its end', exitOf(adopted), 60_000);
    assert.deepEqual([exit.reason, exit.expected], ['OutOfMemory', false]);
    assert.match(exit.message, /limit of 512 MiB/);
  });

  it('processes are bounded, and all of them end with the worker', async () => {
    const bomb = await start('bomb', { pids: 60 }, FORKS);
    await until('the limit is reached', () => (bomb.usage()?.threads ?? 0) >= 58, 60_000);
    await wait(300);
    const usage = bomb.usage();
    assert.ok(usage && usage.threads <= 60 && usage.processes > 5, JSON.stringify(usage));
    await bomb.kill();
    await until('its group is gone', () => groups.workers().length === 0);
  });

  it('a quota of cores holds, and is lifted while it runs', async () => {
    const spinner = await start('spinner', { cpus: 0.2 }, SPINS);
    await until('it is throttled', () => (spinner.usage()?.throttledSeconds ?? 0) > 0.2, 60_000);
    const [before, at] = [spinner.usage()?.cpuSeconds ?? 0, performance.now()];
    await wait(1_500);
    const share = ((spinner.usage()?.cpuSeconds ?? 0) - before) / ((performance.now() - at) / 1_000);
    assert.ok(share < 0.3, `${share} cores`);
    const { states } = await spinner.adjust({ cpus: null });
    assert.ok(states.every(({ inForce }) => inForce));
    const free = spinner.usage()?.throttledSeconds ?? 0;
    await until('it has run on', () => (spinner.usage()?.cpuSeconds ?? 0) > before + 1, 60_000);
    assert.ok((spinner.usage()?.throttledSeconds ?? 0) - free < 0.2, 'it waits for no quota any more');
    await spinner.kill();
  });

  it('a limit that the kernel refuses, or that is below what is in use, is told', async () => {
    const worker = await start('refused', { memoryBytes: 512 * MIB });
    await settled(worker);
    const { states } = await worker.adjust({ memoryBytes: MIB, cpuset: '4000', pids: 90 });
    const told = Object.fromEntries(states.map(({ limit, inForce, needsRestart }) => [limit, [inForce, needsRestart]]));
    assert.deepEqual([told.memoryBytes, told.cpuset, told.pids], [[false, true], [false, false], [true, false]]);
    assert.equal(worker.exited, null);
    await worker.kill();
  });

  it('what it has started ends with it, in sessions of its own too', async () => {
    const worker = await start('parent', {}, LEAVES_A_CHILD);
    const exit = await within('its end', exitOf(worker), 30_000);
    assert.deepEqual([exit.reason, exit.code], ['Crashed', 7]);
    const child = Number(/child (\d+)/.exec(await readFile(worker.record.logFile, 'utf8'))?.[1]);
    assert.ok(child > 0);
    assert.equal(readProcess(child), null);
  });

  it('leaves no group', () => assert.deepEqual(groups.workers(), []));
});

describe('limits without control groups', () => {
  let fixture: WorkerFixture;
  before(async () => {
    fixture = await WorkerFixture.create();
  });
  after(() => fixture.close());

  it('memory is limited by an rlimit, and others are said not to hold', async () => {
    const spec = await fixture.spec('rlimit', scaleModel(2), SCALE);
    const worker = fixture.keep(await fixture.target.start({ ...spec, limits: { ...UNLIMITED, memoryBytes: 1024 * MIB, pids: 100 } }));
    assert.equal((await settled(worker)).phase, 'ready');
    const of = (limit: string) => worker.limits.states.find((state) => state.limit === limit);
    assert.deepEqual([of('memoryBytes')?.inForce, of('memoryBytes')?.by], [true, 'rlimit']);
    assert.deepEqual([of('pids')?.inForce, of('pids')?.by], [false, 'none']);
    assert.match(of('pids')?.reason ?? '', /control groups/);
    assert.match(readFileSync(`/proc/${worker.pid}/limits`, 'utf8'), /Max data size\s+1073741824 /);
    const usage = worker.usage();
    assert.ok(usage && usage.processes >= 1 && usage.threads > 1 && usage.throttledSeconds === null);
    await worker.kill();
    assert.equal(isAlive(worker.pid, worker.pidStartTime), false);
  });

  it('memory that is refused is told as such', async () => {
    const spec = await fixture.spec('refused', scaleModel(2), SCALE);
    const command = () => ({ file: process.execPath, args: ['-e', EATS], env: {} });
    const worker = fixture.keep(await fixture.target.start({ ...spec, command, limits: { ...UNLIMITED, memoryBytes: 256 * MIB } }));
    const exit = await within('its end', exitOf(worker), 60_000);
    assert.equal(exit.reason, 'OutOfMemory', exit.message);
    assert.match(exit.message, /limit of 256 MiB/);
  });
});
