import highs, { type Highs, type Model, type ModelData } from 'highs';
import { type LinearProgram, type Solution, type SolutionStatus, type SolveOptions, type Solver, violationsAt } from '../../scheduler/index.ts';

/** Its types say CommonJS, where a module's default is a property; imported, it is the function itself. */
const load = highs as unknown as typeof highs.default;

/** HiGHS as WebAssembly: one thread, no network, about 0.1 s to load. `solve` holds its thread until it is done or out of time. */
export async function loadHighsSolver(): Promise<Solver> {
  return new HighsSolver(await load());
}

class HighsSolver implements Solver {
  readonly name: string;
  readonly #highs: Highs;

  constructor(runtime: Highs) {
    this.#highs = runtime;
    const { major, minor, patch } = runtime.version;
    this.name = `HiGHS ${major}.${minor}.${patch}`;
  }

  solve(program: LinearProgram, { timeLimitMs, relativeGap }: SolveOptions): Solution {
    if (timeLimitMs <= 0) return unsolved(program);
    // HiGHS calls a program without variables empty and says no more.
    if (program.variables.length === 0) return { ...unsolved(program), status: violationsAt(program, []).length ? 'infeasible' : 'optimal', bound: program.offset };
    return this.#highs.withModel(dataOf(program, this.#highs), (model) => {
      model.options.set({ output_flag: false, time_limit: timeLimitMs / 1000, mip_rel_gap: relativeGap, mip_abs_gap: 1e-9 });
      model.run();
      return this.#read(program, model);
    });
  }

  #read(program: LinearProgram, model: Model): Solution {
    const { constants } = this.#highs;
    const hasPoint = Number(model.info.get('primal_solution_status')) === constants.solutionStatus.feasible;
    const status = statusOf(model.getModelStatus(), hasPoint, constants.modelStatus);
    if (status !== 'optimal' && status !== 'feasible') return { ...unsolved(program), status };
    const { colValue } = model.getSolution();
    const integers = program.variables.some(({ integer }) => integer);
    const objective = model.getObjectiveValue();
    return {
      status,
      values: colValue,
      objective,
      bound: integers ? Number(model.info.get('mip_dual_bound')) : status === 'optimal' ? objective : worst(program),
    };
  }
}

const worst = ({ sense }: LinearProgram): number => (sense === 'maximise' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY);
const unsolved = (program: LinearProgram): Solution => ({ status: 'unsolved', values: new Float64Array(program.variables.length), objective: program.offset, bound: worst(program) });

function statusOf(status: number, hasPoint: boolean, codes: Highs['constants']['modelStatus']): SolutionStatus {
  if (status === codes.optimal) return 'optimal';
  if (status === codes.infeasible || status === codes.unboundedOrInfeasible) return 'infeasible';
  if (status === codes.unbounded) return 'unbounded';
  return hasPoint ? 'feasible' : 'unsolved';
}

function dataOf({ sense, offset, variables, constraints, name }: LinearProgram, { constants }: Highs): ModelData {
  const starts = new Int32Array(constraints.length + 1);
  constraints.forEach(({ indices }, row) => (starts[row + 1] = (starts[row] ?? 0) + indices.length));
  return {
    modelName: name,
    numCols: variables.length,
    numRows: constraints.length,
    sense: sense === 'maximise' ? constants.objectiveSense.maximize : constants.objectiveSense.minimize,
    offset,
    colCost: Float64Array.from(variables, ({ objective }) => objective),
    colLower: Float64Array.from(variables, ({ lower }) => lower),
    colUpper: Float64Array.from(variables, ({ upper }) => upper),
    rowLower: Float64Array.from(constraints, ({ lower }) => lower),
    rowUpper: Float64Array.from(constraints, ({ upper }) => upper),
    matrix: { format: 'csr', numRows: constraints.length, numCols: variables.length, starts, indices: Int32Array.from(constraints.flatMap(({ indices }) => indices)), values: Float64Array.from(constraints.flatMap(({ coefficients }) => coefficients)) },
    ...(variables.some(({ integer }) => integer) ? { integrality: Int32Array.from(variables, ({ integer }) => (integer ? constants.variableType.integer : constants.variableType.continuous)) } : {}),
  };
}
