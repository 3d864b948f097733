import type { BenchPlatform, Role } from '../platform/platform.ts';
import { cpuSeconds } from '../platform/usage.ts';
import type { Line, Table } from '../report/report.ts';
import { median, ratios, summarise } from '../report/statistics.ts';
import { interleave } from '../scenarios/rounds.ts';
import type { Bench } from '../scenarios/scenario.ts';
import type { ServedModel } from './served-model.ts';

interface Round {
  readonly perSecond: number;
  /** Of the process that calls, microseconds a row. */
  readonly cpuUs: number;
}

interface ServiceRound extends Round {
  readonly rows: number;
  readonly workerUs: number;
  readonly gatewayUs: number;
}

const CLIENTS = 8;

/**
 * A model called in process, and through a service by threads of the same process (model_main.py). Eight callers have at
 * most eight rows at once: that many, or the measured best batch if it is smaller, are what the call in process may batch.
 */
export async function measureThroughput(bench: Bench, platform: BenchPlatform, { name, text, child, bestBatch }: ServedModel): Promise<{ lines: Line[]; rows: Table['rows'] }> {
  const batch = Math.min(CLIENTS, bestBatch);
  const milliseconds = bench.quick ? 1_000 : 1_500;
  const inProcess = (rows: number) => (): Promise<Round> => child.call('inProcess', { batch: rows, milliseconds });
  const service = (clients: number) => (): Promise<ServiceRound> => withServerCpu(platform, () => child.call('service', { clients, milliseconds }));
  await service(CLIENTS)();
  const { alone, one, many, batched } = await interleave<'alone' | 'one' | 'many' | 'batched', Round | ServiceRound>(bench.quick ? 3 : 5, { alone: inProcess(1), one: service(1), many: service(CLIENTS), batched: inProcess(batch) });
  const [atOne, atMany] = [one, many] as [ServiceRound[], ServiceRound[]];
  const rates = (rounds: readonly Round[]): number[] => rounds.map(({ perSecond }) => perSecond);
  const isBatched = batch > 1 && median(rates(batched)) > median(rates(alone));
  const lines: Line[] = [
    { id: `python-${name}-1`, text: `${text}, 1 client: throughput, share of calling it in process`, unit: '× in process', summary: summarise(ratios(rates(one), rates(alone))), goal: { at: 'least', value: 0.9 } },
    { id: `python-${name}-8`, text: `${text}, ${CLIENTS} clients: throughput, share of calling it in process${isBatched ? ` in batches of ${batch}` : ''}`, unit: '× in process', summary: summarise(ratios(rates(many), rates(isBatched ? batched : alone))), goal: { at: 'least', value: 0.9 } },
    ...(isBatched ? [{ id: `python-${name}-8-rows`, text: `${text}, ${CLIENTS} clients: throughput, share of calling it in process row by row`, unit: '× in process', summary: summarise(ratios(rates(many), rates(alone))) }] : []),
  ];
  const middle = (rounds: readonly ServiceRound[], read: (round: ServiceRound) => number): number => median(rounds.map(read));
  const row = (who: string, rounds: readonly ServiceRound[]): Table['rows'][number] => [
    `${text}, ${who}`, median(rates(alone)), batch, median(rates(batched)), middle(rounds, ({ perSecond }) => perSecond), median(alone.map(({ cpuUs }) => cpuUs)),
    middle(rounds, ({ workerUs }) => workerUs), middle(rounds, ({ gatewayUs }) => gatewayUs), middle(rounds, ({ cpuUs }) => cpuUs),
  ];
  return { lines, rows: [row('1 client', atOne), row(`${CLIENTS} clients`, atMany)] };
}

/** The round with what its requests took of the server’s CPU. */
async function withServerCpu(platform: BenchPlatform, take: () => Promise<{ perSecond: number; cpuUs: number; rows: number }>): Promise<ServiceRound> {
  const processes = platform.processes();
  const spent = (): Map<number, number> => new Map([...processes.keys()].map((pid) => [pid, cpuSeconds(pid)]));
  const before = spent();
  const round = await take();
  const after = spent();
  const microseconds = (role: Role): number => [...processes].filter(([, each]) => each === role).reduce((sum, [pid]) => sum + ((after.get(pid) ?? 0) - (before.get(pid) ?? 0)) * 1e6, 0) / round.rows;
  return { ...round, workerUs: microseconds('worker'), gatewayUs: microseconds('gateway') };
}

export const throughputTable = (rows: Table['rows']): Table => ({
  title: 'Python models in process and in a service, medians; CPU a row or request',
  columns: ['', 'in process/s', 'batch', 'in batches/s', 'service/s', 'in process CPU µs', 'worker CPU µs', 'gateway CPU µs', 'Python client CPU µs'],
  rows,
});
