import type { Command } from 'commander';
import type { DeploymentState } from '../../../clients/typescript/src/index.ts';
import { action, command } from '../context.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { type ChangeFlags, changeOptions, finishChange, requestOptions } from '../waiting.ts';

const COMMANDS: readonly { readonly name: string; readonly state: DeploymentState; readonly summary: string }[] = [
  { name: 'load', state: 'loaded', summary: 'Start a version and give it its share of the traffic once it is ready.' },
  { name: 'warm', state: 'warm', summary: 'Have a version in memory, ready for requests that name it, without traffic.' },
  { name: 'drain', state: 'drained', summary: 'Give a version no new requests; it answers those that it has and stays in memory.' },
  { name: 'unload', state: 'unloaded', summary: 'Drain a version and end its processes; its memory comes back. It stays deployed.' },
];

const stateCommand = ({ name, state, summary }: (typeof COMMANDS)[number]): Command => {
  const of = command(`${name} <service[:version]>`, summary, [`${name} my-service:v1.0`, `${name} my-service`]).argument('<target>', 'service or service:version');
  if (state !== 'loaded') of.option('--force', 'also where nobody is left to answer requests that name no version');
  return changeOptions(of).action(
    action<ChangeFlags & { force?: boolean }>(async (context, [target = ''], flags) => {
      const { service, version } = targetOf(target);
      const options = { ...requestOptions(flags), ...(flags.force ? { force: true } : {}) };
      await finishChange(context, await context.client.setState(service, version, state, options), flags);
    }),
  );
};

function targetOf(text: string): { service: string; version: string | null } {
  const [service = '', version, ...more] = text.split(':');
  if (service && version !== '' && !more.length) return { service, version: version ?? null };
  throw new CliError(`${JSON.stringify(text)} names no version of a service: write service or service:version, for example my-service:v1.0`, ExitCode.usage);
}

export const stateCommands = (): readonly Command[] => COMMANDS.map(stateCommand);
