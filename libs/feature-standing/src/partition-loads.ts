// Reads partitions of the topic back; those that are asked for together are read together.
import type { Bus } from '@sallyport/engine';
import { PartitionRows } from './partition-rows.js';

interface Waiting {
  readonly rows: PartitionRows;
  resolve(rows: PartitionRows): void;
  reject(error: unknown): void;
}

export class PartitionLoads {
  private waiting = new Map<number, Waiting>();
  private isReading = false;

  constructor(
    private readonly bus: Bus,
    private readonly topic: string,
    private readonly name: string,
  ) {}

  /** What the partition holds now. Rejects as the bus does, and for records of a newer version. */
  load(partition: number): Promise<PartitionRows> {
    return new Promise((resolve, reject) => {
      this.waiting.set(partition, { rows: new PartitionRows(), resolve, reject });
      void this.readAll();
    });
  }

  private async readAll(): Promise<void> {
    if (this.isReading) return;
    this.isReading = true;
    while (this.waiting.size > 0) {
      const asked = this.waiting;
      this.waiting = new Map();
      await this.read(asked);
    }
    this.isReading = false;
  }

  private async read(asked: ReadonlyMap<number, Waiting>): Promise<void> {
    const { topic, name } = this;
    let unreadable: unknown;
    try {
      await this.bus.readThrough({ topic, name, partitions: [...asked.keys()] }, (records) => {
        try {
          for (const record of records) asked.get(record.partition)?.rows.take(record);
        } catch (error) {
          unreadable ??= error;
        }
      });
      if (unreadable !== undefined) throw unreadable;
      for (const { rows, resolve } of asked.values()) resolve(rows);
    } catch (error) {
      for (const { reject } of asked.values()) reject(error);
    }
  }
}
