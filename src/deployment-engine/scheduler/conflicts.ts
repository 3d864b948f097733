import type { Constraint, LinearProgram, Variable } from './program/index.ts';
import type { Solver } from './solver.ts';

/**
 * Constraints, of `candidates`, that can't hold together; taking out any one of them would do, if there was time to find that
 * out. First the elastic filter finds a small set that holds all of a conflict, then the deletion filter thins it (Chinneck,
 * Feasibility and Infeasibility in Optimization, 6.1 and 6.2). Empty: no conflict found. `remainingMs`: time left in all.
 */
export function conflictingConstraints(program: LinearProgram, candidates: ReadonlySet<number>, solver: Solver, remainingMs: () => number): readonly number[] {
  const options = () => ({ timeLimitMs: remainingMs(), relativeGap: 1e-4 });
  const enforced = new Set<number>();
  for (;;) {
    const elastic = elasticProgram(program, candidates, enforced);
    const solution = solver.solve(elastic.program, options());
    if (solution.status === 'infeasible') break;
    const stretched = elastic.slacks.filter(({ variable }) => (solution.values[variable] ?? 0) > 1e-7);
    if (solution.status !== 'optimal' && solution.status !== 'feasible') return [...enforced];
    if (stretched.length === 0) return [];
    for (const { constraint } of stretched) enforced.add(constraint);
  }
  for (const index of [...enforced]) {
    const rest = new Set([...enforced].filter((other) => other !== index));
    if (solver.solve(withOnly(program, candidates, rest), options()).status === 'infeasible') enforced.delete(index);
  }
  return [...enforced];
}

/** The program with the objective of stretching the candidates that are not enforced as little as possible. */
function elasticProgram(program: LinearProgram, candidates: ReadonlySet<number>, enforced: ReadonlySet<number>): { program: LinearProgram; slacks: { variable: number; constraint: number }[] } {
  const variables: Variable[] = program.variables.map((variable) => ({ ...variable, objective: 0 }));
  const slacks: { variable: number; constraint: number }[] = [];
  const constraints = program.constraints.map((constraint, index): Constraint => {
    if (!candidates.has(index) || enforced.has(index)) return constraint;
    const added: [number, number][] = [];
    for (const [side, limit, sign] of [['under', constraint.lower, 1], ['over', constraint.upper, -1]] as const) {
      if (!Number.isFinite(limit)) continue;
      // Stretching a small limit by one is worse than a large one.
      const variable = variables.push({ name: `${side} ${index}`, objective: 1 / Math.max(1, Math.abs(limit)), lower: 0, upper: Number.POSITIVE_INFINITY, integer: false }) - 1;
      slacks.push({ variable, constraint: index });
      added.push([variable, sign]);
    }
    return { ...constraint, indices: [...constraint.indices, ...added.map(([index]) => index)], coefficients: [...constraint.coefficients, ...added.map(([, sign]) => sign)] };
  });
  return { program: { ...program, sense: 'minimise', offset: 0, variables, constraints }, slacks };
}

const withOnly = (program: LinearProgram, candidates: ReadonlySet<number>, kept: ReadonlySet<number>): LinearProgram => ({
  ...program,
  variables: program.variables.map((variable) => ({ ...variable, objective: 0 })),
  constraints: program.constraints.filter((_, index) => !candidates.has(index) || kept.has(index)),
});
