// Reads the last committed record of each partition: from its end, a window that is widened back over what
// was aborted and over the marks that transactions leave.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ReceivedRecord } from '@sallyport/engine';
import type { Consumer, KafkaMessage } from 'kafkajs';
import { makeClient, patientRetry } from './client.js';
import type { KafkaSettings } from './client.js';
import { within } from './within.js';

const firstWindow = 64n;
const widening = 8n;
const attempts = 5;
const pauseMs = 300;
/** Shorter than what the publisher waits, so that a search that hangs is ended, not left behind. */
const searchLimitMs = 35_000;

/** Where a partition begins and ends, and how far back it was read; offsets. */
interface Search {
  readonly partition: number;
  readonly low: bigint;
  /** One after the last. */
  readonly high: bigint;
  window: bigint;
  last: ReceivedRecord | null;
  isDone: boolean;
}

/**
 * The last record of each partition as those see it who read what is committed. Whatever is wrong with the
 * cluster is a rejection, never a record overlooked. `name` is the beginning of the group's name: the client
 * reads by groups only, so each search has one of its own, deleted afterwards.
 */
export async function readLastRecords(
  settings: KafkaSettings,
  name: string,
  topic: string,
): Promise<(ReceivedRecord | null)[]> {
  const client = makeClient(settings, patientRetry);
  const admin = client.admin();
  try {
    await admin.connect();
    const offsets = await admin.fetchTopicOffsets(topic);
    const searches = offsets.map(({ partition, low, high }) => {
      const search = { partition, low: BigInt(low), high: BigInt(high), window: firstWindow, last: null };
      return { ...search, isDone: BigInt(high) <= BigInt(low) };
    });
    for (let left = attempts; searches.some(({ isDone }) => !isDone); left -= 1) {
      const groupId = `${name}-tail-${randomUUID()}`;
      const consumer = client.consumer({ groupId, maxWaitTimeInMs: 100, allowAutoTopicCreation: false });
      await within(searchLimitMs, () => searchBack(consumer, topic, searches))
        .finally(() => consumer.disconnect())
        // A broker that has just started says for a while that it cannot tell who coordinates groups.
        .catch((error: unknown) => (left > 1 ? sleep(pauseMs) : Promise.reject(error)));
      await admin.deleteGroups([groupId]).catch(() => undefined);
    }
    return searches.sort((a, b) => a.partition - b.partition).map(({ last }) => last);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

async function searchBack(consumer: Consumer, topic: string, searches: Search[]): Promise<void> {
  const byPartition = new Map(searches.map((search) => [search.partition, search]));
  const start = (search: Search): void => {
    const from = search.high - search.window;
    const offset = String(from > search.low ? from : search.low);
    consumer.seek({ topic, partition: search.partition, offset });
  };
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    const settle = (search: Search): void => {
      if (search.last === null && search.high - search.window > search.low) {
        search.window *= widening;
        start(search);
        return;
      }
      search.isDone = true;
      if (searches.every(({ isDone }) => isDone)) resolve();
    };
    consumer.on(consumer.events.GROUP_JOIN, () => {
      for (const search of searches) if (!search.isDone) start(search);
    });
    // Told of batches without any record to read too, so that an end that was aborted is seen to be reached.
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      const search = byPartition.get(payload.partition);
      if (search === undefined || search.isDone) return;
      if (BigInt(payload.lastOffset) >= search.high - 1n) settle(search);
    });
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    consumer
      .run({
        autoCommit: false,
        eachBatch: async ({ batch: { partition, messages } }) => {
          const search = byPartition.get(partition);
          if (search === undefined) return;
          const below = messages.findLast(({ offset }) => BigInt(offset) < search.high);
          if (below !== undefined) search.last = receivedOf(topic, partition, below);
        },
      })
      .catch(reject);
  });
}

/** A record as the port has it; header values are texts. */
export function receivedOf(topic: string, partition: number, message: KafkaMessage): ReceivedRecord {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers ?? {})) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? String(value.at(-1)) : value.toString();
  }
  return {
    topic,
    partition,
    offset: message.offset,
    key: message.key?.toString() ?? '',
    headers,
    value: message.value?.toString() ?? null,
  };
}
