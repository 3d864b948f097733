import type { Clock } from '../../core/index.ts';
import { conflictingConstraints } from './conflicts.ts';
import { describeSubject } from './describe.ts';
import { dominatedVersions } from './dominance.ts';
import { type Formulation, formulate, replicaTerms } from './formulation.ts';
import { greedyPlan } from './greedy.ts';
import { alikeGroups, singleGroups } from './groups.ts';
import type { SchedulerInput } from './input.ts';
import type { Packing } from './packing.ts';
import { type Assignment, movesOf, type PlanMethod, planObjective, relativeGap, type SchedulePlan, versionPlans } from './plan.ts';
import { checkSchedulerInput } from './check-input.ts';
import { addWhereFree, PACKING_PLANS, packCurrent, packWishes, shareProgram, wishesOf } from './relaxed.ts';
import type { Solution, Solver } from './solver.ts';

export interface ScheduleOptions {
  /** null: greedy. */
  readonly solver: Solver | null;
  readonly clock: Clock;
  /** The plan is there by then, milliseconds; what is left to do then is left out. */
  readonly deadlineMs: number;
  /** Most pairs of version and node for which the whole program is solved. */
  readonly exactPairsMax?: number;
  /** Longest that the whole program may take, milliseconds, also half of the deadline; then the relaxation gets its turn. */
  readonly exactMsMax?: number;
}

/** Packings are tried until one is within this share of the bound. */
const GAP = 0.01;
/** A plan that is better than what runs now by less than this share moves nothing. */
const HYSTERESIS = 0.002;
const EXACT_GAP = 1e-4;
const EXACT_PAIRS_MAX = 60;
const REPAIR_ROUNDS_MAX = 3;
const EXACT_MS_MAX = 500;
const EXACT_SHARE = 0.5;

/** The best plan that can be had in time. Throws INVALID_ARGUMENT for an input that makes no sense; never because of the solver. */
export function schedule(input: SchedulerInput, options: ScheduleOptions): SchedulePlan {
  checkSchedulerInput(input);
  return new Scheduling(input, options).run();
}

interface Outcome {
  readonly method: PlanMethod;
  readonly assignments: readonly Assignment[];
  readonly demand: ReadonlyMap<string, number>;
  readonly bound: number;
  readonly programs: readonly Formulation[];
}

class Scheduling {
  readonly #input: SchedulerInput;
  readonly #options: ScheduleOptions;
  readonly #startedAt: number;
  #conflicts: readonly string[] = [];
  #note = '';

  constructor(input: SchedulerInput, options: ScheduleOptions) {
    this.#input = input;
    this.#options = options;
    this.#startedAt = options.clock.monotonic();
  }

  run(): SchedulePlan {
    const outcome = this.#solved() ?? this.#greedy();
    const { assignments, method, bound, demand, programs } = outcome;
    const objective = planObjective(this.#input, assignments);
    return {
      method,
      objective,
      bound,
      gap: relativeGap(objective, bound),
      assignments,
      versions: versionPlans(this.#input.versions, assignments, ({ id, demand: own }) => demand.get(id) ?? own),
      moves: movesOf(this.#input.versions, assignments),
      conflicts: this.#conflicts,
      note: this.#note,
      solveMs: this.#options.clock.monotonic() - this.#startedAt,
      programs: programs.map(({ program }) => program),
    };
  }

  #remainingMs(): number {
    return this.#options.deadlineMs - (this.#options.clock.monotonic() - this.#startedAt);
  }

  #solved(): Outcome | null {
    const { solver } = this.#options;
    if (!solver) return null;
    try {
      const dominated = new Set(dominatedVersions(this.#input).keys());
      const first = this.#attempt(solver, dominated);
      const freed = first && this.#withoutEnough(first, dominated);
      const least = freed ? new Set([...dominated].filter((id) => !freed.has(id))) : dominated;
      const best = freed ? (this.#attempt(solver, least) ?? first) : first;
      return best && (this.#unmoved(solver, best, least) ?? best);
    } catch (error) {
      this.#note = `${solver.name} failed: ${error instanceof Error ? error.message : String(error)}`;
      return null;
    }
  }

  /** What runs now with new shares of CPU, if that is as good but for a trifle. */
  #unmoved(solver: Solver, best: Outcome, least: ReadonlySet<string>): Outcome | null {
    if (best.method === 'greedy' || movesOf(this.#input.versions, best.assignments).every(({ kind }) => kind === 'stop')) return null;
    const packing = packCurrent(this.#input, best.demand);
    const shares = packing && shareProgram(this.#input, packing, least);
    const solution = shares && solver.solve(shares.program, { timeLimitMs: this.#remainingMs(), relativeGap: 0 });
    if (!shares || solution?.status !== 'optimal') return null;
    const unmoved = { ...best, ...this.#read(shares, solution), programs: [...best.programs, shares] };
    const enough = planObjective(this.#input, best.assignments) * (1 - HYSTERESIS);
    return planObjective(this.#input, unmoved.assignments) >= enough ? unmoved : null;
  }

  /** Dominated versions of services whose demand was not served without them; null: none. */
  #withoutEnough({ assignments, demand }: Outcome, dominated: ReadonlySet<string>): ReadonlySet<string> | null {
    if (dominated.size === 0) return null;
    const served = Map.groupBy(assignments, ({ version }) => version);
    const freed = new Set<string>();
    for (const { ranges, demand: rate } of this.#input.services) {
      const ids = Object.keys(ranges);
      const given = ids.reduce((sum, id) => sum + (demand.get(id) ?? 0), 0);
      const got = ids.reduce((sum, id) => sum + (served.get(id) ?? []).reduce((total, assignment) => total + assignment.served, 0), 0);
      if (got < Math.max(given, rate) * (1 - 1e-6)) for (const id of ids) if (dominated.has(id)) freed.add(id);
    }
    return freed.size > 0 ? freed : null;
  }

  #attempt(solver: Solver, least: ReadonlySet<string>): Outcome | null {
    const { nodes, versions } = this.#input;
    const exact = versions.length * nodes.length <= (this.#options.exactPairsMax ?? EXACT_PAIRS_MAX);
    return (exact ? this.#exact(solver, least) : null) ?? this.#relaxed(solver, least);
  }

  #exact(solver: Solver, least: ReadonlySet<string>): Outcome | null {
    const groups = singleGroups(this.#input.nodes);
    const whole = formulate(this.#input, groups, { whole: true, least });
    const solution = solver.solve(whole.program, { timeLimitMs: Math.min(this.#options.exactMsMax ?? EXACT_MS_MAX, this.#remainingMs() * EXACT_SHARE), relativeGap: EXACT_GAP });
    if (solution.status === 'infeasible') return this.#infeasible(solver, whole);
    if (solution.status !== 'optimal' && solution.status !== 'feasible') return null;
    return { method: 'exact', bound: solution.bound, ...this.#read(whole, solution), programs: [whole] };
  }

  /** The minima that conflict are said; the plan is then what can be done without a promise. */
  #infeasible(solver: Solver, formulation: Formulation): Outcome | null {
    if (this.#conflicts.length === 0) {
      const found = conflictingConstraints(formulation.program, new Set(formulation.subjects.keys()), solver, () => this.#remainingMs());
      this.#conflicts = found.flatMap((index) => formulation.subjects.get(index) ?? []).map((subject) => describeSubject(subject, this.#input));
      if (found.length === 0) this.#conflicts = ['the minima can’t all be kept; there was no time to find out which of them conflict'];
    }
    const greedy = this.#greedy();
    return { ...greedy, programs: [formulation] };
  }

  #relaxed(solver: Solver, least: ReadonlySet<string>): Outcome | null {
    const master = formulate(this.#input, alikeGroups(this.#input.nodes), { whole: false, least });
    const relaxation = solver.solve(master.program, { timeLimitMs: this.#remainingMs(), relativeGap: 0 });
    if (relaxation.status === 'infeasible') return this.#infeasible(solver, master);
    if (relaxation.status !== 'optimal') return this.#late(solver);
    const wishes = wishesOf(master, relaxation.values);
    let best: { readonly outcome: Outcome; readonly objective: number } | null = null;
    for (const plan of PACKING_PLANS) {
      const packing = packWishes(this.#input, wishes, plan);
      for (let round = 0; round < REPAIR_ROUNDS_MAX; round++) {
        const outcome = this.#shared(solver, packing, least, relaxation.objective, master);
        if (!outcome) break;
        const objective = planObjective(this.#input, outcome.assignments);
        if (!best || objective > best.objective) best = { outcome, objective };
        // A round more costs less than another packing, so it is worth half the gap.
        if (relativeGap(best.objective, relaxation.objective) <= GAP / 2) return best.outcome;
        if (addWhereFree(this.#input, packing, unservedOf(outcome)) === 0) break;
      }
      if (best && relativeGap(best.objective, relaxation.objective) <= GAP) return best.outcome;
    }
    return best?.outcome ?? this.#late(solver);
  }

  #shared(solver: Solver, packing: Packing, least: ReadonlySet<string>, bound: number, master: Formulation): Outcome | null {
    const shares = shareProgram(this.#input, packing, least);
    const solution = solver.solve(shares.program, { timeLimitMs: this.#remainingMs(), relativeGap: 0 });
    if (solution.status === 'infeasible') this.#note = 'no packing of whole replicas was found that keeps every minimum';
    if (solution.status !== 'optimal') return null;
    return { method: 'relaxed', bound, ...this.#read(shares, solution), programs: [master, shares] };
  }

  #late(solver: Solver): null {
    this.#note ||= `${solver.name} had no plan within ${this.#options.deadlineMs} ms`;
    return null;
  }

  #greedy(): Outcome {
    return { method: 'greedy', bound: Number.POSITIVE_INFINITY, ...greedyPlan(this.#input), programs: [] };
  }

  #read(formulation: Formulation, { values }: Solution): { assignments: readonly Assignment[]; demand: ReadonlyMap<string, number> } {
    const assignments = formulation.pairs.flatMap((pair): Assignment[] => {
      const replicas = Math.round(replicaTerms(pair).reduce((sum, [index]) => sum + (values[index] ?? 0), 0));
      if (replicas === 0) return [];
      const { id, profile } = pair.version;
      return [{ version: id, node: pair.group.name, replicas, cpus: Math.max(0, values[pair.cpus] ?? 0), memoryBytes: replicas * profile.memoryBytes, served: Math.max(0, values[pair.served] ?? 0) }];
    });
    const demand = new Map(this.#input.versions.map(({ id, demand: own }) => [id, own + (formulation.traffic.has(id) ? (values[formulation.traffic.get(id) ?? 0] ?? 0) : 0)]));
    return { assignments, demand };
  }
}

function unservedOf({ assignments, demand }: Outcome): ReadonlyMap<string, number> {
  const left = new Map(demand);
  for (const { version, served } of assignments) left.set(version, (left.get(version) ?? 0) - served);
  return left;
}
