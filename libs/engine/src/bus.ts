// The port to the message bus: a publisher of transactions that one process at a time can hold, and the
// membership of a consumer in a group.

/** A record to publish. Text only: what is on the bus is JSON and headers. */
export interface BusRecord {
  readonly topic: string;
  /** Records of one key are in one partition, in order. */
  readonly key: string;
  /** Where the record goes; absent: where the key's murmur2 hash says. */
  readonly partition?: number;
  readonly headers: { readonly [name: string]: string };
  /** `null`: a tombstone, which removes the key from a compacted topic. */
  readonly value: string | null;
}

/** A record as the bus returns it. */
export interface ReceivedRecord extends BusRecord {
  readonly partition: number;
  /** A decimal integer that grows within the partition, with gaps. */
  readonly offset: string;
}

export interface BusPublisherOptions {
  /** Who publishes: of all publishers opened under one name only the one opened last can publish. */
  readonly name: string;
  /** A transaction open for longer is aborted by the bus; milliseconds. */
  readonly transactionTimeoutMs: number;
}

/** Publishes transactions. One use at a time; after any rejection close it and open another one. */
export abstract class BusPublisher {
  /**
   * Fences every publisher opened under this name before: none of them can publish from now on, and whatever
   * transaction one of them had open has ended, committed or aborted, when this resolves. Rejects with
   * `bus_unavailable`.
   */
  abstract open(): Promise<void>;

  /** The number of the topic's partitions. */
  abstract partitions(topic: string): Promise<number>;

  /**
   * Each partition's last record that was committed, `null` for a partition without any: records of aborted
   * transactions do not count, and none that was committed before `open` resolved is overlooked.
   */
  abstract lastRecords(topic: string): Promise<readonly (ReceivedRecord | null)[]>;

  /**
   * Publishes the records in one transaction: those who read what is committed see all of them or none, in
   * this order within each partition, after all published before. Rejects with `fenced` when a publisher of
   * this name was opened later (nothing was published), with `bus_unavailable` when certainly nothing was
   * published, and with `outcome_unknown` when it may have been.
   */
  abstract publish(records: readonly BusRecord[]): Promise<void>;

  /** Gives the connection up; a transaction still open is left to the next `open` or to its time-out. */
  abstract close(): Promise<void>;
}

/** What is wrong with a bus is told by its errors; a bus that answers makes any number of publishers. */
export abstract class Bus {
  abstract publisher(options: BusPublisherOptions): BusPublisher;

  /**
   * Writes records outside transactions, each at least once, and resolves when all are durable. Rejects with
   * `bus_unavailable` or `outcome_unknown`.
   */
  abstract write(records: readonly BusRecord[]): Promise<void>;

  /**
   * Reads partitions from their oldest record to the end they have, read committed: nothing is left out that
   * was published under a name which has been opened again since. `take` gets the records of each partition
   * in order. Rejects with `bus_unavailable`; then what was taken is not all.
   */
  abstract readThrough(
    reading: BusReading,
    take: (records: readonly ReceivedRecord[]) => void,
  ): Promise<void>;

  /**
   * Follows a topic as a member of a consumer group until the signal aborts; reads only what is committed. A
   * bus that is away is waited for. Rejects only with what `failed` throws.
   */
  abstract consume(consumption: Consumption, signal: AbortSignal): Promise<void>;

  /** The number of the topic's partitions. Rejects with `bus_unavailable`. */
  abstract partitions(topic: string): Promise<number>;

  /** Ends what `write`, `consume` and `partitions` hold open. */
  abstract close(): Promise<void>;
}

export interface BusReading {
  readonly topic: string;
  readonly partitions: readonly number[];
  /** Who reads: the beginning of whatever names that takes on the bus. */
  readonly name: string;
}

export interface Consumption {
  readonly topic: string;
  readonly group: string;
  readonly handler: BatchHandler;
  /** Told when the bus or the handler failed; the member reads on after a wait. */
  failed?(error: unknown): void;
}

/** Records of one partition, in order of offset. */
export interface BusBatch {
  readonly topic: string;
  readonly partition: number;
  readonly records: readonly ReceivedRecord[];
  /** The offset after the last record, and after what was aborted behind it. */
  readonly nextOffset: string;
  /** Offsets the partition holds after this batch. */
  readonly lag: number;
}

/** What a member does with its partitions. The calls of one partition never overlap. */
export interface BatchHandler {
  /**
   * A partition came to this member, or came again: resolves with the offset to read from, `null` for the
   * oldest there is.
   */
  assigned(partition: number): Promise<string | null>;
  /** When it rejects, the partition is assigned again after a wait. `alive` says that the work goes on. */
  handle(batch: BusBatch, alive: () => Promise<void>): Promise<void>;
  /** About once a second for each assigned partition that has nothing new. */
  idle(partition: number): Promise<void>;
}
