import { type Clock, type DeploymentSpec, PREDICTION_SOURCE_MAX, type ServiceSpec } from '../core/index.ts';
import type { Database } from '../database/index.ts';

/**
 * The serials that prediction ids carry: one for each version in each service, kept in the database for ever, so that an id
 * says whose answer it was also when version and service are long gone.
 */
export class PredictionSources {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #serials = new Map<string, number>();

  constructor(database: Database, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /** 0 while it is not known. */
  serial(service: string, deployment: DeploymentSpec): number {
    return this.#serials.get(keyOf(service, deployment)) ?? 0;
  }

  /** Gives serials to the versions of a service that have none. Rejects when the database doesn't answer. */
  async learn({ name, deployments }: ServiceSpec): Promise<void> {
    for (const deployment of deployments) {
      const key = keyOf(name, deployment);
      if (!this.#serials.has(key)) this.#serials.set(key, await this.#serialOf(name, deployment));
    }
  }

  async #serialOf(service: string, { repository, version, digest }: DeploymentSpec): Promise<number> {
    const serial = await this.#database.immediate(async (trx) => {
      const known = await trx.selectFrom('prediction_sources').select('serial').where('service', '=', service).where('repository', '=', repository).where('version', '=', version).where('digest', '=', digest).executeTakeFirst();
      if (known) return known.serial;
      const added = await trx.insertInto('prediction_sources').values({ service, repository, version, digest, created_at: new Date(this.#clock.now()).toISOString() }).returning('serial').executeTakeFirstOrThrow();
      return added.serial;
    });
    // There is no room for more in an id; answers go on without feedback.
    return serial <= PREDICTION_SOURCE_MAX ? serial : 0;
  }
}

const keyOf = (service: string, { repository, version, digest }: DeploymentSpec): string => `${service} ${repository} ${version} ${digest}`;
