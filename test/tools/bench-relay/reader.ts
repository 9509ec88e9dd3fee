// Another group that reads what is committed, in a process of its own: counts what comes, and says of each
// event how old it was and whether it is as it was made. Started by the bench, with brokers and topic.
import { randomUUID } from 'node:crypto';
import { KafkaBus } from '@sallyport/adapter-kafka';
import { recordedEvent } from '@sallyport/engine';
import type { BusBatch } from '@sallyport/engine';
import { rotation } from './made-feed.js';
import type { ReaderReport } from './reader-process.js';

const [brokers = '', topic = ''] = process.argv.slice(2);
const bus = new KafkaBus({ brokers, clientId: 'bench-reader', log: () => undefined });
const stop = new AbortController();
const ages: ReaderReport['ages'][number][] = [];
let outOfPlace = 0;

const tell = (isDone: boolean): void => {
  const report: ReaderReport = { seen: ages.length, isDone, ages: isDone ? ages : [], outOfPlace };
  process.send?.(report);
};
const handler = {
  assigned: async () => null,
  idle: async () => tell(false),
  handle: async ({ records }: BusBatch) => {
    const now = Date.now();
    for (const record of records) {
      const { id, revision, recordedAt, data } = recordedEvent(record);
      ages.push({ revision, ms: now - Date.parse(recordedAt) });
      const sent = rotation(revision, { at: recordedAt, tagged: false });
      if (sent.id !== id || JSON.stringify(sent.data) !== JSON.stringify(data)) outOfPlace += 1;
    }
    tell(false);
  },
};

process.once('message', () => stop.abort());
// Whoever started it has heard it all, or is gone.
process.once('disconnect', () => process.exit());
await bus.consume({ topic, group: `bench-${randomUUID()}`, handler }, stop.signal);
await bus.close();
tell(true);
