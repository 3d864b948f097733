import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { programPath } from './config/index.ts';
import type { ServiceStatus } from './deployment-engine/index.ts';
import { scaleModel, writeModelDirectory } from './testing/onnx-models.ts';
import { ask, pidsOf, runs, temporaryDirectory } from './testing/platform-harness.ts';
import { until } from './testing/until.ts';

describe('platform: faults around it', () => {
  let models: Awaited<ReturnType<typeof temporaryDirectory>>;
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  let data = '';
  const children: ChildProcess[] = [];
  const started = new Set<number>();

  before(async () => {
    models = await temporaryDirectory();
    await writeModelDirectory(join(models.path, 'scale', '1'), scaleModel(1, { batch: true }));
  });
  after(() => models.remove());
  beforeEach(async () => {
    directory = await temporaryDirectory();
    data = join(directory.path, 'data');
    await mkdir(data);
  });
  afterEach(async () => {
    for (const child of children.splice(0)) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    for (const pid of started) if (runs(pid)) process.kill(pid, 'SIGKILL');
    started.clear();
    await directory.remove();
  });

  /** Starts a control process whose standard output and error go to `output`. */
  function serve(output: number | 'pipe' = 'pipe', ...flags: string[]): ChildProcess {
    const child = spawn(process.execPath, [programPath('cli'), 'serve', '--data-dir', data, '--http', '127.0.0.1:0', '--grpc', '127.0.0.1:0', '--orphan-grace', '20s', '--model-repository', models.path, ...flags], { stdio: ['ignore', output, output] });
    children.push(child);
    return child;
  }
  /** The service, once it answers; the gateway says where in its run directory. */
  const served = async (): Promise<{ url: string; status: ServiceStatus }> =>
    until('the service is ready', async () => {
      for (const name of (await readdir(join(data, 'run'))).filter((file) => file.endsWith('.ports'))) {
        const { http } = JSON.parse(await readFile(join(data, 'run', name), 'utf8')) as { http: { port: number } };
        const url = `http://127.0.0.1:${http.port}`;
        const status = (await (await fetch(`${url}/api/v1/services/scale`)).json()) as ServiceStatus;
        for (const pid of pidsOf(status)) started.add(pid);
        if (status.versions?.[0]?.phase === 'ready') return { url, status };
      }
      return null;
    });
  /** Processes of the gateways of which events say so. */
  const gateways = async (reason: 'GatewayStarted' | 'GatewayAdopted', url: string): Promise<number[]> => {
    const text = await (await fetch(`${url}/api/v1/events?limit=1000`)).text();
    const pids = [...text.matchAll(/"reason":"(Gateway\w+)","message":"gateway \w+ \(process (\d+)\)/g)].filter(([, name]) => name === reason).map(([, , pid]) => Number(pid));
    for (const pid of pids) started.add(pid);
    return pids;
  };
  async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<[number | null, NodeJS.Signals | null]> {
    const exited = once(child, 'exit');
    child.kill(signal);
    return (await exited) as [number | null, NodeJS.Signals | null];
  }

  it('serves on, and stops in order, when no log line can be written', async () => {
    await mkdir(join(data, 'logs'));
    for (const name of ['control.log', 'gateway.log']) await symlink('/dev/full', join(data, 'logs', name));
    const full = openSync('/dev/full', 'a');
    const control = serve(full, '--log-level', 'debug');
    closeSync(full);
    const { url, status } = await served();
    assert.equal((await ask(url, 'scale')).factor, 1);
    const [pid] = pidsOf(status);
    process.kill(pid as number, 'SIGKILL');
    await until('another worker', async () => pidsOf((await served()).status).some((other) => other !== pid));
    assert.equal((await ask(url, 'scale')).factor, 1);
    assert.equal((await ask(url, 'none')).status, 404);
    assert.deepEqual(await ended(control, 'SIGTERM'), [0, null]);
  });

  it('stops in the middle of an import when it is asked to', async () => {
    const many = join(directory.path, 'models');
    for (let model = 0; model < 100; model++) await writeModelDirectory(join(many, `model-${model}`, '1'), scaleModel(model, { batch: true }));
    const control = serve('pipe', '--model-repository', many);
    let output = '';
    for (const stream of [control.stdout, control.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk));
    await until('the gateway listens', async () => (await readdir(join(data, 'run'))).some((name) => name.endsWith('.ports')));
    assert.deepEqual(await ended(control, 'SIGTERM'), [0, null]);
    assert.doesNotMatch(output, /imported|^ready$/m);
    assert.match(output, /SIGTERM: stopping[^]*^stopped$/m);
    assert.deepEqual((await readdir(join(data, 'run'))).filter((name) => !name.startsWith('control')), []);
  });

  it('does not adopt a gateway that is already leaving', async () => {
    const first = serve();
    const { url, status } = await served();
    const [leaving] = (await gateways('GatewayStarted', url)) as [number];
    await ended(first, 'SIGKILL');
    // A request that the worker does not answer keeps the gateway from leaving at once.
    const [worker] = pidsOf(status) as [number];
    process.kill(worker, 'SIGSTOP');
    const unanswered = ask(url, 'scale').catch(() => null);
    await until('the gateway waits for it', async () => /^lepton_requests_in_flight\{[^}]*\} 1$/m.test(await (await fetch(`${url}/metrics`)).text()));
    process.kill(leaving, 'SIGTERM');
    await until('it takes no more', () => ask(url, 'scale').then(() => false, () => true));
    assert.ok(runs(leaving));
    serve();
    await until('it is ended', () => !runs(leaving));
    process.kill(worker, 'SIGCONT');
    await unanswered;
    await until('another gateway answers', async () => (await served()).url === url && (await gateways('GatewayStarted', url)).length === 2, 60_000);
    assert.deepEqual(await gateways('GatewayAdopted', url), []);
    assert.equal((await ask(url, 'scale')).factor, 1);
  });
});
