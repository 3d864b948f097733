import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { addSubModel, scaleModel, slowModel } from '../../../testing/onnx-models.ts';
import { describeTarget } from '../../../testing/target-suite.ts';
import { exitOf, settled, signatureOf, WireClient, within, WorkerFixture } from '../../../testing/worker-fixture.ts';
import { until } from '../../../testing/until.ts';
import { dial } from '../../../wire/index.ts';
import { isAlive, runDirectory, sweepOrphans, type WorkerRecord } from '../index.ts';

const SCALE = signatureOf(['x'], ['y'], 'FP32', [-1, 4]);
const floats = (...values: number[]) => ({ name: 'x', datatype: 'FP32' as const, shape: [1, values.length], data: new Uint8Array(new Float32Array(values).buffer) });

describeTarget('local', async () => {
  const fixture = await WorkerFixture.create();
  return {
    target: fixture.target,
    spec: (replica, kind) => fixture.spec(replica, kind === 'good' ? addSubModel() : new Uint8Array([1, 2, 3]), signatureOf(['INPUT0', 'INPUT1'], ['OUTPUT0', 'OUTPUT1'], 'INT32', [16])),
    close: () => fixture.close(),
  };
});

describe('local target', () => {
  let fixture: WorkerFixture;
  before(async () => {
    fixture = await WorkerFixture.create({ heartbeatTimeoutMs: 800 });
  });
  after(() => fixture.close());

  it('tells of a kill -9 and leaves only the log', async () => {
    const worker = await fixture.start('kill9', scaleModel(2), SCALE);
    await settled(worker);
    process.kill(worker.pid, 'SIGKILL');
    const exit = await exitOf(worker);
    assert.deepEqual([exit.reason, exit.signal, exit.expected], ['Killed', 'SIGKILL', false]);
    assert.match(exit.message, /from outside/);
    assert.deepEqual((await readdir(fixture.runDirectory)).filter((name) => worker.socketPath.endsWith(name)), []);
    assert.match(await readFile(worker.record.logFile, 'utf8'), /ready after/);
  });

  it('tells of an end though neither its log can be read nor its files be removed', async () => {
    const worker = await fixture.start('unreadable', scaleModel(2), SCALE);
    await settled(worker);
    // Directories in their place: reading and removing fail, as with a bad disk.
    for (const path of [worker.record.logFile, worker.record.configPath]) {
      await rm(path);
      await mkdir(path);
    }
    process.kill(worker.pid, 'SIGKILL');
    const exit = await exitOf(worker);
    assert.equal(exit.reason, 'Killed');
    assert.match(exit.message, /the log can't be read: EISDIR/);
    await rm(worker.record.configPath, { recursive: true });
  });

  it('finds a stopped (SIGSTOP) worker hung and ends it', async () => {
    const worker = await fixture.start('hung', scaleModel(2), SCALE);
    await settled(worker);
    process.kill(worker.pid, 'SIGSTOP');
    const exit = await exitOf(worker);
    assert.deepEqual([exit.reason, exit.expected], ['Hung', false]);
    assert.equal(isAlive(worker.pid, worker.pidStartTime), false);
  });

  it('does not take a long run for a hang', async () => {
    const worker = await fixture.start('busy', slowModel(1_000), signatureOf(['x'], ['y'], 'FP32', [1]), { timeouts: { requestTimeoutMs: 60_000, runTimeoutMs: 60_000, loadTimeoutMs: 60_000, drainTimeoutMs: 2_000 } });
    assert.equal((await within('ready', settled(worker), 60_000)).phase, 'ready');
    const client = await WireClient.dial(worker);
    const answer = await within('answer', client.send({ items: [{ inputs: [{ name: 'x', datatype: 'FP32', shape: [1], bytes: 4 }] }] }, [new Uint8Array(4)]), 60_000);
    assert.ok('header' in answer);
    assert.equal(worker.exited, null);
    client.close();
  });

  it('ends a worker that is not ready in time', async () => {
    const spec = await fixture.spec('late', scaleModel(2), SCALE, { timeouts: { requestTimeoutMs: 1_000, runTimeoutMs: 1_000, loadTimeoutMs: 300, drainTimeoutMs: 100 } });
    const deaf = { ...spec, command: () => ({ file: process.execPath, args: ['-e', 'setInterval(() => {}, 1000)'], env: {} }) };
    const exit = await exitOf(fixture.keep(await fixture.target.start(deaf)));
    assert.equal(exit.reason, 'LoadTimeout');
  });

  it('shows the last lines of a program that ends at once', async () => {
    const spec = await fixture.spec('crash', scaleModel(2), SCALE);
    const broken = { ...spec, command: () => ({ file: process.execPath, args: ['-e', 'console.error("no luck today"); process.exit(7)'], env: {} }) };
    const exit = await exitOf(fixture.keep(await fixture.target.start(broken)));
    assert.deepEqual([exit.reason, exit.code], ['Crashed', 7]);
    assert.match(exit.message, /no luck today/);
  });

  it('never signals a process that only has the same pid', async () => {
    const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    try {
      await new Promise((resolve) => bystander.once('spawn', resolve));
      const record: WorkerRecord = { replica: 'other', pid: bystander.pid as number, pidStartTime: '1', socketPath: join(fixture.runDirectory, 'none.sock'), token: 't', configPath: join(fixture.runDirectory, 'none.json'), logFile: join(fixture.directory, 'none.log') };
      assert.equal(await fixture.target.adopt(record), null);
      assert.equal(bystander.exitCode ?? bystander.signalCode, null);
    } finally {
      bystander.kill('SIGKILL');
    }
  });

  it('ends a process that does not know the record’s secret', async () => {
    const worker = await fixture.start('impostor', scaleModel(2), SCALE);
    await settled(worker);
    worker.detach();
    assert.equal(await fixture.target.adopt({ ...worker.record, token: 'wrong' }), null);
    await until('ended', () => !isAlive(worker.pid, worker.pidStartTime));
  });

  it('sees the end of an adopted worker', async () => {
    const worker = await fixture.start('adopted-end', scaleModel(2), SCALE);
    await settled(worker);
    worker.detach();
    const adopted = await fixture.target.adopt(worker.record);
    assert.ok(adopted);
    process.kill(adopted.pid, 'SIGKILL');
    assert.equal((await exitOf(adopted)).reason, 'Lost');
  });

  it('adopts a worker whose control was killed, and it answers all the while', async () => {
    const { record, child } = await startInDoomedControl(fixture);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('exit', resolve));
    const { connection } = await dial(record.socketPath, { role: 'gateway', token: record.token }, 5_000);
    connection.destroy();
    const adopted = await fixture.target.adopt(record);
    assert.ok(adopted);
    fixture.keep(adopted);
    assert.equal((await settled(adopted)).phase, 'ready');
    const client = await WireClient.dial(adopted);
    const { items } = await client.infer([{ inputs: [floats(1, 2, 3, 4)] }]);
    assert.ok('outputs' in (items[0] as object));
    client.close();
  });

  it('a worker without control leaves after its orphan grace', async () => {
    const worker = await fixture.start('orphan', scaleModel(2), SCALE, { orphanGraceMs: 3_000 });
    await settled(worker);
    worker.detach();
    await until('gone', () => !isAlive(worker.pid, worker.pidStartTime));
    assert.match(await readFile(worker.record.logFile, 'utf8'), /no control connection for 3000 ms/);
  });

  it('sweeps out workers and files that nobody knows', async () => {
    const other = await WorkerFixture.create();
    try {
      const known = await other.start('known', scaleModel(2), SCALE);
      const unknown = await other.start('unknown', scaleModel(2), SCALE);
      await Promise.all([settled(known), settled(unknown)]);
      unknown.detach();
      await writeFile(join(other.runDirectory, 'worker-dead.json'), '{}');
      await writeFile(join(other.runDirectory, 'worker-old.sock'), '');
      const report = await sweepOrphans(other.runDirectory, new Set(['known']));
      assert.deepEqual(report.stopped, ['unknown']);
      await until('gone', () => !isAlive(unknown.pid, unknown.pidStartTime));
      assert.equal(known.exited, null);
      const left = (await readdir(other.runDirectory)).filter((name) => name.startsWith('worker-'));
      assert.ok(left.length > 0 && left.every((name) => known.record.configPath.startsWith(join(other.runDirectory, name.split('.')[0] as string))), left.join());
    } finally {
      await other.close();
    }
  });

  it('keeps secrets from other users', async () => {
    const worker = await fixture.start('modes', scaleModel(2), SCALE);
    await settled(worker);
    const mode = async (path: string): Promise<number> => (await stat(path)).mode & 0o077;
    assert.deepEqual(await Promise.all([fixture.runDirectory, dirname(worker.socketPath), worker.record.logFile].map(mode)), [0, 0, 0]);
    const config = await stat(worker.record.configPath);
    // Its group is nobody's but the worker's, where it has a user id of its own.
    assert.equal(config.mode & 0o077, config.gid === process.getgid?.() ? 0 : 0o040);
    assert.equal(config.uid, process.getuid?.());
  });
});

describe('run directory', () => {
  it('is short whatever the data directory, private, and no symbolic link', async () => {
    const base = await mkdtemp(join(tmpdir(), 'lepton-run-'));
    const long = join(base, 'd'.repeat(120));
    const short = await runDirectory(long);
    try {
      assert.ok(Buffer.byteLength(short) + 33 <= 107, short);
      await chmod(short, 0o755);
      assert.equal((await stat(await runDirectory(long))).mode & 0o777, 0o700);
      await rm(short, { recursive: true });
      await symlink(base, short);
      await assert.rejects(runDirectory(long), /not a directory of our own/);
    } finally {
      await rm(short, { recursive: true, force: true });
      await rm(base, { recursive: true });
    }
  });
});

/** A control process that starts one worker, prints its record and waits to be killed. */
async function startInDoomedControl(fixture: WorkerFixture): Promise<{ record: WorkerRecord; child: ReturnType<typeof spawn> }> {
  const { command: _, ...spec } = await fixture.spec('survivor', scaleModel(2), SCALE);
  const script = `
    import { LocalTarget } from ${JSON.stringify(import.meta.resolve('../index.ts'))};
    import { nodeWorkerCommand } from ${JSON.stringify(import.meta.resolve('../../runtimes/index.ts'))};
    const spec = JSON.parse(process.argv[1]);
    const target = new LocalTarget({ runDirectory: process.argv[2] });
    const worker = await target.start({ ...spec, command: nodeWorkerCommand });
    worker.onStatus((status) => status.phase === 'ready' && console.log(JSON.stringify(worker.record)));
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, JSON.stringify(spec), fixture.runDirectory], { stdio: ['ignore', 'pipe', 'inherit'] });
  const line = await within('record', new Promise<string>((resolve) => child.stdout.once('data', (data: Buffer) => resolve(data.toString()))));
  return { record: JSON.parse(line) as WorkerRecord, child };
}
