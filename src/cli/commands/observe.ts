import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { PlatformEvent } from '../../../clients/typescript/src/index.ts';
import { action, type CliContext, command, wholeNumber } from '../context.ts';
import { formatTime, phaseCell } from '../output.ts';
import { logsCommand } from './logs.ts';

const POLL_MS = 500;

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

export const observeCommands = (): readonly Command[] => [logsCommand(), events()];
