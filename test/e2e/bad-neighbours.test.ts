/** Versions that misbehave: each is held to its share or stopped with the reason, while a healthy one answers every request. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { after, afterEach, before, beforeEach, describe, it, type TestContext } from 'node:test';
import type { IsolationReport } from '../../src/core/index.ts';
import { scaleModel } from '../../src/testing/onnx-models.ts';
import { Load, scaleRequest, TestPlatform, until } from './harness.ts';
import { BAD_NEIGHBOURS, badNeighbourModel, type BadNeighbour, MEMORY_BYTES, PIDS, saidIn, STORAGE_BYTES } from './support/bad-neighbours.ts';

const LOG_BYTES_MAX = 10 * 2 ** 20;

describe('bad neighbours', () => {
  let platform: TestPlatform;
  let host: IsolationReport;
  let load: Load;

  before(async () => {
    platform = await TestPlatform.start();
    ({ isolation: host } = await platform.api<{ isolation: IsolationReport }>('GET', '/status'));
    await platform.publish('healthy', 'v1', scaleModel(2));
    await platform.api('PUT', '/services/healthy?wait=60', { deployments: [{ version: 'healthy:v1' }], traffic: { version: 'v1' } });
    const { dataDirectory } = platform;
    const paths = [join(dataDirectory, 'lepton.sqlite'), join(dataDirectory, 'logs/control.log'), ...readdirSync(join(dataDirectory, 'run')).filter((name) => name.endsWith('.json')).map((name) => join(dataDirectory, 'run', name))];
    for (const path of paths) assert.ok(existsSync(path), path);
    await platform.publishFiles('bad', 'v1', badNeighbourModel({ addresses: [['127.0.0.1', platform.httpPort], ['192.0.2.1', 80]], paths }));
  });
  after(() => platform?.dispose());
  beforeEach(() => {
    load = new Load({ clients: 2, pauseMs: 2, url: `${platform.url}/v2/models/healthy/infer`, body: scaleRequest });
  });
  afterEach(async () => {
    const { requests, failures } = await load.stop();
    assert.deepEqual(failures, []);
    assert.ok(requests > 10, String(requests));
  });

  const of = (id: BadNeighbour['id']): BadNeighbour => BAD_NEIGHBOURS.find((neighbour) => neighbour.id === id) as BadNeighbour;
  const nameOf = ({ id }: BadNeighbour): string => `bad-${id}`;
  const replicas = async (neighbour: BadNeighbour) => (await platform.service(nameOf(neighbour))).versions.flatMap(({ replicas: found }) => found);
  const holds = (context: TestContext, slot: keyof IsolationReport): boolean => {
    if (!host[slot].enforced) context.skip(`this host does not isolate ${slot}: ${host[slot].reason}`);
    return host[slot].enforced;
  };

  const asRoot = (context: TestContext): boolean => {
    if (process.getuid?.() !== 0) context.skip('control groups take root here');
    return process.getuid?.() === 0;
  };

  /** Deploys it, sets it off, lets `watch` look at it, and takes it away with everything that it started. */
  async function beside(neighbour: BadNeighbour, watch: (worker: number, answer: string) => Promise<void>): Promise<void> {
    const service = nameOf(neighbour);
    await platform.api('PUT', `/services/${service}?wait=240`, { deployments: [{ version: 'bad:v1', resources: neighbour.resources, timeouts: { drainTimeoutMs: 500 } }], traffic: { version: 'v1' } });
    const [worker] = await platform.workerPids(service, 'v1');
    const answer = platform.infer(`${service}/infer`, { inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4], data: [neighbour.act, 0, 0, 0] }] }).then(({ body }) => body);
    if (neighbour.answers) await answer;
    else answer.catch(() => undefined);
    await watch(worker as number, neighbour.answers ? await answer : '');
    await platform.api('DELETE', `/services/${service}?wait=30&force=true`);
    await until('all its processes have gone', async () => !platform.processes().some(({ command }) => command.includes(service)));
    await until('its files have gone', () => !existsSync(`/proc/${worker}`));
  }

  it('one that allocates without end is ended for want of memory, and told so', async (context) => {
    if (!asRoot(context)) return;
    await beside(of('memory'), async () => {
      const failed = await until('it is out of memory', async () => (await platform.api<{ reason: string; message: string }[]>('GET', '/replicas?service=bad-memory')).find(({ reason }) => reason === 'OutOfMemory'));
      assert.match(failed.message, new RegExp(String(MEMORY_BYTES / 2 ** 20)));
    });
  });

  it('one that forks without end has as many processes as it may', async (context) => {
    if (!asRoot(context)) return;
    await beside(of('forks'), async () => {
      const mine = (): number => platform.processes().filter(({ command }) => command.includes('bad-forks')).length;
      await until('it has reached its limit', () => mine() >= PIDS / 2);
      await wait(500);
      assert.ok(mine() <= PIDS, String(mine()));
    });
  });

  it('one that spins leaves the others their cores', async () => {
    await beside(of('cpu'), async () => {
      const before = load.requests;
      await until('the healthy one goes on', () => load.requests > before + 50);
    });
  });

  it('one that fills its disk fills its own part of it', async (context) => {
    if (!holds(context, 'storage')) return;
    await beside(of('disk'), async (_worker, answer) => {
      assert.doesNotMatch(answer, /error/);
      const bytes = await until('its storage is full', async () => (await replicas(of('disk'))).map(({ storageBytes }) => storageBytes ?? 0).find((used) => used > STORAGE_BYTES / 2));
      assert.ok(bytes <= STORAGE_BYTES, String(bytes));
    });
  });

  it('one that floods its log keeps the newest of it', async () => {
    await beside(of('log'), async () => {
      const [replica] = await replicas(of('log'));
      const log = join(platform.dataDirectory, 'logs', `${replica?.id}.log`);
      let most = 0;
      const size = (): number => {
        const { size: now } = statSync(log);
        most = Math.max(most, now);
        return now;
      };
      await until('it has written as much as is kept', () => size() > LOG_BYTES_MAX / 2);
      await until('the older part has gone', () => size() < most / 2);
    });
  });

  it('one that opens sockets out reaches nobody', async (context) => {
    if (!holds(context, 'network')) return;
    await beside(of('network'), async (_worker, answer) => {
      const said = saidIn(answer);
      assert.equal(said.length, 2, answer);
      for (const what of said) assert.match(what, /Error/);
    });
  });

  it('one that reads others’ files finds none', async (context) => {
    if (!holds(context, 'files')) return;
    await beside(of('files'), async (_worker, answer) => {
      const said = saidIn(answer);
      assert.ok(said.length >= 3, answer);
      for (const what of said) assert.match(what, /Error/);
    });
  });

  it('one that ignores SIGTERM is ended all the same', async () => {
    await beside(of('deaf'), () => wait(300));
  });
});
