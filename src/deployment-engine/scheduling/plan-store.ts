import type { Database, Row } from '../../database/index.ts';
import { fromSchedulerJson, type SchedulerInput, schedulerJson } from '../scheduler/index.ts';
import type { KeptPlan } from './kept-plan.ts';
import type { DecidedPlan } from './solver-thread.ts';

/** What a list says of a kept plan. */
export type PlanSummary = Pick<KeptPlan, 'at' | 'trigger' | 'changes'> & { readonly id: number; readonly method: DecidedPlan['method']; readonly objective: number; readonly solveMs: number; readonly conflicts: number };

const NO_MORE_AT_ONCE = 100;

/** Executed plans with their inputs; the newest `plansMax`. */
export class PlanStore {
  readonly #database: Database;
  readonly #plansMax: number;

  constructor(database: Database, plansMax: number) {
    this.#database = database;
    this.#plansMax = plansMax;
  }

  /** Resolves with its id. */
  async save({ at, trigger, changes, input, plan }: Omit<KeptPlan, 'id'>): Promise<number> {
    const row = { at, trigger, changes: JSON.stringify(changes), method: plan.method, objective: plan.objective, solve_ms: plan.solveMs, conflicts: plan.conflicts.length, input: schedulerJson(input), plan: schedulerJson(plan) };
    const { id } = await this.#database.db.insertInto('plans').values(row).returning('id').executeTakeFirstOrThrow();
    await this.#database.db.deleteFrom('plans').where('id', '<=', Number(id) - this.#plansMax).execute();
    return Number(id);
  }

  /** Newest first; those before `before`. */
  async list({ before, limit }: { readonly before?: number; readonly limit: number }): Promise<readonly PlanSummary[]> {
    const query = this.#database.db.selectFrom('plans').select(['id', 'at', 'trigger', 'changes', 'method', 'objective', 'solve_ms', 'conflicts']).orderBy('id', 'desc').limit(Math.min(limit, NO_MORE_AT_ONCE));
    const rows = await (before === undefined ? query : query.where('id', '<', before)).execute();
    return rows.map(summary);
  }

  /** null: never executed, or not kept any more. */
  async get(id: number): Promise<KeptPlan | null> {
    const row = await this.#database.db.selectFrom('plans').selectAll().where('id', '=', id).executeTakeFirst();
    return row ? kept(row) : null;
  }

  async latest(): Promise<KeptPlan | null> {
    const row = await this.#database.db.selectFrom('plans').selectAll().orderBy('id', 'desc').limit(1).executeTakeFirst();
    return row ? kept(row) : null;
  }
}

function summary({ id, at, trigger, changes, method, objective, solve_ms: solveMs, conflicts }: Omit<Row<'plans'>, 'input' | 'plan'>): PlanSummary {
  return { id: Number(id), at, trigger, changes: JSON.parse(changes) as string[], method: method as DecidedPlan['method'], objective, solveMs, conflicts: Number(conflicts) };
}

function kept(row: Row<'plans'>): KeptPlan {
  return { id: Number(row.id), at: row.at, trigger: row.trigger, changes: JSON.parse(row.changes) as string[], input: fromSchedulerJson(row.input) as SchedulerInput, plan: fromSchedulerJson(row.plan) as DecidedPlan };
}
