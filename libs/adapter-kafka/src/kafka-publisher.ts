// A transactional producer of which one exists at a time under its name.
import { BusPublisher, EngineError, partitionOf } from '@sallyport/engine';
import type { BusPublisherOptions, BusRecord, ReceivedRecord } from '@sallyport/engine';
import { Partitioners } from 'kafkajs';
import type { Kafka, Producer, TopicMessages } from 'kafkajs';
import { makeClient, transactionRetry } from './client.js';
import type { KafkaSettings } from './client.js';
import { asBusError } from './errors.js';
import { readLastRecords } from './last-records.js';
import { within } from './within.js';

/** A partition's records of one request are one batch, which the topic has a limit for: 1 MB by default. */
const maxBatchBytes = 640 * 1024;
/** What a broker takes in one request is 100 MB; memory is the limit here. */
const maxRequestBytes = 8 * 1024 * 1024;
const openLimitMs = 45_000;
const publishLimitMs = 30_000;
const closeLimitMs = 5_000;

export class KafkaPublisher extends BusPublisher {
  private readonly client: Kafka;
  private readonly producer: Producer;
  private readonly counts = new Map<string, number>();

  constructor(
    private readonly settings: KafkaSettings,
    private readonly options: BusPublisherOptions,
  ) {
    super();
    this.client = makeClient(settings, transactionRetry);
    this.producer = this.client.producer({
      transactionalId: options.name,
      transactionTimeout: options.transactionTimeoutMs,
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      retry: transactionRetry,
    });
  }

  async open(): Promise<void> {
    await this.answered(openLimitMs, async () => {
      await this.producer.connect();
      // Connecting fences nobody: the id is taken over when the first transaction begins.
      const empty = await this.producer.transaction();
      await empty.abort();
    });
  }

  async partitions(topic: string): Promise<number> {
    const known = this.counts.get(topic);
    if (known !== undefined) return known;
    const admin = this.client.admin();
    const count = await this.answered(openLimitMs, async () => {
      await admin.connect();
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      return topics[0]?.partitions.length ?? 0;
    }).finally(() => admin.disconnect().catch(() => undefined));
    this.counts.set(topic, count);
    return count;
  }

  lastRecords(topic: string): Promise<readonly (ReceivedRecord | null)[]> {
    return this.answered(openLimitMs, () => readLastRecords(this.settings, this.options.name, topic));
  }

  async publish(records: readonly BusRecord[]): Promise<void> {
    if (records.length === 0) return;
    for (const { topic } of records) if (!this.counts.has(topic)) await this.partitions(topic);
    const outcome = { isCommitting: false, gaveUp: false };
    try {
      await within(publishLimitMs, () => this.transact(records, outcome));
    } catch (error) {
      // Until the commit is asked for, nothing of the transaction can ever be seen; what goes on in the
      // background sees that we gave up, and asks no more.
      outcome.gaveUp = true;
      throw asBusError(error, outcome.isCommitting ? 'outcome_unknown' : 'bus_unavailable');
    }
  }

  async close(): Promise<void> {
    await within(closeLimitMs, () => this.producer.disconnect()).catch(() => undefined);
  }

  private async transact(
    records: readonly BusRecord[],
    outcome: { isCommitting: boolean; gaveUp: boolean },
  ): Promise<void> {
    const transaction = await this.producer.transaction();
    for (const topicMessages of this.requests(records)) {
      await transaction.sendBatch({ topicMessages, acks: -1 });
      if (outcome.gaveUp) throw new EngineError('bus_unavailable');
    }
    outcome.isCommitting = true;
    await transaction.commit();
  }

  /** The records as requests that are small enough, in order. */
  private *requests(records: readonly BusRecord[]): Generator<TopicMessages[]> {
    let request = new Request();
    for (const record of records) {
      const { topic, key } = record;
      const partition = record.partition ?? partitionOf(key, this.counts.get(topic) ?? 1);
      if (!request.add(record, partition)) {
        yield request.topicMessages;
        request = new Request();
        request.add(record, partition);
      }
    }
    yield request.topicMessages;
  }

  private async answered<T>(limitMs: number, work: () => Promise<T>): Promise<T> {
    try {
      return await within(limitMs, work);
    } catch (error) {
      throw asBusError(error, 'bus_unavailable');
    }
  }
}

/** Records that go out together: to each partition one batch. */
class Request {
  private readonly topics = new Map<string, TopicMessages['messages']>();
  private readonly batchBytes = new Map<string, number>();
  private bytes = 0;

  get topicMessages(): TopicMessages[] {
    return [...this.topics].map(([topic, messages]) => ({ topic, messages }));
  }

  /** False, and nothing is added, when the record would make the request or its batch too large. */
  add(record: BusRecord, partition: number): boolean {
    const { topic, key, headers, value } = record;
    const size = sizeOf(record);
    const batch = `${topic} ${partition}`;
    const before = this.batchBytes.get(batch) ?? 0;
    const isTooLarge = before + size > maxBatchBytes || this.bytes + size > maxRequestBytes;
    if (this.bytes > 0 && isTooLarge) return false;
    this.batchBytes.set(batch, before + size);
    this.bytes += size;
    const messages = this.topics.get(topic) ?? [];
    messages.push({ key, value, headers, partition });
    this.topics.set(topic, messages);
    return true;
  }
}

/** Bytes on the wire, about: texts here are ASCII but for few. */
function sizeOf({ key, headers, value }: BusRecord): number {
  let size = 64 + key.length + (value?.length ?? 0);
  for (const name in headers) size += name.length + (headers[name]?.length ?? 0) + 4;
  return size;
}
