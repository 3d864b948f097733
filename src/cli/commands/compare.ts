import { type Command, InvalidArgumentError } from 'commander';
import type { Comparison } from '../../../clients/typescript/src/index.ts';
import { action, type CliContext, command } from '../context.ts';
import { type Cell, formatMs } from '../output.ts';

const OUTCOMES = { better: 'green', worse: 'red', same: 'dim', unknown: 'yellow' } as const;

function windowOf(text: string): string {
  if (/^\d{1,9}[smhd]$/.test(text)) return text;
  throw new InvalidArgumentError('It must be a length of time such as 90s, 15m, 1h or 7d.');
}

export const compareCommand = (): Command =>
  command('compare <service> <a> <b>', 'Compare two versions over the last while: latency, failures, quality by feedback, cost, and what follows.', ['compare my-service v1 v2', 'compare my-service v1 v2 --window 24h --json'])
    .argument('<service>')
    .argument('<a>', 'the version that is there')
    .argument('<b>', 'the version that is to be better')
    .option('--window <time>', 'how far back: 90s, 15m, 1h, 7d', windowOf, '1h')
    .action(
      action<{ window: string }>(async (context, [service = '', a = '', b = ''], { window }) => {
        const found = await context.client.compareVersions(service, { a, b, from: `-${window}` });
        context.out.result(found, () => show(context, found));
      }),
    );

function show({ out }: CliContext, { a, b, findings, verdict }: Comparison): void {
  const row = (name: string, of: (side: Comparison['a']) => Cell): Cell[] => [name, of(a), of(b)];
  const share = (one: { value: number; low: number; high: number } | null): string => (one ? `${percent(one.value)} (${percent(one.low)} to ${percent(one.high)})` : '-');
  const latency = (one: { value: number; low: number; high: number } | undefined): string => (one ? `${formatMs(one.value)} (${formatMs(one.low)} to ${formatMs(one.high)})` : '-');
  out.table(['', a.version, b.version], [
    row('requests', ({ requests }) => requests),
    row('latency p50', (side) => latency(side.latency?.p50)),
    row('latency p95', (side) => latency(side.latency?.p95)),
    row('latency p99', (side) => latency(side.latency?.p99)),
    row('own failures', ({ faults }) => share(faults)),
    row('right answers', ({ accuracy }) => (accuracy ? `${share(accuracy)} of ${accuracy.count}` : '-')),
    row('mean reward', ({ reward }) => (reward ? `${short(reward.value)} (${short(reward.low)} to ${short(reward.high)}) of ${reward.count}` : '-')),
    row('CPU s/1,000', ({ cpuSecondsPer1000 }) => (cpuSecondsPer1000 === null ? '-' : short(cpuSecondsPer1000))),
  ]);
  out.line();
  for (const { about, outcome } of findings) out.line(`${b.version} in ${about}: `, { text: outcome, style: OUTCOMES[outcome] });
  out.paragraph(verdict);
}

const short = (value: number): string => String(Number(value.toPrecision(3)));
const percent = (value: number): string => `${short(value * 100)} %`;
