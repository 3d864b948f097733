import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../core/index.ts';
import { type LinearProgram, type PaperCase, paperInput, type PaperPoint, paperPoint, paperProgram, publishedPoint, schedule, type SchedulePlan, type SchedulerInput, shadowPrices, type ShadowPrice, shortNumber, type Solver, versionReasons, type VersionReason, writeLp, writeMps } from '../deployment-engine/scheduler/index.ts';
import { CliError, ExitCode } from './exit-codes.ts';
import { type Cell, formatBytes, type Output } from './output.ts';

const DEADLINE_MS = 10_000;

export interface PaperResult {
  readonly solver: string;
  readonly program: LinearProgram;
  readonly published: PaperPoint;
  readonly optimum: PaperPoint;
  readonly input: SchedulerInput;
  readonly plan: SchedulePlan;
  readonly reasons: readonly VersionReason[];
  readonly prices: readonly ShadowPrice[];
}

/** The formulation as published and the platform’s own program, each with its answer. */
export function solvePaper(paper: PaperCase, solver: Solver): PaperResult {
  const program = paperProgram(paper);
  const solution = solver.solve(program, { timeLimitMs: DEADLINE_MS, relativeGap: 0 });
  if (solution.status !== 'optimal') throw new CliError(`the formulation has no optimum: ${solver.name} says ${solution.status}`, ExitCode.error);
  const input = paperInput(paper);
  const options = { solver, clock: systemClock, deadlineMs: DEADLINE_MS };
  const plan = schedule(input, options);
  return { solver: solver.name, program, published: publishedPoint(paper), optimum: paperPoint(paper, solution.values, 0), input, plan, reasons: versionReasons(input, plan), prices: shadowPrices(input, plan, options) };
}

/** Each program by its name, as LP and MPS. */
export function exportPrograms(directory: string, programs: Readonly<Record<string, LinearProgram | undefined>>): void {
  mkdirSync(directory, { recursive: true });
  for (const [name, program] of Object.entries(programs)) {
    if (!program) continue;
    writeFileSync(join(directory, `${name}.lp`), writeLp(program));
    writeFileSync(join(directory, `${name}.mps`), writeMps(program));
  }
}

export function showPaper(out: Output, paper: PaperCase, { published, optimum, plan, input, reasons, prices, solver }: PaperResult): void {
  out.line({ text: 'The published formulation, as written', style: 'bold' });
  out.paragraph('maximise Σ P (1 − C x/C_max − M y/M_max − R z/R_max) subject to Σ C x ≤ C_max, Σ M y ≤ M_max, Σ R z ≤ R_max, T − P x ≥ 0, 0 ≤ x, y, z ≤ 1');
  out.line();
  const shares = (values: readonly number[]): string => values.map((value) => String(Number(value.toFixed(paper.published.decimals + 1)))).join(', ');
  out.table(['point', 'x', 'y', 'z', 'objective', 'feasible'], [
    ['published', shares(published.x), shares(published.y), shares(published.z), published.objective.toFixed(5), feasibleCell(published)],
    [`optimum (${solver})`, shares(optimum.x), shares(optimum.y), shares(optimum.z), optimum.objective.toFixed(5), feasibleCell(optimum)],
  ]);
  out.line();
  const bounds = new Set([...'xyz'].flatMap((share) => paper.models.map(({ name }) => `${share} of ${name}`)));
  out.table(['constraint', 'published', 'limit', 'left', 'holds'], published.checks.filter(({ constraint, holds }) => !bounds.has(constraint) || !holds).map(({ constraint, value, limit, tolerance, holds }) => [constraint, shortNumber(value), shortNumber(limit), shortNumber(limit - value), holds ? { text: value > limit ? `yes, within ±${shortNumber(tolerance)}` : 'yes', style: 'green' } : { text: 'no', style: 'red' }]));
  out.paragraph(`Each published number is rounded to ${paper.published.decimals} decimals: a constraint counts as kept up to 0.5e-${paper.published.decimals} × its coefficients. Every share also has to be from 0 to 1.`);
  out.paragraph(optimum.objective > published.objective
    ? `The published point is not the optimum: the objective falls in every x, y and z, so serving nothing is best, by ${(optimum.objective - published.objective).toFixed(5)}.`
    : 'The published point is as good as the optimum.');
  out.line();
  showPlatform(out, plan, input, reasons, prices);
}

const feasibleCell = ({ feasible }: PaperPoint): Cell => (feasible ? { text: 'yes', style: 'green' } : { text: 'no', style: 'red' });

function showPlatform(out: Output, plan: SchedulePlan, input: SchedulerInput, reasons: readonly VersionReason[], prices: readonly ShadowPrice[]): void {
  out.line({ text: 'The platform’s own program on the same data', style: 'bold' });
  out.paragraph('maximise Σ priority × quality × served − cost of resources and moves; whole replicas with their whole memory and storage, CPU in any share; T is the quality, and one request/s takes all of a model’s cores');
  out.line();
  const why = new Map(reasons.map(({ version, text }) => [version, text]));
  out.table(['model', 'replicas', 'cores', 'memory', 'served', 'demand', 'why'], plan.versions.map(({ id, replicas, cpus, served, demand }) => [id, replicas, shortNumber(cpus), formatBytes(plan.assignments.filter(({ version }) => version === id).reduce((sum, { memoryBytes }) => sum + memoryBytes, 0)), shortNumber(served), shortNumber(demand), why.get(id)]), { below: 'why' });
  out.paragraph(`objective ${plan.objective.toFixed(5)}, of at most ${plan.bound.toFixed(5)} (${plan.method}); ${input.nodes.map(({ cpus }) => `${shortNumber(plan.versions.reduce((sum, one) => sum + one.cpus, 0))} of ${cpus} cores in use`).join('')}`);
  for (const { text } of prices) out.paragraph(text);
  if (prices.length === 0) out.paragraph('More of a single resource would serve no more.');
}
