import { Option, type Command } from 'commander';
import { loadConfig, processEnvironment, SETTINGS } from '../../config/index.ts';
import { command, outputOf } from '../context.ts';

/** Flags come from the table of settings, so that help, file, environment and documentation say the same. */
export function serveCommand(setExitCode: (code: number) => void): Command {
  const serve = command('serve', 'Run the platform in the foreground until SIGTERM or Ctrl-C.', [
    'serve --data-dir ./data --http 127.0.0.1:8080 --grpc 127.0.0.1:8081',
    'serve --model-repository ./models',
    'serve --config lepton.yaml',
  ]).option('--config <file>', 'YAML file with the same settings (also LEPTON_CONFIG)');
  for (const { flag, help, default: fallback, env } of SETTINGS) serve.addOption(new Option(`--${flag} <value>`, `${help} (${fallback === null ? '' : `default ${fallback}; `}${env})`));
  return serve.action(async (_options: unknown, self: Command) => {
    const { config, warnings } = loadConfig({ flags: flagsOf(self), env: processEnvironment(), cwd: process.cwd() });
    const out = outputOf(self.optsWithGlobals());
    for (const warning of warnings) out.problem({ text: 'warning: ', style: 'yellow' }, warning);
    // Loaded here, so that every other command starts light.
    const { runControl } = await import('../../control.ts');
    setExitCode(await runControl(config));
  });
}

/** What was typed, by flag name. */
function flagsOf(self: Command): Record<string, string | undefined> {
  const names = new Map(self.options.map((option) => [option.attributeName(), option.long?.slice(2) ?? '']));
  return Object.fromEntries(Object.entries(self.opts<Record<string, string | undefined>>()).map(([attribute, value]) => [names.get(attribute) ?? attribute, value]));
}
