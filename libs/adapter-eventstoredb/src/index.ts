// The distributed profile's event store and feed, on EventStoreDB or KurrentDB.
export { initAccess, storeRoles, userNameOf } from './access.js';
export type { AccessPlan, AccessStep, StoreRole } from './access.js';
export { parseAddress, type StoreAddress } from './address.js';
export { EventStoreDbConnection, type ConnectionOptions } from './connection.js';
export { EventStoreSettingsError, type EventStoreSettingsErrorCode, type Trouble } from './errors.js';
export { EventStoreDbEventStore, type EventStoreDbOptions } from './event-store.js';
export { EventStoreDbFeed } from './feed.js';
export type { TailOptions } from './feed-tail.js';
export type { Health } from './health.js';
export { eventStoreEnvironment, readEventStoreUrl, type EventStoreSetting } from './store-environment.js';
