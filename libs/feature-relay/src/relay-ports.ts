// What a relay is given: its ports, its settings and whom it tells.
import type { Bus, Clock, EventStore, Feed, Leases, Position } from '@sallyport/engine';

export interface RelayPorts {
  readonly feed: Feed;
  /** Asked whether what the topic ends with is in the store. */
  readonly store: Pick<EventStore, 'read'>;
  readonly bus: Bus;
  readonly leases: Leases;
  readonly clock: Clock;
}

export interface RelaySettings {
  /** Of the lease and of the publisher: of all relays with one name only one publishes. */
  readonly name: string;
  /** This process. */
  readonly holder: string;
  /** `ce_source` of the records: a URI that names the ledger. */
  readonly source: string;
  readonly topics: { readonly events: string; readonly network: string };
  /** 15 s by default: so long after a crash another relay goes on. */
  readonly leaseTtlMs?: number;
  /** Events in one transaction at most; 1,000 by default. */
  readonly batchSize?: number;
  /** The pause after a first failure, and after many; 250 ms and 5 s by default. */
  readonly firstRetryMs?: number;
  readonly lastRetryMs?: number;
}

/** How far the relay is; as `ProjectionProgress`. */
export interface RelayProgress {
  readonly position: Position | null;
  /** Distance to the store's head in positions. */
  readonly lagEvents: number;
  /** Age of the last event published while there are more, in milliseconds. */
  readonly lagMs: number;
}

/** What metrics and logs are told. */
export interface RelayObserver {
  /** `standby`: another relay has the lease; `leading`: this one publishes, once it has taken up. */
  stands?(role: 'standby' | 'leading'): void;
  /** After each transaction, with the time it took. */
  published?(transaction: {
    readonly events: number;
    readonly records: number;
    readonly tookMs: number;
  }): void;
  /** At least once a second while leading. */
  progressed?(progress: RelayProgress): void;
  failed?(error: unknown, retryInMs: number): void;
}
