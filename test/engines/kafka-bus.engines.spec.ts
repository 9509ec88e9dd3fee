// The bus on a real Kafka: the port's contract, and what only a broker can show.
import { partitionOf } from '@sallyport/engine';
import { describeBusContract, exampleRecord } from '@sallyport/testing';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import { kafkaUnderTest } from './kafka-under-test.js';
import type { KafkaUnderTest } from './kafka-under-test.js';

describeBusContract('KafkaBus', kafkaUnderTest);

describe('the last record of a partition', () => {
  let kafka: KafkaUnderTest;
  beforeAll(async () => {
    kafka = await kafkaUnderTest();
  }, 120_000);
  afterAll(() => kafka.close());

  it('is the last that was committed, however much was aborted after it', async () => {
    const topic = await kafka.makeTopic(2);
    const name = `${topic}-publisher`;
    const publisher = kafka.bus.publisher({ name, transactionTimeoutMs: 10_000 });
    await publisher.open();
    const kept = exampleRecord(topic, 'a', { partition: 0 });
    await publisher.publish([exampleRecord(topic, 'a', { partition: 0 }), kept]);
    await publisher.close();
    await abortRecords(kafka.brokers, { topic, name, transactions: 5, records: 200 });
    const next = kafka.bus.publisher({ name, transactionTimeoutMs: 10_000 });
    await next.open();
    const [first, second] = await next.lastRecords(topic);
    await next.close();
    expect(first?.value).toBe(kept.value);
    expect(second).toBeNull();
  }, 60_000);

  it('is known only after what the predecessor left open was aborted', async () => {
    const topic = await kafka.makeTopic(1);
    const name = `${topic}-publisher`;
    await abortRecords(kafka.brokers, { topic, name, transactions: 1, records: 10, leaveOpen: true });
    const next = kafka.bus.publisher({ name, transactionTimeoutMs: 10_000 });
    await next.open();
    expect(await next.lastRecords(topic)).toEqual([null]);
    await next.close();
  }, 60_000);
});

interface Aborted {
  readonly topic: string;
  readonly name: string;
  readonly transactions: number;
  readonly records: number;
  readonly leaveOpen?: boolean;
}

async function abortRecords(brokers: string, { topic, name, ...aborted }: Aborted): Promise<void> {
  const producer = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING }).producer({
    transactionalId: name,
    idempotent: true,
    maxInFlightRequests: 1,
    createPartitioner: Partitioners.DefaultPartitioner,
    retry: { initialRetryTime: 5, retries: 100, maxRetryTime: 100 },
  });
  await producer.connect();
  for (let at = 0; at < aborted.transactions; at += 1) {
    const transaction = await producer.transaction();
    const messages = Array.from({ length: aborted.records }, (_, index) => {
      return { key: 'k', value: 'aborted', partition: index % 2 === 0 ? 0 : aborted.leaveOpen ? 0 : 1 };
    });
    await transaction.send({ topic, messages });
    if (aborted.leaveOpen !== true) await transaction.abort();
  }
  await producer.disconnect();
}

describe('the partition of a key', () => {
  it("is the one that Kafka's own clients choose", () => {
    const choose = Partitioners.DefaultPartitioner();
    const partitionMetadata = Array.from({ length: 12 }, (_, partitionId) => {
      return { partitionId, leader: 1, partitionErrorCode: 0, replicas: [], isr: [] };
    });
    for (let at = 0; at < 2_000; at += 1) {
      const key = `${'ключ-äöü-x'.slice(0, at % 11)}${at}`;
      const chosen = choose({ topic: 't', partitionMetadata, message: { key, value: '' } });
      expect(partitionOf(key, 12)).toBe(chosen);
    }
  });
});
