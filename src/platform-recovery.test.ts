import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { programPath } from './config/index.ts';
import type { ServiceStatus } from './deployment-engine/index.ts';
import { scaleModel, writeModelDirectory } from './testing/onnx-models.ts';
import { ask, pidsOf, runs, temporaryDirectory } from './testing/platform-harness.ts';
import { until } from './testing/until.ts';

interface Control {
  readonly child: ChildProcess;
  readonly url: string;
  readonly output: () => string;
}

describe('platform: killed and started again', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let data = '';
  const children: ChildProcess[] = [];

  /** Starts a control process and waits for its banner's end, or its own. */
  async function serve(...flags: string[]): Promise<Control> {
    const child = spawn(process.execPath, [programPath('cli'), 'serve', '--data-dir', data, '--http', '127.0.0.1:0', '--grpc', '127.0.0.1:0', '--orphan-grace', '20s', ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk));
    await until(`ready, not ${output}`, () => /^ready$/m.test(output) || child.exitCode !== null, 30_000);
    return { child, url: /inference\s+(http:\S+)\/v2/.exec(output)?.[1] ?? '', output: () => output };
  }
  const service = async (url: string): Promise<ServiceStatus> => (await fetch(`${url}/api/v1/services/scale`)).json() as Promise<ServiceStatus>;
  const ready = async (url: string): Promise<ServiceStatus> =>
    until('all versions are ready', async () => {
      const status = await service(url);
      return status.versions?.length === 2 && status.versions.every((version) => version.phase === 'ready') && status;
    });
  async function kill(child: ChildProcess): Promise<void> {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }
  const gatewayPid = async (control: Control): Promise<number> => {
    const events = (await (await fetch(`${control.url}/api/v1/events?limit=1000`)).json()) as { reason: string; message: string }[] | { events: { reason: string; message: string }[] };
    const list = Array.isArray(events) ? events : events.events;
    return Number(/process (\d+)/.exec(list.findLast((event) => event.reason.startsWith('Gateway'))?.message ?? '')?.[1]);
  };

  before(async () => {
    directory = await temporaryDirectory();
    data = join(directory.path, 'data');
    await mkdir(data);
    for (const version of [1, 2]) await writeModelDirectory(join(directory.path, 'models', 'scale', String(version)), scaleModel(version, { batch: true }));
  });
  after(async () => {
    for (const child of children) if (child.exitCode === null && child.signalCode === null) await kill(child);
    await directory.remove();
  });

  it('serves a Triton-style directory, serves on while control is dead, and adopts what runs', async () => {
    const first = await serve('--model-repository', join(directory.path, 'models'));
    const before = await ready(first.url);
    assert.deepEqual(before.versions.map(({ version, weight }) => [version, weight]), [['1', 0], ['2', 100]]);
    const gateway = await gatewayPid(first);

    const failures: unknown[] = [];
    let going = true;
    let asked = 0;
    const load = (async () => {
      for (; going; asked++) await ask(first.url, 'scale').then((answer) => answer.factor === 2 || failures.push(answer), (error) => failures.push(error));
    })();
    await kill(first.child);
    const answeredAlone = asked;
    await until('inference goes on without control', () => asked > answeredAlone + 20);
    const second = await serve();
    const adopted = await ready(second.url);
    going = false;
    await load;
    assert.deepEqual(failures, []);
    assert.equal(second.url, first.url);
    assert.deepEqual(pidsOf(adopted), pidsOf(before));
    assert.equal(await gatewayPid(second), gateway);
    assert.equal(adopted.versions[0]?.restarts, 0);

    // The next test goes on from here: everything dies at once.
    for (const pid of [...pidsOf(adopted), gateway]) process.kill(pid, 'SIGKILL');
    await kill(second.child);
  });

  it('serves the same after kill -9 of everything, without being told', async () => {
    const third = await serve();
    const status = await ready(third.url);
    assert.deepEqual(status.versions.map(({ version, weight }) => [version, weight]), [['1', 0], ['2', 100]]);
    assert.equal((await ask(third.url, 'scale')).factor, 2);
    assert.equal((await ask(third.url, 'scale', '1')).factor, 1);
    const lost = (await (await fetch(`${third.url}/api/v1/replicas`)).json()) as { reason: string }[] | { replicas: { reason: string }[] };
    assert.ok((Array.isArray(lost) ? lost : lost.replicas).some((replica) => replica.reason === 'Lost'));

    const refused = await serve();
    assert.equal(refused.child.exitCode, 1);
    assert.match(refused.output(), new RegExp(`another server uses the data directory .*process ${third.child.pid}`));

    const pids = [...pidsOf(status), await gatewayPid(third)];
    const exited = once(third.child, 'exit');
    third.child.kill('SIGTERM');
    assert.deepEqual(await exited, [0, null]);
    assert.deepEqual(pids.filter(runs), [], 'nothing is left behind');
  });

  it('says so when an address is in use, and leaves nothing behind', async () => {
    const { createServer } = await import('node:net');
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as { port: number };
    try {
      const control = await serve('--http', `127.0.0.1:${port}`);
      assert.equal(control.child.exitCode, 1);
      assert.match(control.output(), /^error: the gateway did not start: an address is in use.*EADDRINUSE/m);
    } finally {
      holder.close();
    }
  });
});
