import type { Condition, DeploymentSpec, LoadProfile, ServiceRevision, ServiceSpec } from '../core/index.ts';
import { type Database, Mutex, type Row } from '../database/index.ts';
import { DEPLOYMENT_DEFAULTS } from './spec/deployment-spec.ts';
import { freeze } from './spec/service-spec.ts';
import type { Replica, ServiceState } from './state.ts';

/** The engine's own part of a service's row. */
interface StoredStatus {
  readonly deleting: boolean;
  readonly serving: { readonly revision: number; readonly complete: boolean } | null;
  readonly observedRevision: number;
  readonly conditions: readonly Condition[];
  /** By shape; absent in rows of earlier releases. */
  readonly profiles?: Readonly<Record<string, LoadProfile>>;
}

export interface Author {
  readonly by: string;
  readonly reason: string;
  readonly at: string;
}

/** The engine's tables. Every method has committed when it resolves. */
export class EngineStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async loadServices(): Promise<ServiceState[]> {
    const rows = await this.#database.db.selectFrom('services').selectAll().execute();
    return Promise.all(rows.map((row) => this.#loadService(row)));
  }

  async #loadService(row: Row<'services'>): Promise<ServiceState> {
    const status = JSON.parse(row.status) as StoredStatus;
    const spec = (await this.revision(row.name, row.revision))?.spec;
    const servingSpec = status.serving ? (await this.revision(row.name, status.serving.revision))?.spec : undefined;
    return {
      ...newServiceState(row.name, row.created_at),
      updatedAt: row.updated_at,
      revision: row.revision,
      spec: spec ?? null,
      desired: status.deleting || !spec ? null : { revision: row.revision, spec },
      serving: status.serving && servingSpec ? { ...status.serving, spec: servingSpec } : null,
      observedRevision: status.observedRevision,
      conditions: status.conditions,
      profiles: new Map(Object.entries(status.profiles ?? {})),
    };
  }

  /** Makes a spec the newest revision of its service. */
  async commitRevision(service: ServiceState, revision: number, spec: ServiceSpec, author: Author): Promise<void> {
    const status = statusJson({ ...service, desired: { revision, spec } });
    const row = { name: service.name, created_at: service.createdAt, updated_at: author.at, revision, status };
    await this.#database.immediate(async (trx) => {
      await trx.insertInto('services').values(row).onConflict((conflict) => conflict.column('name').doUpdateSet({ updated_at: author.at, created_at: row.created_at, revision, status })).execute();
      await trx.insertInto('service_revisions').values({ service: service.name, revision, spec: JSON.stringify(spec), created_at: author.at, created_by: author.by, reason: author.reason }).execute();
    });
  }

  async saveStatus(service: ServiceState): Promise<void> {
    await this.#database.db.updateTable('services').set({ status: statusJson(service), updated_at: service.updatedAt }).where('name', '=', service.name).execute();
  }

  async deleteService(name: string): Promise<void> {
    await this.#database.immediate(async (trx) => {
      await trx.deleteFrom('service_revisions').where('service', '=', name).execute();
      await trx.deleteFrom('services').where('name', '=', name).execute();
    });
  }

  async revision(service: string, revision: number): Promise<ServiceRevision | null> {
    const row = await this.#database.db.selectFrom('service_revisions').selectAll().where('service', '=', service).where('revision', '=', revision).executeTakeFirst();
    return row ? toRevision(row) : null;
  }

  /** Newest first. */
  async revisions(service: string): Promise<ServiceRevision[]> {
    const rows = await this.#database.db.selectFrom('service_revisions').selectAll().where('service', '=', service).orderBy('revision', 'desc').execute();
    return rows.map(toRevision);
  }

  replicaRows(): Promise<Row<'replicas'>[]> {
    return this.#database.db.selectFrom('replicas').selectAll().orderBy('created_at', 'desc').execute();
  }

  async saveReplica(replica: Replica): Promise<void> {
    const row = replicaRow(replica);
    const { id: _id, ...rest } = row;
    await this.#database.db.insertInto('replicas').values(row).onConflict((conflict) => conflict.column('id').doUpdateSet(rest)).execute();
  }

  async deleteReplicas(ids: readonly string[]): Promise<void> {
    if (ids.length) await this.#database.db.deleteFrom('replicas').where('id', 'in', [...ids]).execute();
  }

  gatewayRows(): Promise<Row<'gateways'>[]> {
    return this.#database.db.selectFrom('gateways').selectAll().execute();
  }

  async saveGateway(row: Row<'gateways'>): Promise<void> {
    const { id: _id, ...rest } = row;
    await this.#database.db.insertInto('gateways').values(row).onConflict((conflict) => conflict.column('id').doUpdateSet(rest)).execute();
  }

  async deleteGateway(id: string): Promise<void> {
    await this.#database.db.deleteFrom('gateways').where('id', '=', id).execute();
  }

  /** Takes `count` numbers of a counter for this process; resolves with the first. They are never given again. */
  reserve(counter: string, count: number): Promise<number> {
    return this.#database.immediate(async (trx) => {
      const row = await trx.selectFrom('counters').select('value').where('name', '=', counter).executeTakeFirst();
      const first = (row?.value ?? 0) + 1;
      const value = first + count - 1;
      await trx.insertInto('counters').values({ name: counter, value }).onConflict((conflict) => conflict.column('name').doUpdateSet({ value })).execute();
      return first;
    });
  }
}

/** A service that nothing is known of yet. */
export function newServiceState(name: string, createdAt: string): ServiceState {
  return {
    name, createdAt, updatedAt: createdAt,
    revision: 0, desired: null, spec: null, serving: null, observedRevision: 0, conditions: [],
    failures: new Map(), unreadySince: new Map(), restarts: new Map(), outOfMemory: new Map(), profiles: new Map(), profilesUnsaved: false, residency: new Map(), held: new Map(), shares: null, allocations: new Map(), lock: new Mutex(),
  };
}

function statusJson(service: ServiceState): string {
  const { serving } = service;
  const status: StoredStatus = {
    deleting: service.desired === null,
    serving: serving && { revision: serving.revision, complete: serving.complete },
    observedRevision: service.observedRevision,
    conditions: service.conditions,
    profiles: Object.fromEntries(service.profiles),
  };
  return JSON.stringify(status);
}

function toRevision(row: Row<'service_revisions'>): ServiceRevision {
  const stored = JSON.parse(row.spec) as { name: string; deployments: DeploymentSpec[]; traffic: ServiceSpec['traffic'] };
  // Revisions of the time before a setting was there do not say it.
  const spec = freeze({ ...stored, deployments: stored.deployments.map((deployment) => ({ ...deployment, state: deployment.state ?? 'loaded', resources: { ...DEPLOYMENT_DEFAULTS.resources, ...deployment.resources } })) });
  return { service: row.service, revision: row.revision, spec, createdAt: row.created_at, createdBy: row.created_by, reason: row.reason };
}

function replicaRow(replica: Replica): Row<'replicas'> {
  const record = replica.handle?.record;
  return {
    id: replica.id, service: replica.service, version: replica.version, repository: replica.repository, digest: replica.digest,
    phase: replica.state.phase, reason: replica.state.reason, message: replica.state.message,
    pid: record?.pid ?? null, pid_start_time: record?.pidStartTime ?? null,
    token: record?.token ?? '', socket_path: record?.socketPath ?? '', config_path: record?.configPath ?? '',
    attempt: replica.attempt,
    created_at: new Date(replica.createdAt).toISOString(), updated_at: new Date(replica.since).toISOString(),
    profile: replica.profile && JSON.stringify(replica.profile),
  };
}
