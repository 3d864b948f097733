/**
 * A linear or mixed-integer program as data: what a solver gets, what is written as LP and MPS, and what a plan is checked
 * against. Names are free text and unique; the writers make what their formats allow.
 */
export interface Variable {
  readonly name: string;
  /** Coefficient in the objective. */
  readonly objective: number;
  /** May be −Infinity and Infinity. */
  readonly lower: number;
  readonly upper: number;
  readonly integer: boolean;
}

/** lower ≤ Σ coefficient × variable ≤ upper; at least one side is finite. */
export interface Constraint {
  readonly name: string;
  readonly lower: number;
  readonly upper: number;
  /** Indices into `variables`, each at most once. */
  readonly indices: readonly number[];
  readonly coefficients: readonly number[];
}

export interface LinearProgram {
  readonly name: string;
  readonly sense: 'maximise' | 'minimise';
  /** Added to the objective. */
  readonly offset: number;
  readonly variables: readonly Variable[];
  readonly constraints: readonly Constraint[];
}

/** [variable, coefficient] */
export type Term = readonly [number, number];

/** Collects variables and constraints; terms of one variable in one constraint are added up, zeros left out. */
export class ProgramBuilder {
  readonly #name: string;
  readonly #sense: LinearProgram['sense'];
  readonly #variables: Variable[] = [];
  readonly #constraints: Constraint[] = [];
  offset = 0;

  constructor(name: string, sense: LinearProgram['sense']) {
    this.#name = name;
    this.#sense = sense;
  }

  /** Index of the new variable. Defaults: from 0 upwards, continuous, not in the objective. */
  variable(name: string, { objective = 0, lower = 0, upper = Number.POSITIVE_INFINITY, integer = false }: Partial<Omit<Variable, 'name'>> = {}): number {
    return this.#variables.push({ name, objective, lower, upper, integer }) - 1;
  }

  /** Index of the new constraint. */
  constraint(name: string, terms: readonly Term[], { lower = Number.NEGATIVE_INFINITY, upper = Number.POSITIVE_INFINITY }: { readonly lower?: number; readonly upper?: number }): number {
    const sums = new Map<number, number>();
    for (const [index, coefficient] of terms) sums.set(index, (sums.get(index) ?? 0) + coefficient);
    const kept = [...sums].filter(([, coefficient]) => coefficient !== 0);
    return this.#constraints.push({ name, lower, upper, indices: kept.map(([index]) => index), coefficients: kept.map(([, coefficient]) => coefficient) }) - 1;
  }

  build(): LinearProgram {
    return { name: this.#name, sense: this.#sense, offset: this.offset, variables: this.#variables, constraints: this.#constraints };
  }
}

/** The objective's value at a point. */
export function objectiveAt(program: LinearProgram, values: ArrayLike<number>): number {
  return program.variables.reduce((sum, { objective }, index) => sum + objective * (values[index] ?? 0), program.offset);
}

/** A constraint's left side at a point. */
export function activityAt(constraint: Constraint, values: ArrayLike<number>): number {
  return constraint.indices.reduce((sum, index, at) => sum + (constraint.coefficients[at] ?? 0) * (values[index] ?? 0), 0);
}

/** What a point breaks, and by how much. */
export interface Violation {
  readonly name: string;
  readonly kind: 'constraint' | 'bound' | 'integrality';
  readonly value: number;
  readonly limit: number;
  readonly amount: number;
}

/** Everything that a point breaks by more than `tolerance`, relative to the size of the limit where that is over 1. */
export function violationsAt(program: LinearProgram, values: ArrayLike<number>, tolerance = 1e-6): readonly Violation[] {
  const found: Violation[] = [];
  const check = (name: string, kind: Violation['kind'], value: number, lower: number, upper: number): void => {
    for (const [limit, amount] of [[lower, lower - value], [upper, value - upper]] as const) {
      if (Number.isFinite(limit) && amount > tolerance * Math.max(1, Math.abs(limit))) found.push({ name, kind, value, limit, amount });
    }
  };
  program.variables.forEach(({ name, lower, upper, integer }, index) => {
    const value = values[index] ?? 0;
    check(name, 'bound', value, lower, upper);
    if (integer) check(name, 'integrality', value, Math.round(value), Math.round(value));
  });
  for (const constraint of program.constraints) check(constraint.name, 'constraint', activityAt(constraint, values), constraint.lower, constraint.upper);
  return found;
}

/** The first thing that makes a program unfit for a solver, as a sentence; null: nothing. */
export function faultOf({ variables, constraints, offset }: LinearProgram): string | null {
  const unique = (kind: string, names: readonly string[]): string | null => {
    const seen = new Set<string>();
    for (const name of names) if (seen.size === seen.add(name).size) return `two ${kind}s are named ${JSON.stringify(name)}`;
    return null;
  };
  if (!Number.isFinite(offset)) return `the objective's constant is ${offset}`;
  for (const { name, objective, lower, upper } of variables) {
    if (!Number.isFinite(objective)) return `variable ${name}: its objective is ${objective}`;
    if (Number.isNaN(lower + upper) && !(lower === Number.NEGATIVE_INFINITY && upper === Number.POSITIVE_INFINITY)) return `variable ${name}: its range is ${lower} to ${upper}`;
    if (lower > upper) return `variable ${name}: its range ${lower} to ${upper} is empty`;
  }
  for (const { name, lower, upper, indices, coefficients } of constraints) {
    if (Number.isNaN(lower) || Number.isNaN(upper)) return `constraint ${name}: its range is ${lower} to ${upper}`;
    if (!Number.isFinite(lower) && !Number.isFinite(upper)) return `constraint ${name}: it limits nothing`;
    const wrong = coefficients.findIndex((coefficient, at) => !Number.isFinite(coefficient) || !variables[indices[at] ?? -1]);
    if (wrong >= 0) return `constraint ${name}: its term ${wrong} is ${coefficients[wrong]} of variable ${indices[wrong]}`;
  }
  return unique('variable', variables.map(({ name }) => name)) ?? unique('constraint', constraints.map(({ name }) => name));
}
