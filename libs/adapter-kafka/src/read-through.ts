// Reads partitions from their beginning to the end they have, in a group of its own that nobody else joins:
// the client reads by groups only.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError } from '@sallyport/engine';
import type { BusReading, ReceivedRecord } from '@sallyport/engine';
import type { Consumer } from 'kafkajs';
import { makeClient, patientRetry } from './client.js';
import type { KafkaSettings } from './client.js';
import { receivedOf } from './last-records.js';

/** Without a batch for so long the reading has failed: a group's first members may be held back for 3 s. */
const silenceMs = 30_000;
const attempts = 5;
const pauseMs = 300;

type Take = (records: readonly ReceivedRecord[]) => void;

/** As `Bus.readThrough`; what is wrong with the cluster is the client's error. */
export async function readThrough(settings: KafkaSettings, reading: BusReading, take: Take): Promise<void> {
  const client = makeClient(settings, patientRetry);
  const admin = client.admin();
  try {
    await admin.connect();
    const offsets = await admin.fetchTopicOffsets(reading.topic);
    const wanted = new Set(reading.partitions);
    const left = new Map<number, bigint>();
    for (const { partition, low, high } of offsets) {
      if (wanted.delete(partition) && BigInt(high) > BigInt(low)) left.set(partition, BigInt(high));
    }
    if (wanted.size > 0) throw new EngineError('bus_unavailable');
    const others = offsets.map(({ partition }) => partition).filter((partition) => !left.has(partition));
    let hasTaken = false;
    const taken: Take = (records) => {
      hasTaken = true;
      take(records);
    };
    for (let more = attempts; left.size > 0; more -= 1) {
      const groupId = `${reading.name}-read-${randomUUID()}`;
      const consumer = client.consumer({ groupId, maxWaitTimeInMs: 100, allowAutoTopicCreation: false });
      await consumed(consumer, { topic: reading.topic, left, others }, taken)
        .finally(() => consumer.disconnect().catch(() => undefined))
        // A broker that has just started says for a while that it cannot tell who coordinates groups.
        .catch((error: unknown) => (more > 1 && !hasTaken ? sleep(pauseMs) : Promise.reject(error)));
      await admin.deleteGroups([groupId]).catch(() => undefined);
    }
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

interface Rest {
  readonly topic: string;
  /** The ends that are still to be reached, by partition: one after the last offset. */
  readonly left: Map<number, bigint>;
  readonly others: readonly number[];
}

async function consumed(consumer: Consumer, { topic, left, others }: Rest, take: Take): Promise<void> {
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      const alive = (): void => {
        clearTimeout(timer);
        timer = setTimeout(() => reject(new EngineError('bus_unavailable')), silenceMs);
      };
      alive();
      consumer.on(consumer.events.GROUP_JOIN, () => {
        if (others.length > 0) consumer.pause([{ topic, partitions: [...others] }]);
      });
      // Told of batches without any record to read too, so that an end of mere marks is seen to be reached.
      consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { partition, lastOffset } }) => {
        alive();
        const end = left.get(partition);
        if (end !== undefined && BigInt(lastOffset) >= end - 1n) left.delete(partition);
        if (left.size === 0) resolve();
      });
      consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
      const eachBatch = async ({ batch }: { batch: Parameters<typeof ownRecords>[1] }): Promise<void> => {
        const end = left.get(batch.partition);
        if (end !== undefined) take(ownRecords(topic, batch, end));
      };
      consumer.run({ autoCommit: false, eachBatch }).catch(reject);
    });
  } finally {
    clearTimeout(timer);
  }
}

function ownRecords(
  topic: string,
  batch: { readonly partition: number; readonly messages: readonly Parameters<typeof receivedOf>[2][] },
  end: bigint,
): ReceivedRecord[] {
  const below = batch.messages.filter(({ offset }) => BigInt(offset) < end);
  return below.map((message) => receivedOf(topic, batch.partition, message));
}
