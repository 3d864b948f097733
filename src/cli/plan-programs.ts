import { writeFileSync } from 'node:fs';
import type { Plan } from '../../clients/typescript/src/index.ts';
import { systemClock } from '../core/index.ts';
import { fromSchedulerJson, schedule, type SchedulePlan, type SchedulerInput, writeLp, writeMps } from '../deployment-engine/scheduler/index.ts';
import { loadHighsSolver } from '../deployment-engine/solvers/index.ts';
import { CliError, ExitCode } from './exit-codes.ts';

const DEADLINE_MS = 10_000;

/** A plan solved again, here. */
export interface ResolvedPlan {
  readonly solver: string;
  readonly plan: SchedulePlan;
}

export async function resolvedPlan({ input }: Plan): Promise<ResolvedPlan> {
  const solver = await loadHighsSolver();
  return { solver: solver.name, plan: schedule(fromSchedulerJson(JSON.stringify(input)) as SchedulerInput, { solver, clock: systemClock, deadlineMs: DEADLINE_MS }) };
}

/** The program that decides the plan; of a plan in steps the last, which shares out the cores. */
export function writePrograms({ plan }: ResolvedPlan, { lp, mps }: { readonly lp?: string | undefined; readonly mps?: string | undefined }): void {
  const program = plan.programs.at(-1);
  if (!program) {
    if (lp === undefined && mps === undefined) return;
    throw new CliError(`there is no program to write: the plan is ${plan.method}${plan.note ? ` (${plan.note})` : ''}`, ExitCode.error);
  }
  if (lp !== undefined) writeFileSync(lp, writeLp(program));
  if (mps !== undefined) writeFileSync(mps, writeMps(program));
}
