// Connections to the database: a bounded pool, time-outs on everything, and errors as the ports name them.
import { EngineError } from '@sallyport/engine';
import { Pool, type ClientBase, type PoolClient, type PoolConfig } from 'pg';
import { failureOf } from './errors.js';
import type { PostgresSettings } from './postgres-url.js';
import { Session, type Queries, type Result } from './session.js';

/** How busy the pool is. */
export interface PoolCounts {
  readonly open: number;
  readonly idle: number;
  readonly waiting: number;
}

/** Above this many waiting for a connection whoever comes is refused at once. */
const maxWaiting = 500;
/** Our own patience beyond the server's: for a server that says nothing at all. */
const patienceMs = 2_000;
const idleMs = 30_000;
const maxLifetimeSeconds = 1_800;

export class PostgresDatabase {
  private readonly pool: Pool;
  private closing: Promise<void> | undefined;

  /** Connects when there is something to do. */
  constructor(settings: PostgresSettings) {
    this.pool = new Pool(poolConfig(settings));
    // An idle connection that ends is replaced when one is needed; a listener keeps the process alive.
    this.pool.on('error', () => undefined);
    this.pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /** One statement that only reads. Rejects with `store_unavailable`, or `store_damaged`. */
  async read<Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    const { rows } = await this.onSession((session) => session.run<Row>(text, values));
    return rows;
  }

  /** One statement that writes, a transaction by itself. Rejects as `transaction` does. */
  write<Row>(text: string, values: readonly unknown[] = []): Promise<Result<Row>> {
    return this.onSession((session) => session.runCounting<Row>(text, values));
  }

  /**
   * Runs the work in one transaction, read committed. It counts when this resolves; it does not when this
   * rejects with `store_unavailable` or with what the work threw; after `outcome_unknown` it may.
   */
  transaction<T>(work: (queries: Queries) => Promise<T>): Promise<T> {
    return this.onSession(async (session) => {
      await session.run('BEGIN ISOLATION LEVEL READ COMMITTED');
      try {
        const result = await work(session);
        await session.commit();
        return result;
      } catch (error) {
        await session.rollBack();
        throw error;
      }
    });
  }

  /** What is wrong with the database, in words for operators, or undefined. Rejects when it is away. */
  async check(): Promise<string | undefined> {
    const [row] = await this.read<{ standby: boolean }>('SELECT pg_is_in_recovery() AS standby');
    return row?.standby === false ? undefined : 'is a standby, which takes no writes';
  }

  counts(): PoolCounts {
    const { totalCount: open, idleCount: idle, waitingCount: waiting } = this.pool;
    return { open, idle, waiting };
  }

  /** Lets statements that run end, and closes all connections. */
  close(): Promise<void> {
    this.closing ??= this.pool.end();
    return this.closing;
  }

  private async onSession<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const session = new Session(await this.connection());
    try {
      return await work(session);
    } finally {
      session.release();
    }
  }

  private async connection(): Promise<PoolClient> {
    if (this.pool.waitingCount >= maxWaiting) throw unavailable('too many wait for a connection');
    try {
      return await this.pool.connect();
    } catch (error) {
      throw failureOf(error, false).error;
    }
  }
}

function poolConfig(settings: PostgresSettings): PoolConfig {
  const { host, port, database, user, password, tls, statementTimeoutMs } = settings;
  const ssl = tls && {
    ca: tls.ca,
    cert: tls.cert,
    key: tls.key,
    rejectUnauthorized: true,
    ...(tls.checksHost ? {} : { checkServerIdentity: () => undefined }),
  };
  return {
    host,
    port,
    database,
    user,
    password,
    ssl: ssl ?? false,
    application_name: settings.applicationName,
    max: settings.poolSize,
    connectionTimeoutMillis: settings.connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    lock_timeout: settings.lockTimeoutMs,
    query_timeout: statementTimeoutMs + patienceMs,
    idle_in_transaction_session_timeout: statementTimeoutMs + patienceMs,
    idleTimeoutMillis: idleMs,
    maxLifetimeSeconds,
    keepAlive: true,
    onConnect: prepareSession,
  };
}

/**
 * A standby answers with what was, so nothing may be asked of one. What is acknowledged must be on disk, also
 * where the server's default is to answer before it is.
 */
async function prepareSession(client: ClientBase): Promise<void> {
  const { rows } = await client.query(
    `SELECT pg_is_in_recovery() AS standby,
       CASE current_setting('synchronous_commit')
         WHEN 'off' THEN set_config('synchronous_commit', 'on', false) END AS durable`,
  );
  if (rows[0]?.standby !== false) throw unavailable('the server is a standby');
}

function unavailable(why: string): EngineError {
  return new EngineError('store_unavailable', {}, { cause: new Error(why) });
}
