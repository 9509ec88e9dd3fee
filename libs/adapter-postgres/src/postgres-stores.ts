// All stores of one database, opened together: brings the schema up to date first.
import type { Clock } from '@sallyport/engine';
import { PostgresDatabase } from './database.js';
import { migrate } from './migrations.js';
import { PostgresAttemptLimits } from './postgres-attempt-limits.js';
import { PostgresConsumerCheckpoints } from './postgres-consumer-checkpoints.js';
import { PostgresLeases } from './postgres-leases.js';
import { PostgresSecretStore } from './postgres-secret-store.js';
import type { PostgresSettings } from './postgres-url.js';
import { PostgresViewStore } from './postgres-view-store.js';
import { ViewTables } from './view-tables.js';

/** A migration may build an index, and waits while another process migrates. */
const migrating = { poolSize: 1, statementTimeoutMs: 600_000, lockTimeoutMs: 120_000 };
/** Of the pool's size, at least one: what strangers cause waits for itself, never what sessions need. */
const limitsShare = 0.2;

export class PostgresStores {
  readonly views: PostgresViewStore;
  readonly consumers: PostgresConsumerCheckpoints;
  readonly secrets: PostgresSecretStore;
  readonly leases: PostgresLeases;

  private readonly limitsDatabase: PostgresDatabase;

  private constructor(
    readonly database: PostgresDatabase,
    settings: PostgresSettings,
  ) {
    this.limitsDatabase = new PostgresDatabase({
      ...settings,
      poolSize: Math.ceil(settings.poolSize * limitsShare),
    });
    const tables = new ViewTables(database);
    this.views = new PostgresViewStore(database, tables);
    this.consumers = new PostgresConsumerCheckpoints(database, tables);
    this.secrets = new PostgresSecretStore(database);
    this.leases = new PostgresLeases(database);
  }

  /**
   * Migrates the database and opens its stores. Rejects with `PostgresError`, or with `store_unavailable`:
   * then nothing is open, and it may be tried again.
   */
  static async open(settings: PostgresSettings): Promise<PostgresStores> {
    const migrator = new PostgresDatabase({ ...settings, ...migrating });
    try {
      await migrate(migrator);
    } finally {
      await migrator.close();
    }
    return new PostgresStores(new PostgresDatabase(settings), settings);
  }

  /** Failed attempts, on connections of their own. */
  attemptLimits(clock: Clock): PostgresAttemptLimits {
    return new PostgresAttemptLimits(this.limitsDatabase, clock);
  }

  /** Lets what runs end, and closes all connections. */
  async close(): Promise<void> {
    await Promise.all([this.database.close(), this.limitsDatabase.close()]);
  }
}
