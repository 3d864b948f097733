import { setTimeout as sleep } from 'node:timers/promises';
import { LoadProcess } from '../load/load-process.ts';
import { Strangers } from '../load/strangers.ts';
import type { LoadPlan } from '../load/plan.ts';
import { loadFor, type Window } from '../load/window.ts';
import { binaryRequests } from '../models/model.ts';
import type { BenchPlatform } from '../platform/platform.ts';
import type { Line, Table } from '../report/report.ts';
import { httpGet } from '../requests/http.ts';
import { median, ratios, summarise } from '../report/statistics.ts';
import { hugeContent, pushContent } from './huge-push.ts';
import type { Bench, Scenario } from './scenario.ts';
import { warmUp } from './warm-up.ts';

/** A load that leaves room: what is looked at is the neighbour's influence, not the model's own queue. */
const FAST = { service: 'image', clients: 4, ratePerSecond: 200 } as const;

interface Neighbour {
  readonly id: string;
  readonly text: string;
  /** Starts disturbing; the returned function stops it. */
  readonly start: () => Promise<() => Promise<void>>;
}

/** A neighbour's work is spread over as many processes: client, gateway or worker, control. */
const STRANGERS = 3;

/**
 * The p99 of a fast model alone, beside neighbours, and beside strangers that take as many cores as a neighbour did, in turn.
 * What strangers cost is the machine's; what a neighbour costs beyond that would be ours.
 */
export const isolation: Scenario = {
  name: 'isolation',
  about: 'p99 of a fast model beside a busy neighbour, over its p99 alone and beside as busy strangers',
  async run(bench) {
    const platform = await bench.startPlatform();
    const [fast, slow] = [await bench.model('image'), await bench.model('magika')];
    await platform.serve(fast, ['v1'], FAST.service);
    await platform.serve(slow, ['v1'], 'magika');
    await warmUp(bench, platform);
    const client = await bench.until(Promise.resolve(new LoadProcess()));
    const inFront = await client.putInFront();
    const plan: LoadPlan = { protocol: 'http', port: platform.httpPort, clients: FAST.clients, ratePerSecond: FAST.ratePerSecond, requests: binaryRequests(fast, `/v2/models/${FAST.service}/versions/v1/infer`) };
    const stretch = (): Promise<Window> => loadFor(client, plan, platform, bench.quick ? 2_000 : 5_000);
    await stretch();
    const neighbours = await neighboursOf(bench, platform);
    const lines: Line[] = [];
    const rows: (string | number)[][] = [];
    const strangers = await bench.until(Promise.resolve(new Strangers(STRANGERS)));
    for (const { id, text, start } of neighbours) {
      const [alone, beside, strange]: [Window[], Window[], Window[]] = [[], [], []];
      for (let round = 0; round < (bench.quick ? 2 : 5); round++) {
        alone.push(await stretch());
        const stop = await start();
        beside.push(await stretch().finally(stop));
        await strangers.start(Math.max(0, busyCores(beside.at(-1) as Window) - busyCores(alone.at(-1) as Window)));
        strange.push(await stretch().finally(() => strangers.stop()));
        await sleep(300);
      }
      const p99 = (windows: readonly Window[]): number[] => windows.map(({ latencyUs }) => latencyUs.p99);
      lines.push({ id: `isolation-${id}`, text: `p99 beside ${text}, over alone`, unit: '×', summary: summarise(ratios(p99(beside), p99(alone))), goal: { at: 'most', value: 1.3 } });
      lines.push({ id: `isolation-${id}-strangers`, text: `p99 beside ${text}, over beside strangers that take as many cores`, unit: '×', summary: summarise(ratios(p99(beside), p99(strange))) });
      rows.push(rowOf(`alone (${id})`, alone), rowOf(`beside ${text}`, beside), rowOf(`beside as busy strangers (${id})`, strange));
    }
    return { lines, tables: [tableOf(rows, inFront)] };
  },
};

async function neighboursOf(bench: Bench, platform: BenchPlatform): Promise<Neighbour[]> {
  const load = await bench.until(Promise.resolve(new LoadProcess()));
  const loaded = (plan: LoadPlan) => async (): Promise<() => Promise<void>> => {
    await load.start(plan);
    return async () => void (await load.stop());
  };
  const slow = await bench.model('magika');
  const content = await hugeContent(bench.cache, bench.quick ? 256 * 2 ** 20 : 2 ** 30);
  const management = [{ bytes: httpGet('/api/v1/services'), expect: { kind: 'text', text: 'image' } }, { bytes: httpGet('/api/v1/repositories/image/versions'), expect: { kind: 'text', text: 'v1' } }] as const;
  return [
    { id: 'slow-model', text: 'a slow model at full load', start: loaded({ protocol: 'http', port: platform.httpPort, clients: 8, requests: binaryRequests(slow, '/v2/models/magika/versions/v1/infer') }) },
    { id: 'push', text: `a push of ${content.size / 2 ** 20} MiB`, start: async () => repeated(() => pushContent(platform, content)) },
    { id: 'gc', text: 'a gc each second', start: async () => repeated(() => Promise.all([platform.client.gc({ graceMs: 0 }), sleep(1_000)])) },
    { id: 'gc-storm', text: 'gc after gc', start: async () => repeated(() => platform.client.gc({ graceMs: 0 })) },
    { id: 'management', text: '1,000 management calls/s', start: loaded({ protocol: 'http', port: platform.httpPort, clients: 8, ratePerSecond: 1_000, requests: management }) },
  ];
}

/** Does something again and again until it is stopped. */
function repeated(act: () => Promise<unknown>): () => Promise<void> {
  let running = true;
  const done = (async () => {
    while (running) await act();
  })();
  done.catch(() => undefined);
  return () => {
    running = false;
    return done;
  };
}

/** Of everything but the load's own client. */
function busyCores({ cpuUs, perSecond, otherCores }: Window): number {
  return (cpuUs * perSecond) / 1e6 + otherCores;
}

function rowOf(text: string, windows: readonly Window[]): (string | number)[] {
  const middle = (read: (window: Window) => number): number => median(windows.map(read));
  const cores = (role: string): string => middle(({ cpuUsByRole, perSecond }) => ((cpuUsByRole[role] ?? 0) * perSecond) / 1e6).toFixed(2);
  return [
    text, middle(({ perSecond }) => perSecond), middle(({ latencyUs }) => latencyUs.p50), middle(({ latencyUs }) => latencyUs.p99), middle(({ latencyUs }) => latencyUs.max), windows.reduce((sum, { failures }) => sum + failures, 0),
    cores('gateway'), cores('worker'), cores('control'), middle(({ otherCores }) => otherCores).toFixed(2),
  ];
}

const tableOf = (rows: Table['rows'], inFront: boolean): Table => ({
  title: `isolation: image model at ${FAST.ratePerSecond} requests/s from ${FAST.clients} clients${inFront ? ' that get a core whenever they want one' : ''}; cores that each kind of process keeps busy`,
  columns: ['', 'requests/s', 'p50 µs', 'p99 µs', 'max µs', 'failed', 'gateway', 'workers', 'control', 'all others'],
  rows,
});
