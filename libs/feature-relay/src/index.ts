// From the store to the bus: the relay, and what it makes of events.
export { LeaseKeeper } from './lease-keeper.js';
export { dayTagOf, networkRecords } from './network-record.js';
export { Relay } from './relay.js';
export type { RelayObserver, RelayPorts, RelayProgress, RelaySettings } from './relay-ports.js';
