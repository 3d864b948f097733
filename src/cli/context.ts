import { Command, InvalidArgumentError } from 'commander';
import { InferenceClient, LeptonClient } from '../../clients/typescript/src/index.ts';
import { clientConfig, coloursUnwanted, localPlatformConfig } from '../config/index.ts';
import { parseReference } from '../core/index.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import { ensurePlatform } from './local/local-platform.ts';
import { Output } from './output.ts';

/** Options that every command takes. */
export interface GlobalOptions {
  readonly url?: string;
  readonly user?: string;
  readonly json?: boolean;
  readonly color?: boolean;
}

/** What a command works with: the server and the terminal. */
export interface CliContext {
  readonly client: LeptonClient;
  readonly inference: InferenceClient;
  readonly out: Output;
}

/** The context of a command that has been parsed. Without a URL it works on the local platform, which is started when none runs. */
export async function contextOf(command: Command): Promise<CliContext> {
  const options: GlobalOptions = command.optsWithGlobals();
  const { url: named, user } = clientConfig(options);
  const out = outputOf(options);
  if (named !== undefined) checkUrl(named, options.url === undefined ? 'LEPTON_URL' : '--url');
  return contextFor(named ?? (await localUrl(out)), user, out);
}

export const contextFor = (url: string, user: string, out: Output): CliContext => ({ client: new LeptonClient({ url, user }), inference: new InferenceClient({ url }), out });

async function localUrl(out: Output): Promise<string> {
  const { url } = await ensurePlatform(localPlatformConfig(), (record) => out.note({ text: 'started ', style: 'dim' }, `the local platform at ${record.url} (pid ${record.pid}); lepton-ai stop ends it`));
  return url;
}

function checkUrl(url: string, source: string): void {
  const protocol = URL.canParse(url) ? new URL(url).protocol : '';
  if (protocol !== 'http:' && protocol !== 'https:') throw new CliError(`${source}: ${JSON.stringify(url)} is not a URL`, ExitCode.usage, 'for example http://127.0.0.1:8080');
}

export function outputOf(options: GlobalOptions): Output {
  return new Output({ stdout: process.stdout, stderr: process.stderr, colours: options.color !== false && !coloursUnwanted(), json: options.json ?? false });
}

/** A command with examples under its help. */
export function command(nameAndArguments: string, summary: string, examples: readonly string[]): Command {
  return new Command(nameAndArguments.split(' ')[0])
    .usage(`${nameAndArguments.split(' ').slice(1).join(' ')} [options]`.trim())
    .description(summary)
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ lepton-ai ${example}`).join('\n')}`);
}

/** Wraps an action: `(context, arguments, options)` in place of commander's open list. */
export function action<Options extends object>(run: (context: CliContext, args: readonly string[], options: Options) => Promise<void>): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    const self = given.at(-1) as Command;
    await run(await contextOf(self), self.args, self.opts() as Options);
  };
}

/** For commander: text that must be a whole number. */
export function wholeNumber(text: string): number {
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
}
export function decimalNumber(text: string): number {
  if (/^-?\d{1,15}(\.\d+)?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a number.');
}
/** For commander: `3` or `1..4`. */
export function replicaCount(text: string): number | { min: number; max: number } {
  const match = /^(\d{1,4})(?:\.\.(\d{1,4}))?$/.exec(text);
  if (!match) throw new InvalidArgumentError('It must be a number, or a range such as 1..4.');
  return match[2] === undefined ? Number(match[1]) : { min: Number(match[1]), max: Number(match[2]) };
}
/** For commander: an option that may be given several times. */
export const collect = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value];

/** `repository:version` of an argument. */
export const referenceOf = (text: string | undefined): { repository: string; version: string } => parseReference(text ?? '');
