import type { Constraint, LinearProgram, Variable } from './linear-program.ts';
import { formatName, formatNumber, LOWER_SIDE, OBJECTIVE, ONE, UPPER_SIDE } from './names.ts';

const LINE_LENGTH_MAX = 120;

/**
 * The program in CPLEX' LP format, as HiGHS, CPLEX and Gurobi read it. A constraint with two different finite sides becomes two
 * rows, since readers differ in how they take a range; a constant in the objective becomes a variable that is 1.
 */
export function writeLp(program: LinearProgram): string {
  const names = program.variables.map(({ name }, index) => formatName(name, index));
  const terms = (entries: readonly (readonly [number, number])[]): string[] => entries.map(([index, coefficient]) => `${coefficient < 0 ? '-' : '+'} ${formatNumber(Math.abs(coefficient))} ${names[index]}`);
  const bounds = program.variables.map((variable, index) => boundsOf(variable, names[index] ?? '')).filter((line) => line !== null);
  const integers = names.filter((_, index) => program.variables[index]?.integer);
  // Every variable stands in the objective, so that each reader knows all of them in the same order.
  const objective = terms(program.variables.map(({ objective: coefficient }, index) => [index, coefficient]));
  if (program.offset !== 0) objective.push(`${program.offset < 0 ? '-' : '+'} ${formatNumber(Math.abs(program.offset))} ${ONE}`);
  return [
    `\\ ${program.name.replace(/[^\x20-\x7e]/g, '?')}`,
    program.sense === 'maximise' ? 'Maximize' : 'Minimize',
    ...wrap(`${OBJECTIVE}:`, objective),
    'Subject To',
    ...program.constraints.flatMap((constraint, index) => rowsOf(constraint, index).flatMap(({ name, end }) => wrap(`${name}:`, [...terms(pairs(constraint, names.length)), end]))),
    'Bounds',
    ...bounds.map((line) => ` ${line}`),
    ...(program.offset === 0 ? [] : [` ${ONE} = 1`]),
    ...(integers.length ? ['Generals', ...wrap('', integers)] : []),
    'End',
    '',
  ].join('\n');
}

/** A row without terms still needs a variable. */
function pairs({ indices, coefficients }: Constraint, variables: number): (readonly [number, number])[] {
  return indices.length === 0 && variables > 0 ? [[0, 0]] : indices.map((index, at) => [index, coefficients[at] ?? 0]);
}

function rowsOf({ name, lower, upper }: Constraint, index: number): { name: string; end: string }[] {
  const safe = formatName(name, index);
  if (lower === upper) return [{ name: safe, end: `= ${formatNumber(lower)}` }];
  const [below, above] = [`>= ${formatNumber(lower)}`, `<= ${formatNumber(upper)}`];
  if (Number.isFinite(lower) && Number.isFinite(upper)) return [{ name: safe + LOWER_SIDE, end: below }, { name: safe + UPPER_SIDE, end: above }];
  return [{ name: safe, end: Number.isFinite(lower) ? below : above }];
}

/** null: 0 to infinity, which is the default. */
function boundsOf({ lower, upper }: Variable, name: string): string | null {
  if (lower === Number.NEGATIVE_INFINITY && upper === Number.POSITIVE_INFINITY) return `${name} free`;
  if (lower === upper) return `${name} = ${formatNumber(lower)}`;
  if (upper === Number.POSITIVE_INFINITY) return lower === 0 ? null : `${name} >= ${formatNumber(lower)}`;
  return `${lower === Number.NEGATIVE_INFINITY ? '-inf' : formatNumber(lower)} <= ${name} <= ${formatNumber(upper)}`;
}

/** Words in lines that every reader takes. */
function wrap(head: string, words: readonly string[]): string[] {
  const lines: string[] = [];
  let line = ` ${head}`;
  for (const word of words) {
    if (line.length + word.length > LINE_LENGTH_MAX) {
      lines.push(line);
      line = ' ';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
