import type { LoadPlan } from '../load/plan.ts';
import { loadFor, type Window } from '../load/window.ts';
import { binaryRequests, grpcRequests } from '../models/model.ts';
import { MODEL_INFER } from '../requests/grpc.ts';
import type { Goal, Line, Table } from '../report/report.ts';
import { median, summarise } from '../report/statistics.ts';
import type { Scenario } from './scenario.ts';

interface Case {
  readonly id: string;
  readonly text: string;
  readonly plan: LoadPlan;
  readonly goal?: Goal;
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
    const rounds = bench.quick ? 3 : 7;
    const windows = cases.map((): Window[] => []);
    // The just-in-time compiler has to have seen each way before it is measured.
    for (const { plan } of cases) await loadFor(bench.load, plan, platform, bench.quick ? 1_000 : 3_000);
    for (let round = 0; round < rounds; round++) {
      for (const [index, { plan }] of cases.entries()) windows[index]?.push(await loadFor(bench.load, plan, platform, bench.quick ? 1_000 : 2_000));
    }
    const lines = cases.map(({ id, text, goal }, index): Line => ({ id, text: `toy, ${text}: server CPU`, unit: 'µs/request', summary: summarise((windows[index] ?? []).map(({ cpuUs }) => cpuUs)), ...(goal ? { goal } : {}) }));
    return { lines, tables: [details(cases, windows)] };
  },
};

function details(cases: readonly Case[], windows: readonly (readonly Window[])[]): Table {
  const middle = (index: number, read: (window: Window) => number): number => median((windows[index] ?? []).map(read));
  return {
    title: 'toy: where the CPU goes',
    columns: ['', 'requests/s', 'p50 µs', 'p99 µs', 'gateway µs', 'worker µs', 'control µs', 'client µs', 'failed', 'other load, cores'],
    rows: cases.map(({ text }, index) => [
      text,
      middle(index, ({ perSecond }) => perSecond),
      middle(index, ({ latencyUs }) => latencyUs.p50),
      middle(index, ({ latencyUs }) => latencyUs.p99),
      ...(['gateway', 'worker', 'control'] as const).map((role) => middle(index, ({ cpuUsByRole }) => cpuUsByRole[role] ?? 0)),
      middle(index, ({ clientCpuSeconds, requests }) => (clientCpuSeconds * 1e6) / requests),
      (windows[index] ?? []).reduce((sum, { failures }) => sum + failures, 0),
      middle(index, ({ otherCores }) => otherCores).toFixed(1),
    ]),
  };
}
