import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { LeptonClient } from '../../clients/typescript/src/index.ts';
import { slowModel } from '../../src/testing/onnx-models.ts';
import type { BenchPlatform } from '../platform/platform.ts';
import type { Line, Table } from '../report/report.ts';
import { summarise } from '../report/statistics.ts';
import { PacedClients, type Second } from '../scheduling/paced-clients.ts';
import { timeline, type Track } from '../scheduling/timeline.ts';
import type { Scenario } from './scenario.ts';

/** Nominal milliseconds, quality and priority. */
const VERSIONS = [
  { version: 'small', milliseconds: 6, quality: 0.8, priority: 1 },
  { version: 'medium', milliseconds: 10, quality: 0.9, priority: 2 },
  { version: 'large', milliseconds: 16, quality: 0.95, priority: 3 },
] as const;
/** CPU that is asked for, all versions together, as a share of what there is; each version asks for a third. */
const LOADS = [0.3, 0.6, 0.9, 1.3, 1.8, 0.3] as const;
const STEP = 10;
/** Of what takes a third of the cores. */
const BEFORE_STEP = 0.12;
const RESULTS = join(import.meta.dirname, '../results');

/** Three versions of different cost and worth under a load that rises above what the machine has, by real clients. */
export const scheduling: Scenario = {
  name: 'scheduling',
  about: 'three versions of priorities 1, 2 and 3 under rising load: who gets the cores, what is lost, how fast a step is followed',
  async run(bench) {
    const platform = await bench.startPlatform();
    await deploy(platform);
    const clients = VERSIONS.map(({ version }) => new PacedClients(`http://127.0.0.1:${platform.httpPort}/v2/models/load/versions/${version}/infer`));
    const watch = new Watch(platform.client);
    try {
      for (const one of clients) one.rate = 10;
      await wait(6_000);
      const full = await fullRates(platform.client);
      bench.say('ten times the demand of one version');
      clients.forEach((one, index) => (one.rate = (full[index] ?? 0) * BEFORE_STEP));
      await wait(10_000);
      const stepMs = await step(platform.client, clients[1] as PacedClients);
      const from: number[] = [];
      for (const load of LOADS) {
        bench.say(`clients ask for ${Math.round(load * 100)} % of the cores`);
        from.push(clients[0]?.seconds.length ?? 0);
        clients.forEach((one, index) => (one.rate = (full[index] ?? 0) * load));
        await wait(bench.quick ? 5_000 : 12_000);
      }
      for (const one of clients) one.rate = 0;
      await wait(1_500);
      await Promise.all(clients.map((one) => one.stop()));
      const tracks = VERSIONS.map(({ version, priority }, index): Track => ({ version, label: `${version}, priority ${priority}`, seconds: clients[index]?.seconds ?? [], ...watch.of(version) }));
      mkdirSync(RESULTS, { recursive: true });
      writeFileSync(join(RESULTS, 'scheduling.svg'), timeline(tracks, 'Written by `make bench ONLY=scheduling`. What clients could not ask because 32 requests of theirs were open is not caught up with.'));
      return { lines: lines(clients, tracks, from, stepMs), tables: [table(tracks, from)] };
    } finally {
      watch.stop();
      await Promise.all(clients.map((one) => one.stop()));
    }
  },
};

async function deploy(platform: BenchPlatform): Promise<void> {
  for (const { version, milliseconds, quality } of VERSIONS) await platform.publishBytes('load', version, slowModel(milliseconds), { accuracy: quality });
  const { status } = await platform.client.apply('load', { deployments: VERSIONS.map(({ version, priority }) => ({ version: `load:${version}`, priority, replicas: { min: 1, max: 2 } })) }, { waitSeconds: 120 });
  if (!status?.versions.every(({ phase }) => phase === 'ready')) throw new Error('the three versions are not ready');
}

/** Requests per second of each version that take a third of the cores. */
async function fullRates(client: LeptonClient): Promise<number[]> {
  const [{ versions }, { nodes }] = [await client.explain('load'), await client.nextPlan()];
  const cores = nodes.reduce((sum, { cpus }) => sum + cpus, 0);
  return VERSIONS.map(({ version }) => cores / VERSIONS.length / (versions.find((one) => one.version === version)?.cpuSecondsPerRequest ?? 1));
}

/** Ten times the demand of one version; until the plan for it is in force, milliseconds. */
async function step(client: LeptonClient, clients: PacedClients): Promise<number> {
  const before = (await client.listPlans({ limit: 1 }))[0]?.id ?? 0;
  const startedAt = performance.now();
  clients.rate *= STEP;
  for (; performance.now() - startedAt < 15_000; await wait(50)) {
    for (const { id } of await client.listPlans({ limit: 5 })) {
      if (id <= before) break;
      const planned = (await client.getPlan(id)).versions.find(({ version }) => version === 'medium');
      if (planned && planned.demand >= clients.rate * 0.6) return performance.now() - startedAt;
    }
  }
  throw new Error('no plan followed the step within 15 s');
}

/** What versions use and are given, looked at each second. */
class Watch {
  readonly #startedAt = performance.now();
  readonly #used = new Map<string, (readonly [number, number])[]>();
  readonly #planned = new Map<string, (readonly [number, number])[]>();
  readonly #last = new Map<string, { readonly at: number; readonly cpuSeconds: number }>();
  readonly #timer: NodeJS.Timeout;

  constructor(client: LeptonClient) {
    this.#timer = setInterval(() => void this.#look(client).catch(() => undefined), 1_000);
  }

  async #look(client: LeptonClient): Promise<void> {
    const [{ versions }, [newest]] = [await client.getService('load'), await client.listPlans({ limit: 1 })];
    const plan = newest && (await client.getPlan(newest.id));
    const at = (performance.now() - this.#startedAt) / 1000;
    for (const { version, replicas } of versions) {
      let used = 0;
      for (const { id, cpuSeconds } of replicas) {
        const last = this.#last.get(id);
        if (last && cpuSeconds !== null && at > last.at) used += (cpuSeconds - last.cpuSeconds) / (at - last.at);
        if (cpuSeconds !== null) this.#last.set(id, { at, cpuSeconds });
      }
      this.#add(this.#used, version, at, used);
      this.#add(this.#planned, version, at, plan?.versions.find((one) => one.version === version)?.cpus ?? 0);
    }
  }

  #add(series: Map<string, (readonly [number, number])[]>, version: string, at: number, value: number): void {
    series.set(version, [...(series.get(version) ?? []), [at, value]]);
  }

  of(version: string): Pick<Track, 'used' | 'planned'> {
    return { used: this.#used.get(version) ?? [], planned: this.#planned.get(version) ?? [] };
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

const mean = (values: readonly number[]): number => (values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : 0);
/** Without the first seconds, in which plans follow. */
const settled = (seconds: readonly Second[], from: readonly number[], phase: number): readonly Second[] => seconds.slice((from[phase] ?? 0) + 3, from[phase + 1] ?? (from[phase] ?? 0) + 10);
const servedShare = (track: Track, from: readonly number[], phase: number): number => {
  const own = settled(track.seconds, from, phase);
  return mean(own.map(({ served }) => served)) / Math.max(1e-9, mean(own.map(({ wanted }) => wanted)));
};

function lines(clients: readonly PacedClients[], tracks: readonly Track[], from: readonly number[], stepMs: number): Line[] {
  const problems = clients.flatMap((one) => one.problems);
  const most = LOADS.indexOf(1.8);
  const [small, , large] = tracks.map((track) => servedShare(track, from, most));
  return [
    { id: 'scheduling-lost', text: 'requests without a good answer, over all phases and the step', unit: 'requests', summary: summarise([problems.length]), goal: { at: 'most', value: 0 }, ...(problems[0] ? { note: problems[0] } : {}) },
    { id: 'scheduling-priority', text: 'share served of priority 3 over that of priority 1, asked for 1.8 × the cores', unit: '×', summary: summarise([(large ?? 0) / Math.max(1e-9, small ?? 0)]), goal: { at: 'least', value: 1 } },
    { id: 'scheduling-step', text: '10 × the demand of one version: until the plan for it is in force', unit: 'ms', summary: summarise([stepMs]), goal: { at: 'most', value: 3_000 } },
  ];
}

function table(tracks: readonly Track[], from: readonly number[]): Table {
  const rows = LOADS.flatMap((load, phase) => tracks.map(({ version, seconds, used, planned }) => {
    const own = settled(seconds, from, phase);
    const [start, end] = [own[0]?.atSeconds ?? 0, own.at(-1)?.atSeconds ?? 0];
    const within = (points: readonly (readonly [number, number])[]): string => {
      const inside = points.filter(([at]) => at >= start && at <= end);
      return inside.length ? mean(inside.map(([, value]) => value)).toFixed(2) : '-';
    };
    return [`${Math.round(load * 100)} %`, version, mean(own.map(({ wanted }) => wanted)).toFixed(1), mean(own.map(({ served }) => served)).toFixed(1), within(planned), within(used), mean(own.flatMap(({ p50Ms }) => p50Ms ?? [])).toFixed(1), mean(own.flatMap(({ p99Ms }) => p99Ms ?? [])).toFixed(1)];
  }));
  return { title: 'three versions of priorities 1, 2, 3 under rising load', columns: ['asked for', 'version', 'demand/s', 'served/s', 'cores planned', 'cores used', 'p50 ms', 'p99 ms'], rows };
}
