import type { LoadPlan } from '../load/plan.ts';
import { loadFor, type Window } from '../load/window.ts';
import { binaryRequests } from '../models/model.ts';
import type { BenchPlatform } from '../platform/platform.ts';
import { seedVersions } from '../platform/seed.ts';
import type { Line } from '../report/report.ts';
import { httpGet } from '../requests/http.ts';
import { ratios, summarise } from '../report/statistics.ts';
import { interleave } from './rounds.ts';
import type { Bench, Scenario } from './scenario.ts';

const READS = [
  { id: 'list-repositories', text: 'list the repositories', path: '/api/v1/repositories', holds: 'model-001' },
  { id: 'list-versions', text: 'list the 50 versions of one', path: '/api/v1/repositories/model-001/versions', holds: 'sha256:' },
  { id: 'show-repository', text: 'show a repository', path: '/api/v1/repositories/model-001', holds: 'model-001' },
  { id: 'show-version', text: 'show a version', path: '/api/v1/repositories/model-001/versions/v7', holds: 'sha256:' },
  { id: 'show-label', text: 'show the version of a label', path: '/api/v1/repositories/model-001/versions/stable', holds: 'sha256:' },
] as const;

/** A long history: what reading it takes, and that inference does not notice it. */
export const registry: Scenario = {
  name: 'registry',
  about: '200 repositories of 50 versions: list and show, and inference beside a platform without them',
  async run(bench) {
    const [empty, full] = [await bench.startPlatform(), await bench.startPlatform()];
    const [repositories, versions] = bench.quick ? [20, 50] : [200, 50];
    bench.say(`publish ${repositories} × ${versions} versions`);
    await seedVersions(full, await bench.model('toy'), repositories, versions);
    const lines: Line[] = [];
    for (const read of READS) lines.push(await readLine(bench, full, read));
    lines.push(...(await inference(bench, empty, full, repositories * versions)));
    return { lines, tables: [] };
  },
};

async function readLine(bench: Bench, platform: BenchPlatform, { id, text, path, holds }: (typeof READS)[number]): Promise<Line> {
  const plan: LoadPlan = { protocol: 'http', port: platform.httpPort, clients: 1, requests: [{ bytes: httpGet(path), expect: { kind: 'text', text: holds } }] };
  const p99: number[] = [];
  for (let round = 0; round < 3; round++) {
    const { latencyUs, failures, faults } = await loadFor(bench.load, plan, platform, bench.quick ? 500 : 1_500);
    if (failures) throw new Error(`${path}: ${Object.keys(faults).join('; ')}`);
    p99.push(latencyUs.p99 / 1000);
  }
  return { id: `registry-${id}`, text: `${text}: p99`, unit: 'ms', summary: summarise(p99), goal: { at: 'most', value: 50 } };
}

async function inference(bench: Bench, empty: BenchPlatform, full: BenchPlatform, versions: number): Promise<Line[]> {
  const model = await bench.model('toy');
  for (const platform of [empty, full]) await platform.serve(model);
  const measure = (platform: BenchPlatform) => (): Promise<Window> => loadFor(bench.load, { protocol: 'http', port: platform.httpPort, clients: 8, requests: binaryRequests(model, '/v2/models/toy/versions/v1/infer') }, platform, bench.quick ? 1_000 : 2_000);
  for (const platform of [empty, full]) await measure(platform)();
  const { without, with: beside } = await interleave(bench.quick ? 3 : 9, { without: measure(empty), with: measure(full) });
  const compare = (id: string, text: string, read: (window: Window) => number, limit: number): Line => ({ id, text: `toy, 8 clients: ${text} beside ${versions.toLocaleString('en-GB')} versions, over none`, unit: '×', summary: summarise(ratios(beside.map(read), without.map(read))), goal: { at: 'most', value: limit } });
  return [compare('registry-cpu', 'server CPU a request', ({ cpuUs }) => cpuUs, 1.05), compare('registry-p50', 'p50', ({ latencyUs }) => latencyUs.p50, 1.1), compare('registry-p99', 'p99', ({ latencyUs }) => latencyUs.p99, 1.3)];
}
