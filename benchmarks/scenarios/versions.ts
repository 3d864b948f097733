import type { LoadPlan } from '../load/plan.ts';
import { loadFor, type Window } from '../load/window.ts';
import { binaryRequests } from '../models/model.ts';
import type { Line } from '../report/report.ts';
import { median, ratios, summarise } from '../report/statistics.ts';
import { interleave } from './rounds.ts';
import type { Scenario } from './scenario.ts';

const CASES = [
  // At full load three workers would run on several cores at once and slow each other down, one would not.
  { id: 'image', model: 'image', text: 'image model, 8 clients, 400 requests/s', ratePerSecond: 400 },
  // One request a millisecond at most, so that neither side batches by chance.
  { id: 'toy-rate', model: 'toy', text: 'toy, 8 clients, 900 requests/s', ratePerSecond: 900 },
  { id: 'toy', model: 'toy', text: 'toy, 8 clients' },
] as const;

/** Three versions at a third each, beside one version of the same model, in the same platform. */
export const versions: Scenario = {
  name: 'versions',
  about: 'server CPU a request of three versions at a third each beside one version',
  async run(bench) {
    const platform = await bench.startPlatform();
    for (const name of ['image', 'toy'] as const) {
      const model = await bench.model(name);
      await platform.serve(model, ['v1'], `${name}-one`);
      await platform.serve(model, ['v1', 'v2', 'v3'], `${name}-three`);
    }
    const lines: Line[] = [];
    const rows: (string | number)[][] = [];
    for (const { id, model: name, text, ...pace } of CASES) {
      const model = await bench.model(name);
      const plan = (service: string): LoadPlan => ({ protocol: 'http', port: platform.httpPort, clients: 8, requests: binaryRequests(model, `/v2/models/${service}/infer`), ...pace });
      const stretch = (service: string) => (): Promise<Window> => loadFor(bench.load, plan(service), platform, bench.quick ? 1_000 : 2_000);
      const measure = { one: stretch(`${name}-one`), three: stretch(`${name}-three`) };
      for (const warmUp of Object.values(measure)) await warmUp();
      const { one, three } = await interleave(bench.quick ? 3 : 9, measure);
      lines.push({ id: `versions-${id}`, text: `${text}: CPU a request of three versions over one`, unit: '×', summary: summarise(ratios(three.map(({ cpuUs }) => cpuUs), one.map(({ cpuUs }) => cpuUs))), goal: { at: 'most', value: 1.05 } });
      rows.push(...([['one version', one], ['three versions', three]] as const).map(([who, windows]) => rowOf(`${text}: ${who}`, windows)));
    }
    return { lines, tables: [{ title: 'versions side by side, medians', columns: ['', 'requests/s', 'CPU µs', 'gateway µs', 'worker µs', 'p50 µs', 'p99 µs', 'failed'], rows }] };
  },
};

function rowOf(text: string, windows: readonly Window[]): (string | number)[] {
  const middle = (read: (window: Window) => number): number => median(windows.map(read));
  return [
    text, middle(({ perSecond }) => perSecond), middle(({ cpuUs }) => cpuUs), middle(({ cpuUsByRole }) => cpuUsByRole['gateway'] ?? 0), middle(({ cpuUsByRole }) => cpuUsByRole['worker'] ?? 0),
    middle(({ latencyUs }) => latencyUs.p50), middle(({ latencyUs }) => latencyUs.p99), windows.reduce((sum, { failures }) => sum + failures, 0),
  ];
}
