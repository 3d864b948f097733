import { batches, binaryRequests, type BenchModel } from '../models/model.ts';
import { loadFor, type Window } from '../load/window.ts';
import type { BenchPlatform } from '../platform/platform.ts';
import type { RawRound } from '../raw/raw-process.ts';
import type { Goal, Line, Table } from '../report/report.ts';
import { median, ratios, summarise } from '../report/statistics.ts';
import { interleave } from './rounds.ts';
import type { Bench, Scenario } from './scenario.ts';
import { warmUp } from './warm-up.ts';

interface Case {
  readonly model: 'magika' | 'image';
  readonly clients: number;
  readonly goal?: Goal;
}

const CASES: readonly Case[] = [
  { model: 'magika', clients: 1, goal: { at: 'least', value: 0.9 } },
  { model: 'magika', clients: 8, goal: { at: 'least', value: 0.95 } },
  { model: 'image', clients: 1 },
  { model: 'image', clients: 8, goal: { at: 'least', value: 0.9 } },
];

/** One round of raw onnxruntime: rows a second, and CPU a row. */
interface RawFigures {
  readonly perSecond: number;
  readonly cpuUs: number;
}

interface Measured {
  readonly raw: readonly RawFigures[];
  /** The measured best batch, where it is more than one row. */
  readonly rawBatched: readonly RawFigures[];
  readonly stack: readonly Window[];
}

/** Throughput through the whole platform beside onnxruntime alone in one process. */
export const raw: Scenario = {
  name: 'raw',
  about: 'throughput through the platform beside raw onnxruntime, version pinned, HTTP binary',
  async run(bench) {
    const platform = await bench.startPlatform();
    await warmUp(bench, platform);
    const lines: Line[] = [];
    const rows: (string | number)[][] = [];
    for (const { model: name, clients, goal } of CASES) {
      const model = await bench.model(name);
      if (!(await isServed(platform, name))) await platform.serve(model);
      const bestBatch = await bestBatchOf(platform, name);
      const measured = await measure(bench, platform, model, clients, bestBatch);
      lines.push(...linesOf(name, clients, bestBatch, measured, goal));
      rows.push(rowOf(name, clients, bestBatch, measured));
    }
    return { lines, tables: [tableOf(rows)] };
  },
};

const isServed = async (platform: BenchPlatform, service: string): Promise<boolean> => (await platform.client.listServices()).some(({ name }) => name === service);
const bestBatchOf = async (platform: BenchPlatform, service: string): Promise<number> => (await platform.client.getService(service)).versions[0]?.profile?.bestBatch ?? 1;

async function measure(bench: Bench, platform: BenchPlatform, model: BenchModel, clients: number, bestBatch: number): Promise<Measured> {
  const plan = { protocol: 'http', port: platform.httpPort, clients, requests: binaryRequests(model, `/v2/models/${model.entry.name}/versions/v1/infer`) } as const;
  const milliseconds = bench.quick ? 800 : 2_000;
  const stack = (): Promise<Window> => loadFor(bench.load, plan, platform, milliseconds);
  const alone = (batch: number) => async (): Promise<RawFigures> => figuresOf(await bench.raw.loop({ file: model.file, samples: batch > 1 ? batches(model, batch) : model.samples }, milliseconds), batch);
  const rounds = bench.quick ? 3 : 9;
  await stack();
  if (bestBatch === 1 || clients === 1) return split(await interleave<'raw' | 'stack', RawFigures | Window>(rounds, { raw: alone(1), stack }));
  return split(await interleave<'raw' | 'stack' | 'rawBatched', RawFigures | Window>(rounds, { raw: alone(1), stack, rawBatched: alone(bestBatch) }));
}

const split = (results: { raw: (RawFigures | Window)[]; stack: (RawFigures | Window)[]; rawBatched?: (RawFigures | Window)[] }): Measured => ({ raw: results.raw, rawBatched: results.rawBatched ?? [], stack: results.stack as Window[] });

const figuresOf = ({ runs, seconds, cpuSeconds }: RawRound, batch: number): RawFigures => ({ perSecond: (runs * batch) / seconds, cpuUs: (cpuSeconds * 1e6) / (runs * batch) });

const rates = (figures: readonly { readonly perSecond: number }[]): number[] => figures.map(({ perSecond }) => perSecond);
const middleRate = (figures: readonly { readonly perSecond: number }[]): number => median(rates(figures));

/** At several clients the platform may batch, so raw onnxruntime may too: the faster of its two ways is the measure. */
function linesOf(name: string, clients: number, bestBatch: number, { raw: single, rawBatched, stack }: Measured, goal: Goal | undefined): Line[] {
  const batched = rawBatched.length > 0 && middleRate(rawBatched) > middleRate(single);
  const reference = batched ? rawBatched : single;
  const who = `${name}, ${clients === 1 ? '1 client' : `${clients} clients`}`;
  return [
    { id: `raw-${name}-${clients}`, text: `${who}: throughput, share of raw${batched ? ` in batches of ${bestBatch}` : ''}`, unit: '× raw', summary: summarise(ratios(rates(stack), rates(reference))), ...(goal ? { goal } : {}) },
    { id: `raw-${name}-${clients}-cpu`, text: `${who}: raw’s CPU a request, share of all that the platform takes`, unit: '× raw', summary: summarise(ratios(reference.map(({ cpuUs }) => cpuUs), stack.map(({ cpuUs }) => cpuUs))) },
  ];
}

function rowOf(name: string, clients: number, bestBatch: number, { raw: single, rawBatched, stack }: Measured): (string | number)[] {
  const middle = (read: (window: Window) => number): number => median(stack.map(read));
  return [
    `${name}, ${clients}`, middleRate(single), rawBatched.length ? middleRate(rawBatched) : '', bestBatch, middleRate(stack), median(single.map(({ cpuUs }) => cpuUs)),
    middle(({ cpuUsByRole }) => cpuUsByRole['worker'] ?? 0), middle(({ cpuUsByRole }) => cpuUsByRole['gateway'] ?? 0), middle(({ clientCpuSeconds, requests }) => (clientCpuSeconds * 1e6) / Math.max(1, requests)),
    middle(({ latencyUs }) => latencyUs.p50), middle(({ latencyUs }) => latencyUs.p99), stack.reduce((sum, { failures }) => sum + failures, 0), middle(({ otherCores }) => otherCores).toFixed(1),
  ];
}

const tableOf = (rows: Table['rows']): Table => ({
  title: 'raw onnxruntime and the platform, medians',
  columns: ['model, clients', 'raw/s', 'raw/s batched', 'best batch', 'platform/s', 'raw CPU µs', 'worker µs', 'gateway µs', 'client µs', 'p50 µs', 'p99 µs', 'failed', 'other load, cores'],
  rows,
});
