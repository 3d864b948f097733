import { LeptonError } from '../../core/index.ts';
import type { Database } from '../../database/index.ts';
import type { AlertRule } from './rule.ts';
import type { AlertState, AlertStatus } from './step.ts';

export interface StoredRule {
  readonly rule: AlertRule;
  readonly secret: string | null;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly updatedBy: string;
}
/** A status whose webhook has not been taken, if `untold`. */
export interface StoredStatus {
  readonly status: AlertStatus;
  readonly untold: boolean;
}

export const RULES_MAX = 500;

/** Rules and what became of them. */
export class AlertTables {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async rules(): Promise<readonly StoredRule[]> {
    const rows = await this.#database.db.selectFrom('alert_rules').selectAll().orderBy('name').execute();
    return rows.map((row) => ({ rule: JSON.parse(row.spec) as AlertRule, secret: row.secret, createdAt: row.created_at, updatedAt: row.updated_at, updatedBy: row.updated_by }));
  }

  /** A rule that is new or another than before; what the old one said goes. */
  async save({ rule, secret, createdAt, updatedAt, updatedBy }: StoredRule): Promise<void> {
    await this.#database.immediate(async (trx) => {
      const { count } = await trx.selectFrom('alert_rules').select((e) => e.fn.countAll().as('count')).where('name', '<>', rule.name).executeTakeFirstOrThrow();
      if (Number(count) >= RULES_MAX) throw new LeptonError('PRECONDITION_FAILED', `there are ${RULES_MAX} alert rules, which is the most; delete one`);
      await trx.deleteFrom('alert_rules').where('name', '=', rule.name).execute();
      await trx.deleteFrom('alert_states').where('rule', '=', rule.name).execute();
      await trx.insertInto('alert_rules').values({ name: rule.name, spec: JSON.stringify(rule), secret, created_at: createdAt, updated_at: updatedAt, updated_by: updatedBy }).execute();
    });
  }

  async remove(name: string): Promise<void> {
    await this.#database.immediate(async (trx) => {
      await trx.deleteFrom('alert_states').where('rule', '=', name).execute();
      await trx.deleteFrom('alert_rules').where('name', '=', name).execute();
    });
  }

  async states(): Promise<readonly StoredStatus[]> {
    const rows = await this.#database.db.selectFrom('alert_states').selectAll().execute();
    return rows.map(({ rule, service, version, state, since, value, untold }) => ({ status: { rule, service, version, state: state as AlertState, sinceMs: Date.parse(since), value }, untold: untold === 1 }));
  }

  /** Writes changed states together. */
  async saveStates(changed: readonly StoredStatus[], gone: readonly AlertStatus[]): Promise<void> {
    if (!changed.length && !gone.length) return;
    await this.#database.immediate(async (trx) => {
      for (const { rule, service, version } of [...gone, ...changed.map(({ status }) => status)]) await trx.deleteFrom('alert_states').where('rule', '=', rule).where('service', '=', service).where('version', '=', version).execute();
      for (const { status, untold } of changed) await trx.insertInto('alert_states').values({ rule: status.rule, service: status.service, version: status.version, state: status.state, since: new Date(status.sinceMs).toISOString(), value: status.value, untold: Number(untold) }).execute();
    });
  }

  /** The webhook has taken the change of this time. */
  async told({ rule, service, version, sinceMs }: AlertStatus): Promise<void> {
    await this.#database.db.updateTable('alert_states').set({ untold: 0 }).where('rule', '=', rule).where('service', '=', service).where('version', '=', version).where('since', '=', new Date(sinceMs).toISOString()).execute();
  }
}
