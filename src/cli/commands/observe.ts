import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { LeptonApiError, type PlatformEvent } from '../../../clients/typescript/src/index.ts';
import { action, type CliContext, command, wholeNumber } from '../context.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { formatTime, phaseCell } from '../output.ts';

const POLL_MS = 500;
const TAIL_BYTES = 64 * 1024;

interface EventFlags {
  readonly service?: string;
  readonly repository?: string;
  readonly severity?: PlatformEvent['severity'];
  readonly limit: number;
  readonly after?: number;
  readonly follow?: boolean;
}

const events = (): Command =>
  command('events', 'List what happened and why, oldest first; with -f go on.', ['events --limit 20', 'events -f --service my-service', 'events --severity warning --json'])
    .option('--service <name>')
    .option('--repository <name>')
    .option('--severity <severity>', 'info, warning or error, and the graver ones')
    .option('--limit <count>', 'the newest so many', wholeNumber, 50)
    .option('--after <id>', 'only later ones', wholeNumber)
    .option('-f, --follow', 'go on with each new one')
    .action(
      action<EventFlags>(async (context, _arguments, { follow, ...query }) => {
        if (follow) return followEvents(context, query);
        const list = await context.client.listEvents(query);
        context.out.result(list, () => list.forEach((event) => showEvent(context, event)));
      }),
    );

/** Goes on after a restart of the server where it stopped. Ends with the process. */
async function followEvents(context: CliContext, query: Omit<EventFlags, 'follow'>): Promise<void> {
  let after = query.after;
  for (;;) {
    const resumed = after === undefined ? query : { ...query, after };
    for await (const event of context.client.followEvents(resumed)) {
      after = event.id;
      context.out.item(event, () => showEvent(context, event));
    }
    await delay(POLL_MS);
  }
}

function showEvent({ out }: CliContext, event: PlatformEvent): void {
  const subject = [event.service ?? event.repository, event.version].filter(Boolean).join(':');
  out.line({ text: `${formatTime(event.at)} `, style: 'dim' }, phaseCell(event.severity), ' ', { text: event.reason, style: 'bold' }, subject && !event.message.includes(subject) ? ` ${subject}` : '', `: ${event.message}`);
}

interface LogFlags {
  readonly tail: number;
  readonly follow?: boolean;
  readonly version?: string;
}

const logs = (): Command =>
  command('logs <service|replica>', 'Show what replicas wrote: of a service, or of one replica by its id.', ['logs my-service', 'logs my-service --version v2 -f', 'logs my-service --tail 20'])
    .argument('<name>')
    .option('--version <version>', 'only this version’s replicas')
    .option('--tail <lines>', 'last lines of each', wholeNumber, 100)
    .option('-f, --follow', 'go on')
    .action(
      action<LogFlags>(async (context, [name = ''], flags) => {
        const replicas = await replicasOf(context, name, flags.version);
        const texts = new Map<string, string>();
        const found = await Promise.all(replicas.map(async (replica) => ({ ...replica, text: await context.client.replicaLog(replica.id, { tailBytes: TAIL_BYTES }) })));
        if (context.out.json && !flags.follow) return context.out.result(found.map(({ id, version, text }) => ({ replica: id, version, text: lastLines(text, flags.tail) })), () => undefined);
        for (const { id, version, text } of found) {
          texts.set(id, text);
          print(context, { id, version }, lastLines(text, flags.tail));
        }
        if (flags.follow) await followLogs(context, name, flags.version, texts);
      }),
    );

interface LogSource {
  readonly id: string;
  readonly version: string;
}

async function replicasOf({ client }: CliContext, name: string, version: string | undefined): Promise<LogSource[]> {
  const all = await client.listReplicas(version === undefined ? {} : { version });
  const ofName = all.filter((replica) => replica.service === name || replica.id === name);
  if (ofName.length === 0) throw new CliError(`no service or replica ${JSON.stringify(name)} has a log`, ExitCode.notFound, 'lepton-ai services; lepton-ai status SERVICE --json');
  return ofName.reverse();
}

async function followLogs(context: CliContext, name: string, version: string | undefined, texts: Map<string, string>): Promise<never> {
  for (;;) {
    await delay(POLL_MS);
    for (const replica of await replicasOf(context, name, version).catch(ignoreAbsence)) {
      const text = await context.client.replicaLog(replica.id, { tailBytes: TAIL_BYTES }).catch(ignoreAbsence);
      if (typeof text !== 'string') continue;
      print(context, replica, appended(texts.get(replica.id) ?? '', text));
      texts.set(replica.id, text);
    }
  }
}

/** A restart of control, or a log that has just expired, is no reason to stop following. */
function ignoreAbsence(error: unknown): never[] {
  if (error instanceof CliError || (error instanceof LeptonApiError && (error.status === 0 || error.status === 404 || error.status === 503))) return [];
  throw error;
}

/** What the second tail has after the end of the first: the largest overlap of the first's end with the second's start counts as seen. */
export function appended(before: string, after: string): string {
  if (after.startsWith(before)) return after.slice(before.length);
  for (let start = Math.max(0, before.length - after.length); start < before.length; start++) if (after.startsWith(before.slice(start))) return after.slice(before.length - start);
  return after;
}

const lastLines = (text: string, count: number): string => text.split('\n').slice(-count - 1).join('\n');

function print({ out }: CliContext, { id, version }: LogSource, text: string): void {
  for (const line of text.split('\n')) if (line) out.item({ replica: id, version, line }, () => out.line({ text: `${version} ${id} `, style: 'dim' }, line));
}

export const observeCommands = (): readonly Command[] => [logs(), events()];
