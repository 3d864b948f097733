import { setTimeout as sleep } from 'node:timers/promises';
import { LoadProcess } from '../load/load-process.ts';
import type { LoadSnapshot } from '../load/plan.ts';
import { binaryRequests } from '../models/model.ts';
import type { BenchPlatform } from '../platform/platform.ts';
import { ratios, summarise } from '../report/statistics.ts';
import type { Scenario } from './scenario.ts';
import { warmUp } from './warm-up.ts';

const SERVICE = 'image';
/** About a fifth of what the model can do, in steady steps: a client that waits is still due. */
const RATE_PER_SECOND = 300;
const SWAPS_A_BLOCK = 10;

/** A version put in the place of another, again and again, under steady load. */
export const swap: Scenario = {
  name: 'swap',
  about: '100 version swaps at 8 steady clients: failures, and p99 beside p99 without swaps',
  async run(bench) {
    const platform = await bench.startPlatform();
    const model = await bench.model('image');
    await platform.push(model, 'v1', SERVICE);
    await platform.push(model, 'v2', SERVICE);
    await platform.apply(SERVICE, ['v1']);
    await warmUp(bench, platform);
    const client = await bench.until(Promise.resolve(new LoadProcess()));
    await client.putInFront();
    await client.start({ protocol: 'http', port: platform.httpPort, clients: 8, ratePerSecond: RATE_PER_SECOND, requests: binaryRequests(model, `/v2/models/${SERVICE}/infer`), checkEvery: 1 });
    const blocks = bench.quick ? 2 : 10;
    const [steady, swapping]: [LoadSnapshot[], LoadSnapshot[]] = [[], []];
    await sleep(2_000);
    for (let block = 0; block < blocks; block++) {
      await client.take();
      await sleep(bench.quick ? 3_000 : 6_000);
      steady.push(await client.take());
      for (let index = 0; index < SWAPS_A_BLOCK; index++) await swapOnce(platform);
      swapping.push(await client.take());
    }
    await client.stop();
    const all = [...steady, ...swapping];
    const swaps = blocks * SWAPS_A_BLOCK;
    const p99 = (snapshots: readonly LoadSnapshot[]): number[] => snapshots.map(({ latencyUs }) => latencyUs.p99 / 1000);
    const failures = all.reduce((sum, snapshot) => sum + snapshot.failures, 0);
    const faults = Object.assign({}, ...all.map((snapshot) => snapshot.faults)) as Record<string, number>;
    return {
      lines: [
        { id: 'swap-failures', text: `${swaps} swaps: failed requests of ${all.reduce((sum, { requests }) => sum + requests, 0)}`, unit: 'requests', summary: summarise([failures]), goal: { at: 'most', value: 0 }, ...(failures ? { note: Object.keys(faults).join('; ') } : {}) },
        { id: 'swap-p99', text: 'p99 during swaps over p99 without', unit: '×', summary: summarise(ratios(p99(swapping), p99(steady))), goal: { at: 'most', value: 2 } },
        { id: 'swap-p99-ms', text: 'p99 during swaps', unit: 'ms', summary: summarise(p99(swapping)) },
        { id: 'swap-p99-steady-ms', text: 'p99 without swaps', unit: 'ms', summary: summarise(p99(steady)) },
        { id: 'swap-max-ms', text: 'slowest request during swaps', unit: 'ms', summary: summarise(swapping.map(({ latencyUs }) => latencyUs.max / 1000)) },
        { id: 'swap-seconds', text: 'one swap, from the call until the new version serves', unit: 's', summary: summarise(swapping.map(({ seconds }) => seconds / SWAPS_A_BLOCK)) },
      ],
      tables: [],
    };
  },
};

async function swapOnce({ client }: BenchPlatform): Promise<void> {
  const { versions } = await client.getService(SERVICE);
  const from = versions.find(({ weight }) => weight > 0)?.version ?? 'v1';
  const to = from === 'v1' ? 'v2' : 'v1';
  const { status } = await client.update(SERVICE, { version: `${SERVICE}:${to}` }, { from, waitSeconds: 60 });
  if (!status?.versions.some(({ version, weight }) => version === to && weight === 100)) throw new Error(`${to} does not serve after the swap: ${JSON.stringify(status?.conditions).slice(0, 300)}`);
}
