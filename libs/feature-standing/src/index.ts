// From the bus to the compacted topic of standings: the writer of the partitions that it owns.
export { LedgerLine } from './ledger-line.js';
export type { StandingObserver, StandingPorts, StandingSettings } from './standing-parts.js';
export { StandingWriter } from './standing-writer.js';
