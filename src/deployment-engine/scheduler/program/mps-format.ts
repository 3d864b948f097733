import type { Constraint, LinearProgram, Variable } from './linear-program.ts';
import { formatName, formatNumber, OBJECTIVE } from './names.ts';

/** The program in free MPS format with OBJSENSE, as HiGHS, CPLEX and Gurobi read it. */
export function writeMps(program: LinearProgram): string {
  const rows = program.constraints.map(({ name }, index) => formatName(name, index));
  return [
    `NAME ${formatName(program.name, 0)}`,
    'OBJSENSE',
    `    ${program.sense === 'maximise' ? 'MAX' : 'MIN'}`,
    'ROWS',
    ` N ${OBJECTIVE}`,
    ...program.constraints.map((constraint, index) => ` ${kindOf(constraint)} ${rows[index]}`),
    'COLUMNS',
    ...columns(program, rows),
    'RHS',
    // Of the objective, the right side is the constant's opposite.
    ...(program.offset === 0 ? [] : [`    RHS ${OBJECTIVE} ${formatNumber(-program.offset)}`]),
    ...program.constraints.flatMap((constraint, index) => (sideOf(constraint) === 0 ? [] : [`    RHS ${rows[index]} ${formatNumber(sideOf(constraint))}`])),
    'RANGES',
    ...program.constraints.flatMap(({ lower, upper }, index) => (Number.isFinite(upper - lower) && lower !== upper ? [`    RNG ${rows[index]} ${formatNumber(upper - lower)}`] : [])),
    'BOUNDS',
    ...program.variables.flatMap((variable, index) => boundsOf(variable).map(([kind, value]) => ` ${kind} BND ${formatName(variable.name, index)}${value === undefined ? '' : ` ${formatNumber(value)}`}`)),
    'ENDATA',
    '',
  ].join('\n');
}

const kindOf = ({ lower, upper }: Constraint): string => (lower === upper ? 'E' : Number.isFinite(upper) ? 'L' : 'G');
const sideOf = ({ lower, upper }: Constraint): number => (Number.isFinite(upper) ? upper : lower);

function columns({ variables, constraints }: LinearProgram, rows: readonly string[]): string[] {
  const entries: string[][] = variables.map(() => []);
  constraints.forEach(({ indices, coefficients }, row) => indices.forEach((index, at) => entries[index]?.push(`${rows[row]} ${formatNumber(coefficients[at] ?? 0)}`)));
  const lines: string[] = [];
  let integer = false;
  const mark = (wanted: boolean): void => {
    if (wanted !== integer) lines.push(`    MARKER${lines.length} 'MARKER' ${wanted ? "'INTORG'" : "'INTEND'"}`);
    integer = wanted;
  };
  variables.forEach((variable, index) => {
    mark(variable.integer);
    const name = formatName(variable.name, index);
    // A column exists by its entries: one without any has a zero in the objective.
    if (variable.objective !== 0 || !entries[index]?.length) lines.push(`    ${name} ${OBJECTIVE} ${formatNumber(variable.objective)}`);
    for (const entry of entries[index] ?? []) lines.push(`    ${name} ${entry}`);
  });
  mark(false);
  return lines;
}

/** Always said for integers and negative ranges, where readers' defaults differ. */
function boundsOf({ lower, upper, integer }: Variable): (readonly [kind: string, value?: number])[] {
  if (lower === Number.NEGATIVE_INFINITY && upper === Number.POSITIVE_INFINITY) return [['FR']];
  if (lower === upper) return [['FX', lower]];
  const low: readonly [string, number?] = lower === Number.NEGATIVE_INFINITY ? ['MI'] : ['LO', lower];
  if (upper === Number.POSITIVE_INFINITY) return lower === 0 && !integer ? [] : [low, ...(integer ? [['PL'] as const] : [])];
  return lower === 0 && upper > 0 && !integer ? [['UP', upper]] : [low, ['UP', upper]];
}
