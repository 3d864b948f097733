import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { systemClock } from '../../core/index.ts';
import type { SimulationResult, Trace } from '../../simulation/index.ts';
import { collect, command, contextOf, outputOf, referenceOf, wholeNumber } from '../context.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import type { ProfileSource } from '../profile-source.ts';

interface SimulateFlags {
  readonly trace: string;
  readonly policy?: readonly string[];
  readonly seed?: number;
  readonly svg?: string;
}

/** Works without a server, unless versions name the profiles of a server’s. What it needs is loaded here, so that every other command starts light. */
export const simulateCommand = (): Command =>
  command('simulate', 'Replay an arrival trace in virtual time on simulated nodes, under the scheduler and under what it is compared with.', [
    'simulate --trace examples/simulation/digits.yaml',
    'simulate --trace examples/simulation/day.yaml --policy lp --policy threshold --svg day.svg',
  ])
    .requiredOption('--trace <file>', 'YAML with nodes, versions with their profiles, and arrivals, generated or recorded')
    .option('--policy <name>', 'lp (the scheduler), greedy, equal (static shares) or threshold (CPU autoscaling); may be repeated (default: all)', collect)
    .option('--seed <number>', 'in place of the trace’s own; the same seed gives the same requests and plans', wholeNumber)
    .option('--svg <file>', 'write the comparison there as a picture')
    .action(async (flags: SimulateFlags, self: Command) => {
      const out = outputOf(self.optsWithGlobals());
      const { makePolicy, plotResults, POLICY_NAMES, simulate } = await import('../../simulation/index.ts');
      const { readTrace } = await import('../trace-file.ts');
      const names = (flags.policy ?? POLICY_NAMES).map((given) => POLICY_NAMES.find((name) => name === given) ?? unknownPolicy(given, POLICY_NAMES));
      const trace = readTrace(flags.trace, { seed: flags.seed, profiles: await profilesOf(flags.trace, self) });
      const { loadHighsSolver } = await import('../../deployment-engine/solvers/index.ts');
      const solver = await loadHighsSolver();
      const results = names.map((name) => {
        const started = systemClock.monotonic();
        const result = simulate(trace, makePolicy(name, trace, solver), { stopwatch: () => systemClock.monotonic(), ...(out.interactive && { onProgress: (share) => process.stderr.write(`\r${name} ${Math.round(share * 100)} % `) }) });
        if (out.interactive) process.stderr.write('\r\x1b[K');
        return { ...result, realSeconds: (systemClock.monotonic() - started) / 1000 };
      });
      if (flags.svg !== undefined) writeFileSync(flags.svg, plotResults(trace, results));
      out.result({ trace: { name: trace.name, seed: trace.seed, nodes: trace.nodes.length, versions: trace.versions.length, durationSeconds: trace.durationSeconds }, results }, () => show(out, trace, results));
    });

/** Profiles that versions of a trace name: of a server, or of files. */
async function profilesOf(trace: string, self: Command): Promise<ReadonlyMap<string, ProfileSource>> {
  const { isProfileFile, namedProfiles, readProfileFile } = await import('../profile-source.ts');
  const names = namedProfiles(trace);
  const context = names.every(isProfileFile) ? null : await contextOf(self);
  const found = new Map<string, ProfileSource>();
  for (const name of names) {
    if (!context || isProfileFile(name)) found.set(name, readProfileFile(name, trace));
    else {
      const { repository, version } = referenceOf(name);
      found.set(name, { name, content: await context.client.getProfiles(repository, version) });
    }
  }
  return found;
}

function unknownPolicy(given: string, known: readonly string[]): never {
  throw new CliError(`--policy: there is no ${JSON.stringify(given)}`, ExitCode.usage, `known: ${known.join(', ')}`);
}

const percent = (part: number, whole: number): string => `${Number(((part / Math.max(1e-9, whole)) * 100).toPrecision(3))} %`;

function show(out: Output, { name, seed, nodes, versions, durationSeconds }: Trace, results: readonly (SimulationResult & { readonly realSeconds: number })[]): void {
  out.line(`${name}: ${versions.length} versions on ${nodes.length} nodes, ${durationSeconds} s of virtual time, seed ${seed}`);
  out.line();
  out.table(
    ['policy', 'requests', 'served', 'missed objective', 'lost', 'core-h', 'GiB-h', 'cost', 'starts', 'stops', 'plans', 'a plan', 'worst', 'gap', 'took'],
    results.map((one) => [
      one.policy, Math.round(one.requests), percent(one.served, one.requests), percent(one.violations, one.requests), percent(one.lost, one.requests), one.coreHours.toFixed(1), one.gibHours.toFixed(1), one.cost.toFixed(1),
      one.starts, one.stops, one.plans, `${one.solveMsMean.toFixed(1)} ms`, `${one.solveMsMax.toFixed(0)} ms`, one.policy === 'lp' ? percent(one.gapMax, 1) : null, `${one.realSeconds.toFixed(1)} s`,
    ]),
    { drop: ['GiB-h', 'core-h', 'worst', 'gap'] },
  );
  out.paragraph('Missed objective counts lost requests too. Cost is for what is reserved, whether it is used or not; the beginning, until every policy knows the trace, isn’t counted.');
}
