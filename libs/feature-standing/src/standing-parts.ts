// What the writer of the standing is given: its ports, its settings and whom it tells.
import type { Bus, Clock, ConsumerObserver, Feed } from '@sallyport/engine';

export interface StandingPorts {
  readonly bus: Bus;
  /** The ledger that the bus tells of: asked how far it is, read where the bus is behind. */
  readonly ledger: Pick<Feed, 'read' | 'head'>;
  readonly clock: Clock;
}

export interface StandingSettings {
  readonly topics: { readonly events: string; readonly standing: string; readonly deadLetters: string };
  /** Writers of one group share the partitions. */
  readonly group: string;
  /** The writer of partition p publishes as `<name>-<p>`: of all that do only the latest can. */
  readonly name: string;
  /** How long what can change no verdict stays; 24 hours by default. */
  readonly retentionMs?: number;
  /** Told when a port failed; what failed is tried again. */
  failed?(error: unknown): void;
}

export interface StandingObserver extends ConsumerObserver {
  /** After each transaction. */
  written?(transaction: { readonly records: number; readonly tombstones: number }): void;
  /** As of when the partition is complete, milliseconds; undefined until that is known. */
  stood?(partition: number, asOfMs: number | undefined): void;
  /** The partition is not this process's any more, as far as it knows. */
  left?(partition: number): void;
}
