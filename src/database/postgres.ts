import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import pg from 'pg';
import { LeptonError } from '../core/index.ts';

const POOL_CONNECTIONS_MAX = 8;
const CONNECT_TIMEOUT_MS = 10_000;
/** Longest wait for one statement's answer: a server that is connected and silent must not hold a request for ever. */
const QUERY_TIMEOUT_MS = 30_000;
const TRANSACTION_TRIES_MAX = 12;
const RETRY_AFTER_SECONDS = 5;

/** The advisory lock that one server holds on its database: two arbitrary numbers of ours ("LEPT", 1). */
const LOCK = [0x4c455054, 1] as const;

/** int8 and count(*) come as text from pg; ours are all within 2^53. */
const numericTypes: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => (oid === pg.types.builtins.INT8 || oid === pg.types.builtins.NUMERIC ? Number : pg.types.getTypeParser(oid, format as 'text'))) as pg.CustomTypesConfig['getTypeParser'],
};

function connectionConfig(url: string): pg.ClientConfig {
  return { connectionString: url, types: numericTypes, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, query_timeout: QUERY_TIMEOUT_MS, application_name: `lepton-ai ${hostname()} pid ${process.pid}`.slice(0, 63) };
}

/**
 * A pool whose connections may break (database restarted) without ending the process. What fails because the database
 * is away is DATABASE_UNAVAILABLE; other errors stay Postgres's own.
 */
export function openPostgresPool(url: string): PostgresPool {
  const pool = new pg.Pool({ ...connectionConfig(url), max: POOL_CONNECTIONS_MAX });
  pool.on('error', () => {});
  // A connection that breaks while it is lent out speaks for itself, and its statement fails with the reason.
  pool.on('connect', (client) => client.on('error', () => {}));
  return { connect: async () => watched(await pool.connect().catch(rethrow)), end: () => pool.end() };
}

function watched(client: pg.PoolClient): PostgresPoolClient {
  const query = (text: string, parameters: unknown[]): Promise<unknown> => client.query(text, parameters).catch(rethrow);
  return { query: query as PostgresPoolClient['query'], release: (destroy) => client.release(destroy) };
}

function rethrow(error: unknown): never {
  throw isAway(error) ? unavailable(error) : error;
}

const unavailable = (cause: unknown): LeptonError => new LeptonError('DATABASE_UNAVAILABLE', `the database does not answer: ${(cause as Error).message}`, { cause, retryAfterSeconds: RETRY_AFTER_SECONDS });

/** Of the operating system, towards a server that is not there. */
const AWAY = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN']);
/** Of Postgres: connection exceptions, shutting down, starting up, no connection left. */
const AWAY_STATES = /^(?:08...|57P0[123]|53300)$/;
/** pg's own errors, which have no code. */
const AWAY_MESSAGES = /^(?:Connection terminated|Query read timeout|timeout exceeded when trying to connect|Client has encountered a connection error)/;

function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, message } = error as Error & { code?: unknown };
  return typeof code === 'string' ? AWAY.has(code) || AWAY_STATES.test(code) : AWAY_MESSAGES.test(message);
}

/**
 * Exclusive use of a Postgres database by one server, as a session-level advisory lock on a connection of its own. When
 * that connection breaks, `ensure` takes the lock again or refuses, so that a server that lost it stops writing.
 */
export class PostgresLock {
  readonly #url: string;
  #client: pg.Client | undefined;
  #pending: Promise<void> | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  /** Throws DATA_DIRECTORY_LOCKED with the holder if another server has it, DATABASE_UNAVAILABLE. Cheap while we hold it. */
  async ensure(): Promise<void> {
    if (this.#client) return;
    this.#pending ??= this.#take().finally(() => (this.#pending = undefined));
    await this.#pending;
  }

  async release(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.end();
  }

  async #take(): Promise<void> {
    const client = new pg.Client({ ...connectionConfig(this.#url), keepAlive: true });
    const forget = (): void => {
      if (this.#client === client) this.#client = undefined;
    };
    client.on('error', forget);
    client.on('end', forget);
    try {
      await client.connect();
    } catch (cause) {
      throw unavailable(cause);
    }
    const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1, $2) as taken', [...LOCK]).catch(rethrow);
    if (rows[0]?.taken) {
      this.#client = client;
      return;
    }
    const holder = await describeHolder(client);
    await client.end();
    throw new LeptonError('DATA_DIRECTORY_LOCKED', `another server uses this database: ${holder}; stop it, or give this one another database`);
  }
}

async function describeHolder(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ application_name: string; since: string }>(
    `select a.application_name, to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as since
       from pg_locks l join pg_stat_activity a using (pid)
      where l.locktype = 'advisory' and l.granted and l.classid = $1 and l.objid = $2 and l.database = (select oid from pg_database where datname = current_database())`,
    [...LOCK],
  );
  const [holder] = rows;
  return holder ? `${holder.application_name}, since ${holder.since}` : 'its holder is not known';
}

/**
 * Serialisation failure, deadlock; and unique violation: of two transactions that check and then insert the same key one
 * may get it instead of the first, and sees the other's row when it is run again.
 */
const RETRIED = new Set(['40001', '40P01', '23505']);

/** Runs a transaction again while Postgres asks for it, a bounded number of times, with growing random pauses. */
export async function withRetries<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      const code = (error as { code?: unknown } | null)?.code;
      if (tries >= TRANSACTION_TRIES_MAX || typeof code !== 'string' || !RETRIED.has(code)) throw error;
      await delay(Math.random() * Math.min(2 ** tries, 200));
    }
  }
}
