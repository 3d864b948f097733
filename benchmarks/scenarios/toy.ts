import type { LoadPlan } from '../load/plan.ts';
import { loadFor, type Window } from '../load/window.ts';
import { binaryRequests, grpcRequests } from '../models/model.ts';
import { MODEL_INFER } from '../requests/grpc.ts';
import type { Goal, Line, Table } from '../report/report.ts';
import { median, summarise } from '../report/statistics.ts';
import { interleave } from './rounds.ts';
import type { Scenario } from './scenario.ts';

interface Case {
  readonly id: string;
  readonly text: string;
  readonly plan: LoadPlan;
  readonly goal?: Goal;
}

interface Measured extends Case {
  readonly windows: readonly Window[];
}

/** What the stack itself costs: the model's own run is a few microseconds. */
export const toy: Scenario = {
  name: 'toy',
  about: 'server CPU a request of an add/sub toy, all processes of the platform',
  async run(bench) {
    const model = await bench.model('toy');
    const platform = await bench.startPlatform();
    await platform.serve(model);
    const http = (clients: number): LoadPlan => ({ protocol: 'http', port: platform.httpPort, clients, requests: binaryRequests(model, '/v2/models/toy/versions/v1/infer') });
    const grpc = (clients: number): LoadPlan => ({ protocol: 'grpc', port: platform.grpcPort, method: MODEL_INFER, clients, requests: grpcRequests(model, 'toy', 'v1') });
    const cases: readonly Case[] = [
      { id: 'toy-http-8', text: 'HTTP binary, 8 clients', plan: http(8), goal: { at: 'most', value: 65, aim: 45 } },
      { id: 'toy-http-64', text: 'HTTP binary, 64 clients', plan: http(64), goal: { at: 'most', value: 45, aim: 30 } },
      { id: 'toy-grpc-8', text: 'gRPC unary, 8 clients', plan: grpc(8), goal: { at: 'most', value: 150, aim: 90 } },
      { id: 'toy-http-1', text: 'HTTP binary, 1 client', plan: http(1) },
    ];
    // The just-in-time compiler has to have seen each way before it is measured.
    for (const { plan } of cases) await loadFor(bench.load, plan, platform, bench.quick ? 1_000 : 3_000);
    const measurements = Object.fromEntries(cases.map(({ id, plan }) => [id, () => loadFor(bench.load, plan, platform, bench.quick ? 1_000 : 2_000)]));
    const windows = await interleave(bench.quick ? 3 : 7, measurements);
    const measured = cases.map((one): Measured => ({ ...one, windows: windows[one.id] ?? [] }));
    const lines = measured.map(({ id, text, goal, windows: all }): Line => ({ id, text: `toy, ${text}: server CPU`, unit: 'µs/request', summary: summarise(all.map(({ cpuUs }) => cpuUs)), ...(goal ? { goal } : {}) }));
    return { lines, tables: [tableOf(measured)] };
  },
};

function tableOf(measured: readonly Measured[]): Table {
  return {
    title: 'toy: where the CPU goes',
    columns: ['', 'requests/s', 'p50 µs', 'p99 µs', 'gateway µs', 'worker µs', 'control µs', 'client µs', 'failed', 'other load, cores'],
    rows: measured.map(({ text, windows }) => {
      const middle = (read: (window: Window) => number): number => median(windows.map(read));
      return [
        text, middle(({ perSecond }) => perSecond), middle(({ latencyUs }) => latencyUs.p50), middle(({ latencyUs }) => latencyUs.p99),
        ...(['gateway', 'worker', 'control'] as const).map((role) => middle(({ cpuUsByRole }) => cpuUsByRole[role] ?? 0)),
        middle(({ clientCpuSeconds, requests }) => (clientCpuSeconds * 1e6) / requests),
        windows.reduce((sum, { failures }) => sum + failures, 0),
        middle(({ otherCores }) => otherCores).toFixed(1),
      ];
    }),
  };
}
