import { type Command, Option } from 'commander';
import { styleText } from 'node:util';
import { LeptonApiError } from '../../../clients/typescript/src/index.ts';
import { coloursUnwanted } from '../../config/index.ts';
import { action, type CliContext, command } from '../context.ts';
import { NO_VERSIONS, TOP_DROP, TOP_HEAD, topCells } from '../top/picture.ts';
import { SORTS, sorted, type SortKey, TOP_METRICS, type TopRow, topRows } from '../top/rows.ts';
import { runScreen } from '../top/screen.ts';

/** Over which rates and latencies are taken, seconds. */
const WINDOW = 5;

interface TopFlags {
  readonly service?: string;
  readonly sort: string;
  readonly once?: boolean;
  readonly color?: boolean;
}

export const topCommand = (): Command =>
  command('top', 'Watch versions, traffic, latencies and resources, live; one table with --once, or where there is no terminal.', ['top', 'top --service my-service --sort latency', 'top --once --json'])
    .option('--service <name>', 'only this service')
    .addOption(new Option('--sort <column>', 'what comes first').choices(Object.values(SORTS).map(({ name }) => name.toLowerCase())).default('requests'))
    .option('--once', 'one table, then end')
    .action(
      action<TopFlags>(async (context, _arguments, { service, sort, once, color }) => {
        const key = Object.entries(SORTS).find(([, { name }]) => name.toLowerCase() === sort)?.[0] as SortKey;
        const fetch = (): Promise<readonly TopRow[]> => fetchRows(context, service);
        if (once || context.out.json || !process.stdout.isTTY || !process.stdin.isTTY) return show(context, sorted(await fetch(), key));
        const coloured = color !== false && !coloursUnwanted();
        await runScreen({ input: process.stdin, output: process.stdout, sort: key, fetch, isFatal, paint: (style, text) => (coloured ? styleText(style, text, { validateStream: false }) : text) });
      }),
    );

async function fetchRows({ client }: CliContext, service: string | undefined): Promise<readonly TopRow[]> {
  const [services, answer] = await Promise.all([
    service === undefined ? client.listServices() : client.getService(service).then((one) => [one]),
    client.queryMetrics({ ...(service !== undefined && { service }), metric: TOP_METRICS, from: `-${WINDOW}s`, step: 0 }),
  ]);
  return topRows(services, answer);
}

/** A platform that restarts is waited for; a service that is not there never comes by waiting. */
const isFatal = (error: unknown): boolean => !(error instanceof LeptonApiError) || error.code === 'SERVICE_NOT_FOUND' || error.code === 'INVALID_ARGUMENT';

function show({ out }: CliContext, rows: readonly TopRow[]): void {
  out.result(rows, () => (rows.length ? out.table(TOP_HEAD, rows.map(topCells), { drop: TOP_DROP }) : out.line(NO_VERSIONS)));
}
