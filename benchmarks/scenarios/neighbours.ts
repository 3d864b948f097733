import { setTimeout as sleep } from 'node:timers/promises';
import { BAD_NEIGHBOURS, badNeighbourModel, type BadNeighbour, saidIn } from '../../test/e2e/support/bad-neighbours.ts';
import { LoadProcess } from '../load/load-process.ts';
import type { LoadPlan } from '../load/plan.ts';
import { loadFor, type Window } from '../load/window.ts';
import { binaryRequests } from '../models/model.ts';
import type { BenchPlatform } from '../platform/platform.ts';
import type { Line } from '../report/report.ts';
import { median, ratios, summarise } from '../report/statistics.ts';
import type { Scenario } from './scenario.ts';
import { warmUp } from './warm-up.ts';

const FAST = { service: 'image', clients: 4, ratePerSecond: 200 } as const;
const MIB = 2 ** 20;

/** Versions that misbehave, one after the other beside a healthy one: what becomes of them, and what that one's clients notice. */
export const neighbours: Scenario = {
  name: 'neighbours',
  about: 'versions that misbehave: what becomes of each, and the p99 of a healthy version beside it over alone',
  async run(bench) {
    const platform = await bench.startPlatform();
    const model = await bench.model('image');
    await platform.serve(model, ['v1'], FAST.service);
    await warmUp(bench, platform);
    await platform.pushFiles('bad', 'v1', badNeighbourModel({ addresses: [['127.0.0.1', platform.httpPort], ['192.0.2.1', 80]], paths: ['/etc/shadow', '/proc/1/environ'] }));
    const client = await bench.until(Promise.resolve(new LoadProcess()));
    await client.putInFront();
    const plan: LoadPlan = { protocol: 'http', port: platform.httpPort, clients: FAST.clients, ratePerSecond: FAST.ratePerSecond, requests: binaryRequests(model, `/v2/models/${FAST.service}/versions/v1/infer`) };
    const stretch = (): Promise<Window> => loadFor(client, plan, platform, bench.quick ? 2_000 : 4_000);
    await stretch();
    const lines: Line[] = [];
    const rows: (string | number)[][] = [];
    for (const neighbour of BAD_NEIGHBOURS) {
      const [alone, beside]: [Window[], Window[]] = [[], []];
      const seen = new Set<string>();
      for (let round = 0; round < (bench.quick ? 1 : 3); round++) {
        alone.push(await stretch());
        const answer = await startActing(platform, neighbour);
        beside.push(await stretch());
        seen.add(await outcome(platform, neighbour, answer));
        await platform.client.undeploy(nameOf(neighbour), null, { waitSeconds: 60, force: true });
        await sleep(1_000);
      }
      const p99 = (windows: readonly Window[]): number[] => windows.map(({ latencyUs }) => latencyUs.p99);
      const failures = beside.reduce((sum, window) => sum + window.failures, 0);
      lines.push({ id: `neighbours-${neighbour.id}`, text: `p99 beside one that ${neighbour.text}, over alone`, unit: '×', summary: summarise(ratios(p99(beside), p99(alone))), goal: { at: 'most', value: 1.5 } });
      rows.push([neighbour.text, [...seen].join('; '), median(p99(alone)), median(p99(beside)), beside.reduce((sum, { requests }) => sum + requests, 0), failures]);
    }
    return { lines, tables: [{ title: `bad neighbours of an image model at ${FAST.ratePerSecond} requests/s`, columns: ['a version that', 'what became of it', 'p99 alone µs', 'p99 beside µs', 'requests', 'failed'], rows }] };
  },
};

const nameOf = ({ id }: BadNeighbour): string => `bad-${id}`;

/** Deploys it and sets it off; gives its answer, '' where none comes soon. */
async function startActing(platform: BenchPlatform, neighbour: BadNeighbour): Promise<string> {
  await platform.client.apply(nameOf(neighbour), { deployments: [{ version: 'bad:v1', resources: neighbour.resources, timeouts: { drainTimeoutMs: 500 } }], traffic: { version: 'v1' } }, { waitSeconds: 240 });
  const asked = fetch(`http://127.0.0.1:${platform.httpPort}/v2/models/${nameOf(neighbour)}/infer`, { method: 'POST', body: JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 4], data: [neighbour.act, 0, 0, 0] }] }) }).then((answer) => answer.text());
  if (neighbour.answers) return asked;
  asked.catch(() => undefined);
  return '';
}

/** One line on what holds it, from what the platform says of it. */
async function outcome({ client }: BenchPlatform, neighbour: BadNeighbour, answer: string): Promise<string> {
  const said = answer === '' ? [] : saidIn(answer);
  if (said.length > 0) return `was refused: ${said.join(', ')}`;
  const service = nameOf(neighbour);
  const replicas = await client.listReplicas({ service });
  const ended = replicas.find(({ phase }) => phase === 'failed');
  if (ended) return `${ended.reason}: ${ended.message.split(/[;\n]/)[0]}`;
  const { versions } = await client.getService(service);
  const replica = versions.flatMap(({ replicas: found }) => found)[0];
  const facts = [
    replica?.storageBytes ? `${(replica.storageBytes / MIB).toFixed(0)} MiB of storage` : '',
    replica?.residentBytes ? `${(replica.residentBytes / MIB).toFixed(0)} MiB of memory` : '',
    replica?.cpuSeconds ? `${replica.cpuSeconds.toFixed(1)} s of CPU` : '',
  ].filter(Boolean);
  return `held: ${facts.join(', ')}`;
}
