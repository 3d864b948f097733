import { Command } from 'commander';
import { PLATFORM_VERSION } from '../version.ts';
import { alertsCommand } from './commands/alerts.ts';
import { applyCommand } from './commands/apply.ts';
import { captureCommands } from './commands/capture.ts';
import { compareCommand } from './commands/compare.ts';
import { completeCommand, completionCommand } from './commands/completion.ts';
import { explainCommand } from './commands/explain.ts';
import { feedbackCommand } from './commands/feedback.ts';
import { inferCommand } from './commands/infer.ts';
import { localCommands } from './commands/local.ts';
import { maintenanceCommands } from './commands/maintenance.ts';
import { observeCommands } from './commands/observe.ts';
import { planCommand } from './commands/plan.ts';
import { profileCommand } from './commands/profile.ts';
import { repositoryCommands } from './commands/repositories.ts';
import { serveCommand } from './commands/serve.ts';
import { serviceCommands } from './commands/services.ts';
import { simulateCommand } from './commands/simulate.ts';
import { solveCommand } from './commands/solve.ts';
import { statusCommands } from './commands/status.ts';
import { stateCommands } from './commands/states.ts';
import { topCommand } from './commands/top.ts';
import { trafficCommand } from './commands/traffic.ts';
import { EXIT_CODES_HELP } from './exit-codes.ts';

/** The whole command line, as commander's tree. `setExitCode` is for `serve`, which ends with the platform's own. */
export function buildProgram(setExitCode: (code: number) => void): Command {
  const program = new Command('lepton-ai')
    .description('Run several versions of an AI model side by side.')
    .option('--url <url>', 'server (default LEPTON_URL, else the local platform, which is started when none runs)')
    .option('--user <name>', 'name that changes are made under (default: login name, or LEPTON_USER)')
    .option('--json', 'machine-readable output, nothing else on stdout')
    .option('--no-color', 'no colours (also NO_COLOR)')
    .addHelpText('after', `\nExit codes:\n${Object.entries(EXIT_CODES_HELP).map(([code, help]) => `  ${code}  ${help}`).join('\n')}`);
  // Not `.version()`: its option --version would take the place of the commands' own.
  program.addCommand(new Command('version').description('Print the version of this program.').action(() => void process.stdout.write(`${PLATFORM_VERSION}\n`)));
  const commands = [
    serveCommand(setExitCode), ...localCommands(), ...repositoryCommands(), profileCommand(), ...serviceCommands(), ...stateCommands(), trafficCommand(), ...statusCommands(), topCommand(), compareCommand(), inferCommand(), feedbackCommand(), ...observeCommands(), alertsCommand(), ...captureCommands(), applyCommand(), ...maintenanceCommands(), planCommand(), explainCommand(), solveCommand(), simulateCommand(), completionCommand(),
  ];
  for (const one of commands) program.addCommand(one);
  program.addCommand(completeCommand(program), { hidden: true });
  settle(program);
  return program;
}

/** Settings that commander does not hand down to commands made elsewhere. */
function settle(command: Command): void {
  command.exitOverride().showSuggestionAfterError().configureHelp({ showGlobalOptions: command.parent !== null, sortSubcommands: false });
  command.configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'error: ')) });
  for (const one of command.commands) settle(one);
}
