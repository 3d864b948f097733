import type { Kysely, Transaction } from 'kysely';
import type { Schema } from './schema.ts';

export interface DatabaseOptions {
  /** Absolute; holds `lepton.sqlite` when there is no `url`. Created if need be. */
  readonly dataDirectory: string;
  /** null: the embedded engine; otherwise `postgres://…`. */
  readonly url: string | null;
}

/** The platform's one database, opened and migrated. */
export interface Database {
  /** For reads, and for single statements, which commit by themselves. Inside `immediate` use its `trx` only: the embedded engine has one connection. */
  readonly db: Kysely<Schema>;
  readonly engine: 'sqlite' | 'postgres';
  /**
   * Runs `work` in one write transaction that no other write interleaves with: BEGIN IMMEDIATE on SQLite, SERIALIZABLE
   * with bounded retries on Postgres, so `work` may run more than once and must have no effect but its statements.
   * Commits when it resolves (durable then), rolls back when it rejects.
   */
  immediate<T>(work: (trx: Transaction<Schema>) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
