// The bus on a Kafka cluster: publishers, records outside transactions, and members of consumer groups.
import { setTimeout as sleep } from 'node:timers/promises';
import { Bus, partitionOf } from '@sallyport/engine';
import type {
  BusPublisher,
  BusPublisherOptions,
  BusReading,
  BusRecord,
  Consumption,
  ReceivedRecord,
} from '@sallyport/engine';
import { Partitioners } from 'kafkajs';
import type { Producer } from 'kafkajs';
import { makeClient, patientRetry } from './client.js';
import type { KafkaSettings } from './client.js';
import { asBusError } from './errors.js';
import { KafkaMembership } from './kafka-membership.js';
import { KafkaPublisher } from './kafka-publisher.js';
import { readThrough } from './read-through.js';
import { within } from './within.js';

const writeLimitMs = 30_000;
const closeLimitMs = 5_000;
const firstPauseMs = 200;
const lastPauseMs = 5_000;

export class KafkaBus extends Bus {
  private producer: Producer | undefined;
  /** Writes follow one another: after one that failed the producer is made anew. */
  private writing: Promise<unknown> = Promise.resolve();
  private readonly counts = new Map<string, number>();

  constructor(private readonly settings: KafkaSettings) {
    super();
  }

  publisher(options: BusPublisherOptions): BusPublisher {
    return new KafkaPublisher(this.settings, options);
  }

  write(records: readonly BusRecord[]): Promise<void> {
    const written = this.writing.then(() => this.send(records));
    this.writing = written.catch(() => undefined);
    return written;
  }

  async readThrough(
    reading: BusReading,
    take: (records: readonly ReceivedRecord[]) => void,
  ): Promise<void> {
    try {
      await readThrough(this.settings, reading, take);
    } catch (error) {
      throw asBusError(error, 'bus_unavailable');
    }
  }

  async consume(consumption: Consumption, signal: AbortSignal): Promise<void> {
    let pauseMs = firstPauseMs;
    while (!signal.aborted) {
      const membership = new KafkaMembership(this.settings, consumption);
      const startedAt = performance.now();
      try {
        await membership.follow(signal);
      } catch (error) {
        consumption.failed?.(asBusError(error, 'bus_unavailable'));
      }
      const wentWell = performance.now() - startedAt > lastPauseMs * 4;
      pauseMs = wentWell ? firstPauseMs : Math.min(pauseMs * 2, lastPauseMs);
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async partitions(topic: string): Promise<number> {
    try {
      return await this.countOf(topic);
    } catch (error) {
      throw asBusError(error, 'bus_unavailable');
    }
  }

  async close(): Promise<void> {
    await this.writing;
    await this.dispose();
  }

  private async send(records: readonly BusRecord[]): Promise<void> {
    try {
      await within(writeLimitMs, async () => {
        const producer = await this.connected();
        for (const { topic, key, headers, value, ...at } of records) {
          const partition = at.partition ?? partitionOf(key, await this.countOf(topic));
          const message = { key, value, headers: { ...headers }, partition };
          await producer.send({ topic, messages: [message], acks: -1 });
        }
      });
    } catch (error) {
      await this.dispose();
      throw asBusError(error, 'outcome_unknown');
    }
  }

  private async connected(): Promise<Producer> {
    if (this.producer !== undefined) return this.producer;
    const producer = makeClient(this.settings, patientRetry).producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      retry: patientRetry,
    });
    await producer.connect();
    this.producer = producer;
    return producer;
  }

  private async countOf(topic: string): Promise<number> {
    const known = this.counts.get(topic);
    if (known !== undefined) return known;
    const admin = makeClient(this.settings, patientRetry).admin();
    try {
      await admin.connect();
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      const count = topics[0]?.partitions.length ?? 1;
      this.counts.set(topic, count);
      return count;
    } finally {
      await admin.disconnect();
    }
  }

  private async dispose(): Promise<void> {
    const { producer } = this;
    this.producer = undefined;
    if (producer === undefined) return;
    await within(closeLimitMs, () => producer.disconnect()).catch(() => undefined);
  }
}
