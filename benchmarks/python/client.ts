import { identityModel } from '../../src/testing/onnx-models.ts';
import type { BenchPlatform } from '../platform/platform.ts';
import type { Line, Table } from '../report/report.ts';
import { median, summarise } from '../report/statistics.ts';
import type { Bench } from '../scenarios/scenario.ts';
import { PythonChild } from './python-child.ts';

interface Round {
  readonly wallUs: number;
  readonly cpuUs: number;
  readonly clientUs: number;
  readonly bareUs: number;
  readonly copyUs: number;
}

const SMALL = { service: 'kilobyte', elements: 256, bytes: '1 KB' } as const;
const LARGE = { service: 'megabytes', elements: 2_621_440, bytes: '10 MB' } as const;

/** What the Python client adds to a bare socket that exchanges the same bytes with the same service (client_main.py). */
export async function measureClient(bench: Bench, platform: BenchPlatform, interpreter: string): Promise<{ lines: Line[]; table: Table }> {
  for (const { service } of [SMALL, LARGE]) await platform.serveBytes(service, identityModel('FP32', ['n', 'm']));
  const child = await bench.until(Promise.resolve(new PythonChild(interpreter, 'client_main.py', [`http://127.0.0.1:${platform.httpPort}`])));
  const rounds = async ({ service, elements }: { service: string; elements: number }, count: number, calls: number): Promise<Round[]> => {
    await child.call('open', { service, elements });
    const taken: Round[] = [];
    for (let round = 0; round < count; round++) taken.push(await child.call<Round>('round', { service, calls }));
    return taken;
  };
  const small = await rounds(SMALL, bench.quick ? 3 : 7, bench.quick ? 1_000 : 2_000);
  const large = await rounds(LARGE, bench.quick ? 3 : 5, 20);
  const of = (taken: readonly Round[], read: (round: Round) => number): Line['summary'] => summarise(taken.map(read));
  const lines: Line[] = [
    { id: 'python-client-small', text: 'Python client, 1 KB in and out: time beyond a bare socket', unit: 'µs/call', summary: of(small, ({ wallUs }) => wallUs), goal: { at: 'most', value: 150 } },
    { id: 'python-client-small-cpu', text: 'Python client, 1 KB in and out: CPU beyond a bare socket', unit: 'µs/call', summary: of(small, ({ cpuUs }) => cpuUs), goal: { at: 'most', value: 150 } },
    { id: 'python-client-large', text: 'Python client, 10 MB in and out: CPU beyond a bare socket, over numpy’s copy of both', unit: '× copy', summary: of(large, ({ cpuUs, copyUs }) => cpuUs / copyUs), goal: { at: 'most', value: 2 } },
    { id: 'python-client-large-wall', text: 'Python client, 10 MB in and out: time beyond a bare socket', unit: 'ms/call', summary: of(large, ({ wallUs }) => wallUs / 1000) },
  ];
  const rows = ([[SMALL, small], [LARGE, large]] as const).map(([{ bytes }, taken]) => [bytes, ...(['clientUs', 'bareUs', 'cpuUs', 'copyUs'] as const).map((field) => median(taken.map((round) => round[field])))]);
  return { lines, table: { title: 'Python client beside a bare socket, medians', columns: ['', 'client µs', 'bare socket µs', 'CPU beyond it µs', 'numpy copy µs'], rows } };
}
