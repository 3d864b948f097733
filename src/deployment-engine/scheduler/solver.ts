import type { LinearProgram } from './program/index.ts';

/**
 * `optimal`: proven, to the gap that was asked for. `feasible`: the best that was found when time ran out. `unsolved`: time ran
 * out, or the solver failed, before there was any.
 */
export type SolutionStatus = 'optimal' | 'feasible' | 'infeasible' | 'unbounded' | 'unsolved';

export interface Solution {
  readonly status: SolutionStatus;
  /** By variable; all zero without a solution. */
  readonly values: Float64Array;
  readonly objective: number;
  /** No solution is better than this. */
  readonly bound: number;
}

export interface SolveOptions {
  readonly timeLimitMs: number;
  /** Of programs with integers: stop when within this share of the bound. */
  readonly relativeGap: number;
}

/** Solves programs, synchronously and without state. What it is made of stays behind this. */
export interface Solver {
  readonly name: string;
  solve(program: LinearProgram, options: SolveOptions): Solution;
}
