import { setTimeout as delay } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { LeptonApiError, type LogLine, type LogQuery } from '../../../clients/typescript/src/index.ts';
import { parseMilliseconds } from '../../config/index.ts';
import { action, type CliContext, command, wholeNumber } from '../context.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { type Cell, formatTime } from '../output.ts';

const RECONNECT_MS = 500;

interface LogFlags {
  readonly version?: string;
  readonly replica?: string;
  readonly process?: NonNullable<LogQuery['process']>;
  readonly level?: NonNullable<LogQuery['level']>;
  readonly search?: string;
  readonly requestId?: string;
  readonly predictionId?: string;
  readonly since?: string;
  readonly until?: string;
  readonly tail?: number;
  readonly follow?: boolean;
}

export const logsCommand = (): Command =>
  command('logs [service[:version]|replica]', 'Show what control, gateways and replicas logged, oldest first; with -f go on.', [
    'logs my-service', 'logs my-service:v2 -f', 'logs --level error --since 1h', 'logs my-service --search timeout --tail 20', 'logs --request-id 8f0c… --json',
  ])
    .argument('[name]', 'a service, one of its versions, or a replica by its id; default: everything')
    .option('--version <version>', 'only of this version')
    .option('--replica <id>', 'only of this replica')
    .option('--process <process>', 'only what workers, gateways or control wrote: worker, gateway, control')
    .option('--level <level>', 'debug, info, warn or error, and the graver ones')
    .option('--search <text>', 'only lines that contain this; case does not matter')
    .option('--request-id <id>', 'only about this request')
    .option('--prediction-id <id>', 'only about this answer')
    .option('--since <time>', 'not older: 10m, 2h, 3d, or a time such as 2026-01-31T12:00', instant)
    .option('--until <time>', 'not later, written as --since', instant)
    .option('--tail <lines>', 'the newest so many (default 100; with --since 5000)', wholeNumber)
    .option('-f, --follow', 'go on with each new line')
    .action(
      action<LogFlags>(async (context, [name], { follow, since, until, tail, ...flags }) => {
        const query: LogQuery = { ...(await about(context, name, flags.version)), ...flags, tail: tail ?? (since === undefined ? 100 : 5000), ...(since !== undefined && { from: since }), ...(until !== undefined && { to: until }) };
        if (follow) return followLogs(context, query);
        const page = await context.client.queryLogs(query);
        context.out.result(page.lines, () => {
          if (!page.complete) context.out.note({ text: `older lines are left out; see them with --until ${page.lines[0]?.at ?? '…'} or a greater --tail`, style: 'dim' });
          page.lines.forEach((line) => show(context, line));
        });
      }),
    );

/** What a name is of: a service, one of its versions, or a replica. */
async function about({ client }: CliContext, name: string | undefined, version: string | undefined): Promise<Pick<LogQuery, 'service' | 'version' | 'replica'>> {
  if (name === undefined) return {};
  const [service = '', ofService] = name.split(':', 2);
  if (ofService !== undefined && version !== undefined && ofService !== version) throw new CliError(`${name} and --version ${version} contradict each other`, ExitCode.usage, 'name the version once');
  const replicas = await client.listReplicas();
  if (ofService === undefined && replicas.some(({ id }) => id === name)) return { replica: name };
  const known = replicas.some((replica) => replica.service === service) || (await client.listServices()).some((one) => one.name === service);
  if (!known) throw new CliError(`no service or replica ${JSON.stringify(name)} has a log`, ExitCode.notFound, 'lepton-ai services; lepton-ai status SERVICE --json');
  return { service, ...(ofService !== undefined && { version: ofService }) };
}

/** Goes on after a restart of the server with what came meanwhile. Ends with the process. */
async function followLogs(context: CliContext, query: LogQuery): Promise<never> {
  let current = query;
  for (let seen = new Set<string>(); ; await delay(RECONNECT_MS)) {
    try {
      for await (const { kind, data } of context.client.followLogs(current)) {
        if (kind === 'skipped') {
          context.out.note({ text: `${data.bytes} bytes of ${data.source} were written too fast to be followed`, style: 'yellow' });
          continue;
        }
        const key = JSON.stringify(data);
        if (seen.has(key)) continue;
        // Of the last moment, for which the next stream may repeat lines.
        if (data.at !== current.from) seen = new Set();
        seen.add(key);
        current = { ...query, from: data.at, tail: 5000 };
        context.out.item(data, () => show(context, data));
      }
    } catch (error) {
      if (!(error instanceof LeptonApiError && (error.status === 0 || error.status === 503))) throw error;
    }
  }
}

const LEVEL_STYLES = { debug: 'dim', info: 'cyan', warn: 'yellow', error: 'red' } as const;

function show({ out }: CliContext, { at, level, process, service, version, replica, requestId, message, fields }: LogLine): void {
  const subject = [[service, version].filter(Boolean).join(':'), replica ?? process].filter(Boolean).join(' ');
  const facts = Object.entries({ ...(requestId !== null && { requestId }), ...fields }).map(([key, value]): Cell => ({ text: ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`, style: 'dim' }));
  out.line({ text: `${formatTime(at)} `, style: 'dim' }, { text: level.padEnd(5), style: LEVEL_STYLES[level] }, ' ', { text: subject, style: 'bold' }, ` ${message}`, ...facts);
}

/** `10m` ago, or a time; as the API takes it. */
function instant(text: string): string {
  const ago = /^\d+(?:\.\d+)?(?:ms|s|min|m|h|d)$/.test(text) ? parseMilliseconds(text) : undefined;
  const time = ago === undefined ? Date.parse(text) : Date.now() - ago;
  if (Number.isFinite(time) && Math.abs(time) < 8.64e15) return new Date(time).toISOString();
  throw new InvalidArgumentError('It must be a duration such as 10m, 2h or 3d, or a time such as 2026-01-31T12:00.');
}
