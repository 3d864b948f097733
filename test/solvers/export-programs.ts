/**
 * Writes programs as LP and MPS with what HiGHS from npm makes of them, for other solvers: `export-programs.ts DIRECTORY`. Leaves
 * programs.json, a list of {name, status, objective}.
 */
import { seededRandom } from '../../src/core/index.ts';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPaperCase } from '../../src/cli/paper-case.ts';
import { alikeGroups, formulate, fromSchedulerJson, type LinearProgram, madeInput, paperInput, paperProgram, ProgramBuilder, schedule, type SchedulerInput, singleGroups, writeLp, writeMps } from '../../src/deployment-engine/scheduler/index.ts';
import { loadHighsSolver } from '../../src/deployment-engine/solvers/index.ts';

/** Everything that a format can get wrong: names, ranges, bounds of every kind, integers, an offset, both senses. */
function madeProgram(seed: number): LinearProgram {
  const random = seededRandom(seed);
  const builder = new ProgramBuilder(`made ${seed}`, seed % 2 ? 'maximise' : 'minimise');
  const names = ['free', 'e5', 'a b', 'a_b', 'a-b:c', 'ä', 'st', '12', 'x'.repeat(300), `${'x'.repeat(300)}y`];
  const bounds = [[0, 10], [-5, 5], [3, 3], [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY], [Number.NEGATIVE_INFINITY, -2], [-7, Number.POSITIVE_INFINITY], [0, Number.POSITIVE_INFINITY], [0, 1]] as const;
  const variables = names.map((name, index) => {
    const [lower, upper] = bounds[index % bounds.length] ?? [0, 1];
    return builder.variable(name, { objective: Math.round(random() * 20 - 10) / 2, lower, upper, integer: index % 3 === 0 });
  });
  builder.offset = Math.round(random() * 100 - 50);
  // Bounded on all sides, so that there is an optimum.
  variables.forEach((variable, index) => builder.constraint(`limit ${index}`, [[variable, 1 + random()]], { lower: -30, upper: 40 }));
  for (let row = 0; row < 6; row++) builder.constraint(row === 0 ? 'bounds' : `row_${row}`, variables.filter(() => random() < 0.5).map((variable) => [variable, Math.round(random() * 10 - 5) / 4] as const), row % 3 === 0 ? { lower: -20, upper: 25 } : row % 3 === 1 ? { upper: 15 } : { lower: -18 });
  return builder.build();
}

const [directory = '.'] = process.argv.slice(2);
const paper = readPaperCase(join(import.meta.dirname, '../../examples/paper/case.yaml'));
const solver = await loadHighsSolver();
const small = madeInput({ versions: 3, nodes: 1, load: 1.5, seed: 1 });
const medium = madeInput({ versions: 8, nodes: 3, load: 1.2, memory: 1.3, seed: 2 });
const hundred = madeInput({ versions: 100, nodes: 10, load: 1.1, memory: 1.2, seed: 3 });
/** Inputs of plans that a platform executed under load, as `GET /api/v1/plans/{plan}` gave them. */
const executed = fromSchedulerJson(readFileSync(join(import.meta.dirname, 'executed-plans.json'), 'utf8')) as readonly { readonly id: number; readonly input: SchedulerInput }[];
const clock = { now: () => 0, monotonic: () => 0 };
const programs = new Map<string, LinearProgram>([
  ['paper', paperProgram(paper)],
  ['paper-platform', formulate(paperInput(paper), singleGroups(paperInput(paper).nodes), { whole: true }).program],
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((seed) => [`made-${seed}`, madeProgram(seed)] as const),
  ['small-whole', formulate(small, singleGroups(small.nodes), { whole: true }).program],
  ['medium-relaxed', formulate(medium, singleGroups(medium.nodes), { whole: false }).program],
  ['hundred-groups', formulate(hundred, alikeGroups(hundred.nodes), { whole: false }).program],
  ...executed.flatMap(({ id, input }) => schedule(input, { solver, clock, deadlineMs: 60_000 }).programs.map((program, index) => [`executed-${id}-${index}`, program] as const)),
  ...schedule(hundred, { solver, clock, deadlineMs: 60_000 }).programs.map((program, index) => [`hundred-plan-${index}`, program] as const),
]);
const results = [...programs].map(([name, program]) => {
  writeFileSync(join(directory, `${name}.lp`), writeLp(program));
  writeFileSync(join(directory, `${name}.mps`), writeMps(program));
  const { status, objective } = solver.solve(program, { timeLimitMs: 60_000, relativeGap: 0 });
  return { name, status, objective };
});
writeFileSync(join(directory, 'programs.json'), JSON.stringify(results));
