// What a consumer of the bus is given: its work, its ports, its settings and whom it tells.
import type { Bus, ReceivedRecord } from './bus.js';
import type { ConsumerCheckpoints } from './consumer-checkpoints.js';
import type { ConsumerObserver, ConsumerWork } from './consumer-work.js';
import type { Position, RecordedEvent } from './event.js';
import type { Clock } from './ports.js';
import type { ViewStore } from './view-store.js';

export interface ConsumerPorts {
  readonly bus: Bus;
  readonly checkpoints: Pick<ConsumerCheckpoints, 'assign' | 'commit'>;
  /** The store that the checkpoints are in. */
  readonly views: Pick<ViewStore, 'list'>;
  readonly clock: Clock;
  /** The head of the store that the topic tells of; without it no record is taken to be beyond it. */
  readonly head?: () => Promise<Position | null>;
  /**
   * Whether the store holds what the record says; the event is undefined where the record is none. Asked
   * before a key is set aside; without it every record is believed.
   */
  readonly holds?: (record: ReceivedRecord, event: RecordedEvent | undefined) => Promise<boolean>;
}

export interface ConsumerSettings {
  readonly topic: string;
  /** Members of one group share the partitions. */
  readonly group: string;
  readonly deadLetters: string;
  /** Waits before an event that failed is tried again, as often as there are entries; milliseconds. */
  readonly retryDelaysMs?: readonly number[];
  /** With more accounts set aside in this process (100) something general is wrong: nothing is handled. */
  readonly maxParked?: number;
  /** Told when a port failed; what failed is tried again. */
  failed?(error: unknown): void;
}

export interface ConsumerParts {
  readonly work: ConsumerWork;
  readonly ports: ConsumerPorts;
  readonly settings: ConsumerSettings;
  readonly observer: ConsumerObserver;
}
