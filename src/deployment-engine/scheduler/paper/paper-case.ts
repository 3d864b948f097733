import { activityAt, type LinearProgram, objectiveAt, ProgramBuilder, type Term } from '../program/index.ts';

/** The published formulation's data. Cores, GB and GB; any unit does, since only ratios count. */
export interface PaperCase {
  readonly models: readonly PaperModel[];
  readonly totals: { readonly cpu: number; readonly memory: number; readonly storage: number };
  /** The published answer, by model, rounded to so many decimals. */
  readonly published: { readonly x: readonly number[]; readonly y: readonly number[]; readonly z: readonly number[]; readonly decimals: number };
}

export interface PaperModel {
  readonly name: string;
  /** C, M and R. */
  readonly cpu: number;
  readonly memory: number;
  readonly storage: number;
  /** T */
  readonly threshold: number;
  /** P */
  readonly weight: number;
  /** λ; null: the case gives none, and has the share of CPU in its place. */
  readonly arrivalRate: number | null;
  /** For the platform's own program: requests per second, where one takes all of `cpu` for a second. */
  readonly demand: number;
}

const SHARES = [['x', 'cpu'], ['y', 'memory'], ['z', 'storage']] as const;

/**
 * The formulation as it was published: variables x, y, z by model in that order,
 * maximise Σ P (1 − C x / C_max − M y / M_max − R z / R_max), under the totals, T − P x ≥ 0, and 0 ≤ x, y, z ≤ 1.
 */
export function paperProgram({ models, totals }: PaperCase): LinearProgram {
  const builder = new ProgramBuilder('published formulation', 'maximise');
  builder.offset = models.reduce((sum, { weight }) => sum + weight, 0);
  const shares = SHARES.map(([share, resource]) => models.map((model) => builder.variable(`${share} of ${model.name}`, { objective: (-model.weight * model[resource]) / totals[resource], upper: 1 })));
  SHARES.forEach(([, resource], at) => builder.constraint(resource, models.map((model, index): Term => [shares[at]?.[index] ?? 0, model[resource]]), { upper: totals[resource] }));
  models.forEach(({ name, weight, threshold }, index) => builder.constraint(`performance of ${name}`, [[shares[0]?.[index] ?? 0, weight]], { upper: threshold }));
  return builder.build();
}

export interface PaperCheck {
  readonly constraint: string;
  readonly value: number;
  readonly limit: number;
  /** What rounding of the published numbers can account for. */
  readonly tolerance: number;
  readonly holds: boolean;
}

export interface PaperPoint {
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly z: readonly number[];
  readonly objective: number;
  readonly checks: readonly PaperCheck[];
  readonly feasible: boolean;
}

/** A point of the formulation, with every constraint's left side. `rounding`: what each number may be off by. */
export function paperPoint(paper: PaperCase, values: ArrayLike<number>, rounding: number): PaperPoint {
  const program = paperProgram(paper);
  const count = paper.models.length;
  const part = (at: number): number[] => Array.from({ length: count }, (_, index) => values[at * count + index] ?? 0);
  const checks = [...program.constraints.map((constraint): PaperCheck => check(constraint.name, activityAt(constraint, values), constraint.upper, rounding * constraint.coefficients.reduce((sum, coefficient) => sum + Math.abs(coefficient), 0))), ...paper.models.flatMap(({ name, weight, threshold, arrivalRate }) => (arrivalRate === null ? [] : [check(`arrivals of ${name}`, weight * arrivalRate, threshold, 0)])), ...program.variables.flatMap(({ name, upper }, index) => [check(name, values[index] ?? 0, upper, rounding), ...((values[index] ?? 0) < 0 ? [check(`−${name}`, -(values[index] ?? 0), 0, rounding)] : [])])];
  return { x: part(0), y: part(1), z: part(2), objective: objectiveAt(program, values), checks, feasible: checks.every(({ holds }) => holds) };
}

const check = (constraint: string, value: number, limit: number, tolerance: number): PaperCheck => ({ constraint, value, limit, tolerance, holds: value <= limit + tolerance + 1e-9 });

/** The published answer as a point. */
export function publishedPoint(paper: PaperCase): PaperPoint {
  const { x, y, z, decimals } = paper.published;
  return paperPoint(paper, [...x, ...y, ...z], 0.5 * 10 ** -decimals);
}
