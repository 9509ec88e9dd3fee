// The embedded profile's stores, each on a SQLite file of its own, and the lock on the directory they share.
export { lockDataDirectory, type DirectoryLock } from './data-directory.js';
export { Database, type Connection } from './driver.js';
export { SqliteFileError, type SqliteFileErrorCode } from './errors.js';
export { SqliteLedgerCheck } from './ledger-check.js';
export type { SqliteConsumerCheckpoints } from './sqlite-consumer-checkpoints.js';
export { SqliteEventReader } from './sqlite-event-reader.js';
export { SqliteEventStore, type SqliteEventStoreOptions } from './sqlite-event-store.js';
export { SqliteFeed } from './sqlite-feed.js';
export { SqliteLeases } from './sqlite-leases.js';
export { SqliteSecretStore } from './sqlite-secret-store.js';
export { SqliteViewStore } from './sqlite-view-store.js';
