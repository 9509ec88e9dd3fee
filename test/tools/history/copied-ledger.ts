// Writes events that were recorded elsewhere into a ledger's file, at the same positions and times.
import { SqliteEventStore } from '@sallyport/adapter-sqlite';
import type { RecordedEvent } from '@sallyport/engine';

/** What names no event before it stays so. The file is new, and at rest afterwards: no log beside it. */
export async function copyLedger(events: readonly RecordedEvent[], file: string): Promise<void> {
  let nowMs = 0;
  const store = SqliteEventStore.open({ file, clock: { now: () => nowMs }, synchronous: 'OFF' });
  try {
    for (const { stream, revision, recordedAt, ...event } of events) {
      nowMs = Date.parse(recordedAt);
      const expected = revision > 0 && event.previousHash === undefined ? 'any' : revision - 1;
      await store.append({ stream, expected, events: [event], guards: [] });
    }
  } finally {
    await store.close();
  }
}
