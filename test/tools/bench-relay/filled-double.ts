// The wire double of EventStoreDB in a process of its own, full of the events of a feed.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventStoreDbConnection, EventStoreDbEventStore } from '@sallyport/adapter-eventstoredb';
import { EventStoreDbFeed } from '@sallyport/adapter-eventstoredb';
import type { EventDraft, RecordedEvent } from '@sallyport/engine';
import { startDouble } from '../eventstore-double/process.js';
import { MadeFeed } from './made-feed.js';
import type { Source } from './measures.js';

const streams = 7;
const perAppend = 100;

/** Resolves when so many events are in it. */
export async function fillDouble(count: number): Promise<Source & { stop(): Promise<void> }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  const double = await startDouble({ dataDir, synchronous: 'OFF' });
  const connection = EventStoreDbConnection.to({ url: double.url, clock: { now: () => Date.now() } });
  const store = new EventStoreDbEventStore(connection);
  const made = new MadeFeed(false);
  made.append(count);
  for (let at = 0; at < count; at += perAppend) {
    const events = (await made.read(String(at), perAppend)).map(draftOf);
    const stream = `bench-${(at / perAppend) % streams}`;
    await store.append({ stream, expected: 'any', events, guards: [] });
  }
  const feed = new EventStoreDbFeed(connection);
  const stop = async (): Promise<void> => {
    feed.close();
    await connection.close();
    await double.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
  return { feed, store, stop };
}

function draftOf(event: RecordedEvent): EventDraft {
  const { id, type, schemaVersion, data, correlationId, causationId, partitionKey, actor } = event;
  return { id, type, schemaVersion, data, correlationId, causationId, partitionKey, actor };
}
