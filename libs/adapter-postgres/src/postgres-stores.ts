// All stores of one database, opened together: brings the schema up to date first.
import { PostgresDatabase } from './database.js';
import { migrate } from './migrations.js';
import { PostgresConsumerCheckpoints } from './postgres-consumer-checkpoints.js';
import { PostgresLeases } from './postgres-leases.js';
import { PostgresSecretStore } from './postgres-secret-store.js';
import type { PostgresSettings } from './postgres-url.js';
import { PostgresViewStore } from './postgres-view-store.js';
import { ViewTables } from './view-tables.js';

/** A migration may build an index, and waits while another process migrates. */
const migrating = { poolSize: 1, statementTimeoutMs: 600_000, lockTimeoutMs: 120_000 };

export class PostgresStores {
  readonly views: PostgresViewStore;
  readonly consumers: PostgresConsumerCheckpoints;
  readonly secrets: PostgresSecretStore;
  readonly leases: PostgresLeases;

  private constructor(readonly database: PostgresDatabase) {
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
    return new PostgresStores(new PostgresDatabase(settings));
  }

  /** Lets what runs end, and closes all connections. */
  close(): Promise<void> {
    return this.database.close();
  }
}
