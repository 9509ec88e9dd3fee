// Makes topics and waits until they can be used, however long the brokers take to tell each other.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, ITopicConfig } from 'kafkajs';

const limitMs = 30_000;
const everyMs = 100;
const notYet: readonly unknown[] = [
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
];

/**
 * Resolves when each partition has a leader that knows it is one. The client's own waiting gives up at once
 * where a broker has not heard of the topic yet. Rejects with the client's error after 30 seconds.
 */
export async function makeTopics(admin: Admin, topics: ITopicConfig[]): Promise<void> {
  await admin.createTopics({ waitForLeaders: false, topics });
  const deadline = performance.now() + limitMs;
  for (;;) {
    try {
      if (await areLed(admin, topics)) return;
      if (performance.now() > deadline) throw new Error('the topics have no leaders');
    } catch (error) {
      const isLate = performance.now() > deadline;
      if (isLate || !notYet.includes((error as { readonly type?: unknown }).type)) throw error;
    }
    await sleep(everyMs);
  }
}

async function areLed(admin: Admin, planned: readonly ITopicConfig[]): Promise<boolean> {
  const { topics } = await admin.fetchTopicMetadata({ topics: planned.map(({ topic }) => topic) });
  const areNamed = topics.every(({ partitions }) => {
    return partitions.length > 0 && partitions.every(({ leader }) => leader >= 0);
  });
  if (!areNamed) return false;
  // Leaders alone answer this.
  for (const { name } of topics) await admin.fetchTopicOffsets(name);
  return true;
}
