import type { LoadPlan } from '../load/plan.ts';
import { loadFor, type ServerUnderLoad, type Window } from '../load/window.ts';
import type { BenchModel } from '../models/model.ts';
import { type Form, OUR_FORMS, PEERS } from '../peers/catalogue.ts';
import { peerPython } from '../peers/environment.ts';
import { PeerServer } from '../peers/peer-server.ts';
import { MODEL_INFER } from '../requests/grpc.ts';
import type { Chart, Line, Table } from '../report/report.ts';
import { median, ratios, summarise } from '../report/statistics.ts';
import { interleave } from './rounds.ts';
import type { Bench, Scenario } from './scenario.ts';
import { warmUp } from './warm-up.ts';

const FORMS: readonly Form[] = ['v2 binary', 'JSON', 'gRPC'];
const MODELS = ['toy', 'image', 'magika'] as const;
const CLIENTS = 8;
const OURS = 'Lepton AI';

interface Contestant {
  readonly title: string;
  readonly server: ServerUnderLoad & { readonly httpPort: number; readonly grpcPort: number };
  readonly forms: Readonly<Partial<typeof OUR_FORMS>>;
}

/** Other servers that install from PyPI, with the same models, clients and minute. */
export const peers: Scenario = {
  name: 'peers',
  about: 'other servers beside ours: same models, same client, in turn',
  async run(bench) {
    const models = await Promise.all(MODELS.map((name) => bench.model(name)));
    const platform = await bench.startPlatform();
    for (const model of models) await platform.serve(model);
    await warmUp(bench, platform);
    const contestants: Contestant[] = [{ title: OURS, server: platform, forms: OUR_FORMS }, ...(await startPeers(bench, models))];
    const tables: Table[] = [];
    const lines: Line[] = [];
    const charts: Chart[] = [];
    for (const model of models) {
      const rows: (string | number)[][] = [];
      for (const form of FORMS) {
        const windows = await compare(bench, model, form, contestants);
        rows.push(...Object.entries(windows).map(([title, all]) => rowOf(form, title, all)));
        lines.push(...linesOf(model.entry.name, form, windows));
        charts.push(chartOf(`${model.entry.name}, ${form}, ${CLIENTS} clients: requests/s`, windows));
      }
      tables.push({ title: `peers: ${model.entry.name}, ${CLIENTS} clients`, columns: ['form', 'server', 'requests/s', 'p50 ms', 'p99 ms', 'CPU µs', 'failed'], rows });
    }
    return { lines, tables, charts };
  },
};

/** Those that can be installed and started here; the others are told. */
async function startPeers(bench: Bench, models: readonly BenchModel[]): Promise<Contestant[]> {
  const files = Object.fromEntries(models.map(({ entry, file }) => [entry.name, file]));
  const started: Contestant[] = [];
  for (const peer of PEERS) {
    try {
      const python = await peerPython(peer, bench.cache, bench.say);
      const server = await bench.until(PeerServer.start(peer, python, files, bench.cache));
      started.push({ title: peer.title, server, forms: peer.forms });
    } catch (error) {
      bench.say(`without ${peer.title}: ${(error as Error).message}`);
    }
  }
  if (started.length < 2) throw new Error('fewer than two peers could be started');
  return started;
}

async function compare(bench: Bench, model: BenchModel, form: Form, contestants: readonly Contestant[]): Promise<Record<string, Window[]>> {
  const milliseconds = bench.quick ? 700 : 2_000;
  const measurements = Object.fromEntries(contestants.flatMap(({ title, server, forms }) => {
    const requests = forms[form]?.(model);
    if (!requests) return [];
    const plan: LoadPlan = form === 'gRPC' ? { protocol: 'grpc', port: server.grpcPort, method: MODEL_INFER, clients: CLIENTS, requests } : { protocol: 'http', port: server.httpPort, clients: CLIENTS, requests };
    return [[title, () => loadFor(bench.load, plan, server, milliseconds, 300)] as const];
  }));
  for (const measure of Object.values(measurements)) await measure();
  return interleave(bench.quick ? 1 : 3, measurements);
}

function rowOf(form: Form, title: string, windows: readonly Window[]): (string | number)[] {
  const middle = (read: (window: Window) => number): number => median(windows.map(read));
  const failures = windows.reduce((sum, window) => sum + window.failures, 0);
  const [fault = ''] = windows.flatMap(({ faults }) => Object.keys(faults));
  return [form, title, middle(({ perSecond }) => perSecond), middle(({ latencyUs }) => latencyUs.p50 / 1000), middle(({ latencyUs }) => latencyUs.p99 / 1000), middle(({ cpuUs }) => cpuUs), failures ? `${failures} (${fault.slice(0, 60)})` : 0];
}

/** Ours over the best of the others, in throughput and in CPU. */
function linesOf(model: string, form: Form, windows: Readonly<Record<string, readonly Window[]>>): Line[] {
  const ours = windows[OURS] ?? [];
  const others = Object.entries(windows).filter(([title, all]) => title !== OURS && all.every(({ requests }) => requests > 0));
  if (!others.length) return [];
  const best = (read: (window: Window) => number): [string, readonly Window[]] => [...others].sort(([, a], [, b]) => median(b.map(read)) - median(a.map(read)))[0] as [string, readonly Window[]];
  const [fastest, fast] = best(({ perSecond }) => perSecond);
  const [leanest, lean] = best(({ cpuUs }) => -cpuUs);
  return [
    { id: `peers-${model}-${form}-throughput`, text: `${model}, ${form}: throughput over that of ${fastest}, the fastest peer`, unit: '×', summary: summarise(ratios(ours.map(({ perSecond }) => perSecond), fast.map(({ perSecond }) => perSecond))) },
    { id: `peers-${model}-${form}-cpu`, text: `${model}, ${form}: CPU a request over that of ${leanest}, the leanest peer`, unit: '×', summary: summarise(ratios(ours.map(({ cpuUs }) => cpuUs), lean.map(({ cpuUs }) => cpuUs))) },
  ];
}

function chartOf(title: string, windows: Readonly<Record<string, readonly Window[]>>): Chart {
  return { title, unit: '/s', bars: Object.entries(windows).map(([label, all]) => ({ label, value: median(all.map(({ perSecond }) => perSecond)), ours: label === OURS })) };
}
