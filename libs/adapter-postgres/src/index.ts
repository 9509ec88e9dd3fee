// The distributed profile's stores in PostgreSQL: views, consumers' checkpoints, secrets, leases and limits.
export { PostgresDatabase, type PoolCounts } from './database.js';
export { postgresEnvironment, readPostgresSettings, type PostgresSetting } from './postgres-environment.js';
export { PostgresError, type PostgresErrorCode } from './errors.js';
export type { PostgresAttemptLimits } from './postgres-attempt-limits.js';
export type { PostgresConsumerCheckpoints } from './postgres-consumer-checkpoints.js';
export type { PostgresLeases } from './postgres-leases.js';
export type { PostgresSecretStore } from './postgres-secret-store.js';
export { PostgresStores } from './postgres-stores.js';
export { parsePostgresUrl } from './postgres-url.js';
export type { PostgresSettings, PostgresTls, PostgresUrlResult } from './postgres-url.js';
export type { PostgresViewStore } from './postgres-view-store.js';
