import type { Command } from 'commander';
import { LeptonClient } from '../../../clients/typescript/src/index.ts';
import { clientConfig, localPlatformConfig } from '../../config/index.ts';
import { command } from '../context.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { findPlatform } from '../local/local-platform.ts';

/** Longest that a press of TAB may wait for the server's names. */
const NAMES_TIMEOUT_MS = 400;

/** The scripts only hand the words over: `lepton-ai complete -- WORD…` prints the candidates, one a line. */
const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `_lepton_ai() {
  local IFS=$'\\n'
  COMPREPLY=( $(compgen -W "$("\${COMP_WORDS[0]}" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "\${COMP_WORDS[COMP_CWORD]}") )
  [ \${#COMPREPLY[@]} -eq 0 ] && COMPREPLY=( $(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}") )
}
# A colon is part of repository:version.
COMP_WORDBREAKS=\${COMP_WORDBREAKS//:}
complete -F _lepton_ai lepton-ai bin/lepton-ai`,
  zsh: `#compdef lepton-ai
_lepton_ai() {
  local -a candidates
  candidates=("\${(@f)$("\${words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  candidates=(\${candidates:#})
  if (( \${#candidates} )); then compadd -- "\${candidates[@]}"; else _files; fi
}
compdef _lepton_ai lepton-ai`,
  fish: `function __lepton_ai
  set -l words (commandline -opc) (commandline -ct)
  $words[1] complete -- $words[2..-1] 2>/dev/null
end
complete -c lepton-ai -a '(__lepton_ai)'`,
};

export const completionCommand = (): Command =>
  command('completion <shell>', 'Print a completion script for bash, zsh or fish.', ['completion bash > ~/.local/share/bash-completion/completions/lepton-ai', 'completion fish | source'])
    .argument('<shell>')
    .action((shell: string) => {
      const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
      if (!script) throw new CliError(`no completion for ${JSON.stringify(shell)}; there is bash, zsh and fish`, ExitCode.usage);
      process.stdout.write(`${script}\n`);
    });

/** What the scripts call. Not in the help. */
export const completeCommand = (program: Command): Command =>
  command('complete', 'Candidates for the last word.', [])
    .argument('[words...]')
    .allowUnknownOption()
    .action(async (words: string[]) => {
      const candidates = await candidatesFor(program, words);
      if (candidates.length) process.stdout.write(`${candidates.join('\n')}\n`);
    });

/** Sub-commands, options, and names that the server knows, for the last word of a command line. */
export async function candidatesFor(program: Command, words: readonly string[]): Promise<string[]> {
  const last = words.at(-1) ?? '';
  const { command: at, used } = descend(program, words.slice(0, -1));
  const options = [...at.options, ...(at === program ? [] : program.options)].flatMap((option) => option.long ?? []);
  if (last.startsWith('-')) return options.filter((option) => option.startsWith(last));
  const previous = words.at(-2) ?? '';
  const kind = previous.startsWith('--') ? OPTION_KINDS[previous] : at.commands.length ? undefined : at.registeredArguments[Math.min(used, at.registeredArguments.length - 1)]?.name();
  const visible = at.commands.filter((one) => one.name() !== 'complete').map((one) => one.name());
  return [...visible, ...(kind ? await namesOf(kind) : [])].filter((name) => name.startsWith(last));
}

const OPTION_KINDS: Readonly<Record<string, string>> = { '--service': 'service', '--repository': 'repository', '--revisions': 'service' };

/** The deepest sub-command that the words name, and how many arguments of it are there already. */
function descend(program: Command, words: readonly string[]): { command: Command; used: number } {
  let current = program;
  let used = 0;
  for (const word of words) {
    const next = current.commands.find((one) => one.name() === word);
    if (next) current = next;
    else if (!word.startsWith('-')) used++;
  }
  return { command: current, used };
}

async function namesOf(kind: string): Promise<string[]> {
  const url = clientConfig({}).url ?? (await findPlatform(localPlatformConfig()))?.url;
  if (url === undefined) return [];
  const client = new LeptonClient({ url, fetch: (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(NAMES_TIMEOUT_MS) }) });
  try {
    if (kind === 'service' || kind === 'name') return (await client.listServices()).map(({ name }) => name);
    if (kind === 'target') return (await client.listServices()).flatMap(({ name, spec }) => [name, ...spec.deployments.map(({ version }) => `${name}:${version}`)]);
    if (kind === 'repository') return (await client.listRepositories()).map(({ name }) => name);
    if (kind !== 'reference') return [];
    const repositories = await client.listRepositories();
    return (await Promise.all(repositories.slice(0, 50).map(({ name }) => client.listVersions(name)))).flat().map(({ repository, version }) => `${repository}:${version}`);
  } catch {
    // Completion never complains.
    return [];
  }
}
