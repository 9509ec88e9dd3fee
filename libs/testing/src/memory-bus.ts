// A bus in memory for tests of what stands on the port: same promises, no broker, with faults to switch on.
import { Bus, BusPublisher, EngineError, partitionOf } from '@sallyport/engine';
import type {
  BusPublisherOptions,
  BusReading,
  BusRecord,
  Consumption,
  ReceivedRecord,
} from '@sallyport/engine';
import { MemoryGroup } from './memory-group.js';

/** What a publisher does at a `publish`, where it is not the ordinary thing. */
export type PublishFault =
  /** Commits, and rejects with `outcome_unknown`. */
  | 'answer-lost'
  /** Does not commit, and rejects with `outcome_unknown`. */
  | 'commit-lost'
  /** Rejects with `bus_unavailable`. */
  | 'away';

export interface MemoryBusOptions {
  /** Partitions by topic. */
  readonly topics: Readonly<Record<string, number>>;
  /** Waited for before each step of a publisher, so that others come in between. */
  readonly step?: () => Promise<void>;
  /** Asked at each `publish`. */
  readonly fault?: () => PublishFault | undefined;
}

export class MemoryBus extends Bus {
  /** What is committed, by topic and partition; `readonly` for tests. */
  readonly topics = new Map<string, ReceivedRecord[][]>();
  /** The records of each transaction that was committed. */
  readonly transactions: (readonly BusRecord[])[] = [];
  /** Rejects everything with `bus_unavailable`. */
  unavailable = false;
  private readonly epochs = new Map<string, number>();
  private readonly groups = new Map<string, MemoryGroup>();
  private offset = 0;

  constructor(readonly options: MemoryBusOptions) {
    super();
    for (const [topic, count] of Object.entries(options.topics)) {
      this.topics.set(topic, Array.from({ length: count }, () => []));
    }
  }

  publisher({ name }: BusPublisherOptions): BusPublisher {
    return new MemoryPublisher(this, name);
  }

  async write(records: readonly BusRecord[]): Promise<void> {
    this.checkAvailable();
    this.commit(records);
  }

  async readThrough(
    { topic, partitions }: BusReading,
    take: (records: readonly ReceivedRecord[]) => void,
  ): Promise<void> {
    await this.options.step?.();
    this.checkAvailable();
    const all = this.partitionsOf(topic);
    for (const partition of partitions) take([...(all[partition] ?? [])]);
  }

  async consume(consumption: Consumption, signal: AbortSignal): Promise<void> {
    const name = `${consumption.topic} ${consumption.group}`;
    const group = this.groups.get(name) ?? new MemoryGroup(this.partitionsOf(consumption.topic));
    this.groups.set(name, group);
    await group.follow(consumption, signal);
  }

  async partitions(topic: string): Promise<number> {
    this.checkAvailable();
    return this.partitionsOf(topic).length;
  }

  async close(): Promise<void> {}

  partitionsOf(topic: string): ReceivedRecord[][] {
    const partitions = this.topics.get(topic);
    if (partitions === undefined) throw new Error(`no topic ${topic}`);
    return partitions;
  }

  /** Takes the name over; answers the epoch that may publish from now on. */
  fence(name: string): number {
    const epoch = (this.epochs.get(name) ?? 0) + 1;
    this.epochs.set(name, epoch);
    return epoch;
  }

  publish(records: readonly BusRecord[], by: { readonly name: string; readonly epoch: number }): void {
    this.checkAvailable();
    const fault = this.options.fault?.();
    if (fault === 'away') throw new EngineError('bus_unavailable');
    if (this.epochs.get(by.name) !== by.epoch) throw new EngineError('fenced');
    if (fault !== 'commit-lost') this.commit(records);
    if (fault !== undefined) throw new EngineError('outcome_unknown');
  }

  checkAvailable(): void {
    if (this.unavailable) throw new EngineError('bus_unavailable');
  }

  private commit(records: readonly BusRecord[]): void {
    this.transactions.push(records);
    for (const record of records) {
      const partitions = this.partitionsOf(record.topic);
      const partition = record.partition ?? partitionOf(record.key, partitions.length);
      this.offset += 1;
      (partitions[partition] as ReceivedRecord[]).push({ ...record, partition, offset: String(this.offset) });
    }
    // As a broker's mark of the end of a transaction takes an offset.
    this.offset += 1;
  }
}

class MemoryPublisher extends BusPublisher {
  private epoch = 0;

  constructor(
    private readonly bus: MemoryBus,
    private readonly name: string,
  ) {
    super();
  }

  async open(): Promise<void> {
    await this.bus.options.step?.();
    this.bus.checkAvailable();
    this.epoch = this.bus.fence(this.name);
  }

  async partitions(topic: string): Promise<number> {
    return this.bus.partitionsOf(topic).length;
  }

  async lastRecords(topic: string): Promise<readonly (ReceivedRecord | null)[]> {
    await this.bus.options.step?.();
    this.bus.checkAvailable();
    return this.bus.partitionsOf(topic).map((records) => records.at(-1) ?? null);
  }

  async publish(records: readonly BusRecord[]): Promise<void> {
    await this.bus.options.step?.();
    if (records.length > 0) this.bus.publish(records, { name: this.name, epoch: this.epoch });
    await this.bus.options.step?.();
  }

  async close(): Promise<void> {}
}
