/** The schema's history. A migration that has shipped never changes; a new one is appended. */
import { type CreateTableBuilder, type Kysely, sql } from 'kysely';
import { LeptonError } from '../core/index.ts';
import type { Schema } from './schema.ts';
import type { Database } from './types.ts';

type Engine = Database['engine'];
interface Migration {
  readonly name: string;
  up(db: Kysely<Schema>, engine: Engine): Promise<void>;
}

/** A key that grows with every row and is never given twice. */
function withSequence<T extends string>(table: CreateTableBuilder<T>, column: string, engine: Engine): CreateTableBuilder<T> {
  if (engine === 'sqlite') return table.addColumn(column, 'integer', (c) => c.primaryKey().autoIncrement()) as CreateTableBuilder<T>;
  return table.addColumn(column, 'bigint', (c) => c.primaryKey().generatedAlwaysAsIdentity()) as CreateTableBuilder<T>;
}

/** Columns of one type; a name that ends in `?` may be null. */
function withColumns<T extends string>(table: CreateTableBuilder<T>, type: 'text' | 'bigint' | 'double precision', names: string): CreateTableBuilder<T> {
  let built = table;
  for (const name of names.split(' ')) {
    const nullable = name.endsWith('?');
    built = built.addColumn(nullable ? name.slice(0, -1) : name, type, (c) => (nullable ? c : c.notNull())) as CreateTableBuilder<T>;
  }
  return built;
}

const text = <T extends string>(table: CreateTableBuilder<T>, names: string): CreateTableBuilder<T> => withColumns(table, 'text', names);
const integer = <T extends string>(table: CreateTableBuilder<T>, names: string): CreateTableBuilder<T> => withColumns(table, 'bigint', names);
const real = <T extends string>(table: CreateTableBuilder<T>, names: string): CreateTableBuilder<T> => withColumns(table, 'double precision', names);

async function createRepositoryTables(db: Kysely<Schema>, engine: Engine): Promise<void> {
  await text(db.schema.createTable('repositories'), 'name description created_at created_by').addPrimaryKeyConstraint('repositories_key', ['name'] as never[]).execute();
  const versions = withSequence(db.schema.createTable('versions'), 'sequence', engine);
  await integer(text(versions, 'repository version digest manifest parent_version? created_at created_by'), 'size_bytes')
    .addUniqueConstraint('versions_name', ['repository', 'version'] as never[])
    .addForeignKeyConstraint('versions_repository', ['repository'] as never[], 'repositories', ['name'])
    .execute();
  await db.schema.createIndex('versions_digest').on('versions').column('digest').execute();
  await integer(text(db.schema.createTable('version_files'), 'repository version path digest'), 'size_bytes')
    .addPrimaryKeyConstraint('version_files_key', ['repository', 'version', 'path'] as never[])
    .addForeignKeyConstraint('version_files_version', ['repository', 'version'] as never[], 'versions', ['repository', 'version'], (f) => f.onDelete('cascade'))
    .execute();
  await db.schema.createIndex('version_files_digest').on('version_files').column('digest').execute();
  for (const [table, key, columns] of [
    ['labels', ['repository', 'label'], 'repository label version moved_at moved_by'],
    ['pins', ['holder', 'repository', 'version'], 'holder repository version'],
  ] as const) {
    await text(db.schema.createTable(table), columns)
      .addPrimaryKeyConstraint(`${table}_key`, [...key] as never[])
      .addForeignKeyConstraint(`${table}_version`, ['repository', 'version'] as never[], 'versions', ['repository', 'version'])
      .execute();
    await db.schema.createIndex(`${table}_by_version`).on(table).columns(['repository', 'version']).execute();
  }
  await text(withSequence(db.schema.createTable('repository_history'), 'id', engine), 'repository at actor action version? label? before? digest?').execute();
  await db.schema.createIndex('repository_history_by_repository').on('repository_history').columns(['repository', 'id']).execute();
}

async function createEngineTables(db: Kysely<Schema>, engine: Engine): Promise<void> {
  await integer(text(db.schema.createTable('services'), 'name created_at updated_at status'), 'revision').addPrimaryKeyConstraint('services_key', ['name'] as never[]).execute();
  await integer(text(db.schema.createTable('service_revisions'), 'service spec created_at created_by reason'), 'revision')
    .addPrimaryKeyConstraint('service_revisions_key', ['service', 'revision'] as never[])
    .execute();
  const replicas = text(db.schema.createTable('replicas'), 'id service version repository digest phase reason message pid_start_time? token socket_path config_path created_at updated_at profile?');
  await integer(replicas, 'pid? attempt').addPrimaryKeyConstraint('replicas_key', ['id'] as never[]).execute();
  await db.schema.createIndex('replicas_by_service').on('replicas').column('service').execute();
  await integer(text(db.schema.createTable('gateways'), 'id pid_start_time? socket_path token config_path config created_at'), 'pid?').addPrimaryKeyConstraint('gateways_key', ['id'] as never[]).execute();
  await integer(text(db.schema.createTable('counters'), 'name'), 'value').addPrimaryKeyConstraint('counters_key', ['name'] as never[]).execute();
  await text(withSequence(db.schema.createTable('events'), 'id', engine), 'at severity reason message actor repository? service? version? replica? before? after?').execute();
  await db.schema.createIndex('events_by_service').on('events').columns(['service', 'id']).execute();
}

/** Lists of one repository among thousands of versions and events. */
async function indexLists(db: Kysely<Schema>): Promise<void> {
  await db.schema.createIndex('versions_by_repository').on('versions').columns(['repository', 'sequence']).execute();
  await db.schema.createIndex('events_by_repository').on('events').columns(['repository', 'id']).execute();
}

/** Feedback, what prediction ids refer to, and the platform's own secrets. */
async function createFeedbackTables(db: Kysely<Schema>, engine: Engine): Promise<void> {
  await text(db.schema.createTable('platform_secrets'), 'name value').addPrimaryKeyConstraint('platform_secrets_key', ['name'] as never[]).execute();
  await text(withSequence(db.schema.createTable('prediction_sources'), 'serial', engine), 'service repository version digest created_at')
    .addUniqueConstraint('prediction_sources_source', ['service', 'repository', 'version', 'digest'] as never[])
    .execute();
  const feedback = text(withSequence(db.schema.createTable('feedback'), 'id', engine), 'prediction_id predicted_at received_at label? comment? metadata? key?');
  await real(integer(feedback, 'source correct?'), 'reward?').addUniqueConstraint('feedback_prediction', ['prediction_id'] as never[]).execute();
  await db.schema.createIndex('feedback_by_source').on('feedback').columns(['source', 'id']).execute();
  const totals = text(db.schema.createTable('feedback_totals'), 'first_at last_at');
  await real(integer(totals, 'source entries rewards labels judged correct'), 'reward_sum reward_squares').addPrimaryKeyConstraint('feedback_totals_key', ['source'] as never[]).execute();
}

async function createProfileTable(db: Kysely<Schema>): Promise<void> {
  await integer(text(db.schema.createTable('version_profiles'), 'digest host_class measured? observed? updated_at'), 'threads')
    .addPrimaryKeyConstraint('version_profiles_key', ['digest', 'host_class', 'threads'] as never[])
    .execute();
}

/** Rules by name as they were given, and what became of each for each version. */
async function createAlertTables(db: Kysely<Schema>): Promise<void> {
  await text(db.schema.createTable('alert_rules'), 'name spec secret? created_at updated_at updated_by').addPrimaryKeyConstraint('alert_rules_key', ['name'] as never[]).execute();
  const states = text(db.schema.createTable('alert_states'), 'rule service version state since');
  await real(integer(states, 'untold'), 'value?').addPrimaryKeyConstraint('alert_states_key', ['rule', 'service', 'version'] as never[]).execute();
}

/** What the scheduler decided. */
async function createPlansTable(db: Kysely<Schema>, engine: Engine): Promise<void> {
  const plans = text(withSequence(db.schema.createTable('plans'), 'id', engine), 'at trigger changes method input plan');
  await real(integer(plans, 'conflicts'), 'objective solve_ms').execute();
}

async function createCaptureTable(db: Kysely<Schema>): Promise<void> {
  await text(db.schema.createTable('capture_rules'), 'service spec updated_at updated_by').addPrimaryKeyConstraint('capture_rules_key', ['service'] as never[]).execute();
}

const MIGRATIONS: readonly Migration[] = [
  { name: 'model repository', up: createRepositoryTables },
  { name: 'deployment engine and events', up: createEngineTables },
  { name: 'indexes for lists', up: indexLists },
  { name: 'feedback', up: createFeedbackTables },
  { name: 'version profiles', up: createProfileTable },
  { name: 'plans of the scheduler', up: createPlansTable },
  { name: 'alerts', up: createAlertTables },
  { name: 'capture', up: createCaptureTable },
];

/** Brings the schema to this program's version in one transaction; closes the database when that fails. UNSUPPORTED for a newer schema. */
export async function migrateOrClose(db: Kysely<Schema>, engine: Engine, close: () => Promise<void>): Promise<void> {
  try {
    await db.transaction().execute((trx) => migrate(trx, engine));
  } catch (error) {
    await close();
    throw error;
  }
}

async function migrate(db: Kysely<Schema>, engine: Engine): Promise<void> {
  await sql`create table if not exists schema_migrations (number bigint primary key, name text not null, applied_at text not null)`.execute(db);
  const { rows } = await sql<{ number: number | null }>`select max(number) as number from schema_migrations`.execute(db);
  const current = rows[0]?.number ?? 0;
  if (current > MIGRATIONS.length) {
    throw new LeptonError('UNSUPPORTED', `the database has schema ${current}, this program knows up to ${MIGRATIONS.length}: it was used by a newer lepton-ai; start that one, or restore a backup from before`);
  }
  for (const [index, migration] of MIGRATIONS.entries()) {
    if (index < current) continue;
    await migration.up(db, engine);
    await sql`insert into schema_migrations (number, name, applied_at) values (${index + 1}, ${migration.name}, ${new Date().toISOString()})`.execute(db);
  }
}

/** Number of the newest schema that this program knows. */
export const SCHEMA_VERSION: number = MIGRATIONS.length;
