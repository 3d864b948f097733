import type { Line, Table } from '../report/report.ts';
import { median, ratios, summarise } from '../report/statistics.ts';
import { interleave } from '../scenarios/rounds.ts';
import type { Bench } from '../scenarios/scenario.ts';
import type { ServedModel } from './served-model.ts';

interface Round {
  readonly perSecond: number;
  readonly cpuUs: number;
}

const CLIENTS = 8;

/**
 * A model called in process, and through a service by threads of the same process (model_main.py). Eight callers have at
 * most eight rows at once: that many, or the measured best batch if it is smaller, are what the call in process may batch.
 */
export async function measureThroughput(bench: Bench, { name, text, child, bestBatch }: ServedModel): Promise<{ lines: Line[]; row: Table['rows'][number] }> {
  const batch = Math.min(CLIENTS, bestBatch);
  const milliseconds = bench.quick ? 1_000 : 1_500;
  const inProcess = (rows: number) => (): Promise<Round> => child.call('inProcess', { batch: rows, milliseconds });
  const service = (clients: number) => (): Promise<Round> => child.call('service', { clients, milliseconds });
  await service(CLIENTS)();
  const measurements = { alone: inProcess(1), one: service(1), many: service(CLIENTS), ...(batch > 1 ? { batched: inProcess(batch) } : {}) };
  const { alone, one, many, batched = [] } = await interleave<'alone' | 'one' | 'many' | 'batched', Round>(bench.quick ? 3 : 5, measurements as Record<'alone' | 'one' | 'many' | 'batched', () => Promise<Round>>);
  const rates = (rounds: readonly Round[]): number[] => rounds.map(({ perSecond }) => perSecond);
  const isBatched = batched.length > 0 && median(rates(batched)) > median(rates(alone));
  const lines: Line[] = [
    { id: `python-${name}-1`, text: `${text}, 1 client: throughput, share of calling it in process`, unit: '× in process', summary: summarise(ratios(rates(one), rates(alone))), goal: { at: 'least', value: 0.9 } },
    { id: `python-${name}-8`, text: `${text}, ${CLIENTS} clients: throughput, share of calling it in process${isBatched ? ` in batches of ${batch}` : ''}`, unit: '× in process', summary: summarise(ratios(rates(many), rates(isBatched ? batched : alone))), goal: { at: 'least', value: 0.9 } },
    ...(isBatched ? [{ id: `python-${name}-8-rows`, text: `${text}, ${CLIENTS} clients: throughput, share of calling it in process row by row`, unit: '× in process', summary: summarise(ratios(rates(many), rates(alone))) }] : []),
  ];
  return { lines, row: [text, median(rates(alone)), bestBatch, batched.length ? median(rates(batched)) : '', median(rates(one)), median(rates(many)), median(one.map(({ cpuUs }) => cpuUs))] };
}

export const throughputTable = (rows: Table['rows']): Table => ({ title: 'Python models in process and in a service, medians', columns: ['', 'in process/s', 'best batch', `in batches ≤ ${CLIENTS}/s`, '1 client/s', `${CLIENTS} clients/s`, 'Python client µs'], rows });
