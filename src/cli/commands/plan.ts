import type { Command } from 'commander';
import type { Plan } from '../../../clients/typescript/src/index.ts';
import { action, command, wholeNumber } from '../context.ts';
import { CliError, ExitCode } from '../exit-codes.ts';
import { resolvedPlan, writePrograms } from '../plan-programs.ts';
import { showPlan, showPlans } from '../plan-text.ts';

interface PlanFlags {
  readonly list?: boolean;
  readonly id?: number;
  readonly lp?: string;
  readonly mps?: string;
}

/** `lepton-ai plan` */
export const planCommand = (): Command =>
  command('plan', 'Show what the scheduler would do now, or with --id a plan that it executed. Nothing is changed.', ['plan', 'plan --list', 'plan --id 12', 'plan --lp plan.lp --mps plan.mps'])
    .option('--list', 'the newest executed plans')
    .option('--id <number>', 'an executed plan, solved again from what it was decided from', wholeNumber)
    .option('--lp <file>', 'also write its program in LP format, for other solvers')
    .option('--mps <file>', 'also write its program in MPS format')
    .action(
      action<PlanFlags>(async ({ client, out }, _none, { list, id, lp, mps }) => {
        if (list) {
          if (id !== undefined || lp !== undefined || mps !== undefined) throw new CliError('--list goes with none of --id, --lp and --mps', ExitCode.usage);
          const plans = await client.listPlans();
          return out.result(plans, () => showPlans(out, plans));
        }
        const plan: Plan = id === undefined ? await client.nextPlan() : await client.getPlan(id);
        const again = id !== undefined || lp !== undefined || mps !== undefined ? await resolvedPlan(plan) : null;
        if (again) writePrograms(again, { lp, mps });
        out.result(again ? { ...plan, solvedAgain: { solver: again.solver, objective: again.plan.objective, method: again.plan.method } } : plan, () => showPlan(out, plan, again));
      }),
    );
