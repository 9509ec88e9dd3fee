// Reads a topic as somebody else's program does: the client alone, nothing of ours, what is committed.
import { Kafka, logLevel } from 'kafkajs';

export interface ForeignRecord {
  readonly partition: number;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: string;
}

const quietMs = 1_500;
const limitMs = 60_000;

/** All there is once `count` records have come and nothing more came for a while; rejects when fewer come. */
export async function readCommitted(brokers: string, topic: string, count: number): Promise<ForeignRecord[]> {
  const kafka = new Kafka({ brokers: [brokers], logLevel: logLevel.NOTHING });
  const groupId = `foreign-${Math.random().toString(36).slice(2)}`;
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100, readUncommitted: false });
  const seen: ForeignRecord[] = [];
  let lastAt = performance.now();
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      lastAt = performance.now();
      const headers: Record<string, string> = {};
      for (const [name, value] of Object.entries(message.headers ?? {})) headers[name] = String(value);
      seen.push({ partition, key: String(message.key), headers, value: String(message.value) });
    },
  });
  const deadline = performance.now() + limitMs;
  while (seen.length < count || performance.now() - lastAt < quietMs) {
    if (performance.now() > deadline) break;
    await new Promise((resolve) => {
      setTimeout(resolve, 50);
    });
  }
  await consumer.disconnect();
  if (seen.length < count) throw new Error(`${seen.length} records came, not ${count}`);
  return seen;
}
